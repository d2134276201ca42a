"""R13: an order has many tickets in its life, and only the newest send's may answer for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sfsync.testing import World
from shoppingfeed import Request, Response
from shoppingfeed.sandbox import Fault
from tests.database.engine.odd import Twist

NEVER_CAME = Fault("drop", operation="ship")


def run_for(world: World, hours: int) -> None:
    """The crontab goes on."""
    for _ in range(hours * 4):
        world.sync()
        world.advance(minutes=15)


def test_a_ticket_of_two_attempts_ago_does_not_answer_for_the_third(world: World) -> None:
    """R13, R16: refused twice with the same number; the third request never arrived, so it is sent once more."""
    order = world.ship(world.order(), "TRK-1")
    world.sandbox.fault(Fault("refuse", operation="ship", times=2, message="address unknown"))
    while world.story(order).count("failed-ticket-failed") < 2:
        run_for(world, 1)
    world.sandbox.fault(NEVER_CAME)
    run_for(world, 2)
    assert "sent-after-all" not in world.story(order)
    assert world.story(order)[-4:] == ["never-arrived", "stands-there", "sent", "confirmed"]
    assert world.accepted(order) == [("ship", "TRK-1")] * 3
    assert world.tasks(order) == []


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("refused", [False, True])
def test_the_ticket_of_a_try_goes_on_answering_for_it(world: World, refused: bool, before: int) -> None:
    """R13, R18: known and still open, it is lost for good by its batch's own list. The order's list has it: nothing
    never arrived, nothing is sent again, and what it says in the end counts. That of a try `before` says nothing."""
    order = world.ship(world.order(), "TRK-1")
    if before + refused:
        world.sandbox.fault(Fault("refuse", operation="ship", times=before + refused, message="address unknown"))
    for _ in range(before):
        world.sync(wait=5)
        world.advance(hours=1)
    world.sandbox.configure(ticket_seconds=3600)
    forgetful = lists_no_batch(world)
    run_for(world, 2)
    forgetful.judge = None
    sends = [("ship", "TRK-1")] * (before + 1)
    assert (world.accepted(order), "never-arrived" in world.story(order)) == (sends, False)
    world.sync()
    assert (len(world.told(order)), world.story(order).count("failed-ticket-failed")) == (not refused, before + refused)


def lists_no_batch(world: World) -> Twist:
    """Asked for the tickets of a batch, the API knows none."""
    nothing: dict[str, Any] = {"page": 1, "pages": 1, "count": 0, "total": 0, "_embedded": {"ticket": []}}

    def judge(request: Request) -> Response | None:
        return Response(200, {}, json.dumps(nothing).encode()) if "batchId=" in request.url else None

    return Twist(world, judge)


def test_a_number_that_comes_back_is_not_told_again_and_is_shown(world: World) -> None:
    """R11: A, then B, then A again: the marketplace was told A, and keeps B."""
    order = world.ship(world.order(), "6A1")
    run_for(world, 1)
    world.shop.set_tracking(order, "6A2")
    run_for(world, 1)
    assert world.told(order)[-1] == ("ship", "6A2")
    world.shop.set_tracking(order, "6A1")
    run_for(world, 2)
    assert world.accepted(order) == world.told(order) == [("ship", "6A1"), ("ship", "6A2")]
    assert world.told(order)[-1] == ("ship", "6A2")
    assert world.story(order)[-1] == "nothing-told-before"
    assert world.notices(order) == ["told-before"]


def test_a_number_that_goes_away_sends_nothing(world: World) -> None:
    """R11: A told, B told, B emptied in the shop: A is not sent again."""
    order = world.ship(world.order(), "6A1")
    run_for(world, 1)
    world.shop.add_parcel(order, "6A2")
    run_for(world, 1)
    world.shop.set_tracking(order, "")
    run_for(world, 1)
    assert world.accepted(order) == world.told(order) == [("ship", "6A1"), ("ship", "6A2")]
    assert world.tasks(order) == []
