"""Promise 2: whatever becomes of an answer, each operation is accepted once.

The faults strike the POST of a ship; the ledger tells how often it was accepted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sfsync.testing import CANCELED, DELIVERED, REFUNDED
from shoppingfeed.sandbox import Fault
from tests.faults.deployment import RealWorld, real_world
from tests.faults.stage import Stage, Story, until

BEFORE: list[tuple[str, dict[str, Any]]] = [
    ("drop", {}),
    ("status", {"status": 500}),
    ("status", {"status": 503}),
    ("garbage", {}),
    ("garbage", {"body": ""}),
    ("garbage", {"body": '{"id": null}'}),
    ("status", {"status": 302, "body": ""}),
]
AFTER: list[tuple[str, dict[str, Any]]] = [
    ("accept-then-drop", {}),
    ("accept-then-500", {}),
    ("accept-then-garbage", {}),
    ("accept-then-garbage", {"body": "[]"}),
]


def shipped(stage: Stage, orders: int = 3) -> tuple[Story, list[int]]:
    story = stage.story()
    chosen = story.orders[:orders]
    story.shop.bulk_ship(chosen, "T-")
    return story, chosen


def sent_once(story: Story, orders: list[int]) -> None:
    assert {order: story.accepted(order) for order in orders} == {order: [("ship", f"T-{order}")] for order in orders}
    assert story.facts()["tasks"] == []


@pytest.mark.parametrize(("kind", "details"), BEFORE)
def test_a_request_that_was_not_accepted_is_sent_again(sqlite_stage: Stage, kind: str, details: dict[str, Any]) -> None:
    """R13: but only when the ticket list has had its time."""
    story, orders = shipped(sqlite_stage)
    story.fault(kind, operation="ship", **details)
    assert story.sync(wait=20)["counts"]["sent"] == 0
    story.sync(wait=120)
    sent_once(story, orders)
    assert story.sends() == 2


@pytest.mark.parametrize(("kind", "details"), AFTER)
@pytest.mark.parametrize("late", [0, 10])
def test_a_request_that_was_accepted_is_not_sent_again(
    sqlite_stage: Stage, kind: str, details: dict[str, Any], late: float
) -> None:
    """R13: though no answer told so, and though the ticket list shows it late."""
    story, orders = shipped(sqlite_stage)
    story.fault(kind, operation="ship", **details)
    if late:
        story.fault("late", seconds=late, times=None)
    story.sync(wait=120)
    sent_once(story, orders)
    assert story.sends() == 1


def test_answers_that_go_on_failing_never_make_it_two(sqlite_stage: Stage) -> None:
    """R13: accepted and dropped, then not accepted at all, for every operation there is."""
    story = sqlite_stage.story()
    ship, cancel, refund, deliver = story.orders[:4]
    story.shop.bulk_ship([ship, deliver], "T-")
    for order, status in ((cancel, CANCELED), (refund, REFUNDED), (deliver, DELIVERED)):
        story.shop.set_status(order, status)
    for operation in ("ship", "cancel", "refund", "deliver"):
        story.fault("drop", operation=operation, times=2)
        story.fault("accept-then-drop", operation=operation, after=2)
    for _ in range(6):
        story.sync(wait=120)
        sqlite_stage.clock.advance(600)
    assert [story.accepted(order) for order in (ship, cancel, refund, deliver)] == [
        [("ship", f"T-{ship}")],
        [("cancel", "")],
        [("refund", "")],
        [("ship", f"T-{deliver}"), ("deliver", "")],
    ]
    assert story.facts()["tasks"] == []


@pytest.mark.parametrize("purged", ["purge", "late"])
def test_an_accepted_batch_whose_tickets_are_not_there_is_not_sent_twice(sqlite_stage: Stage, purged: str) -> None:
    """R18: late ones are waited for; of purged ones the order itself shows that it was done."""
    story, orders = shipped(sqlite_stage)
    story.fault(purged, seconds=0 if purged == "purge" else 12, times=None)
    for _ in range(4):
        story.sync(wait=60)
        sqlite_stage.clock.advance(120)
    sent_once(story, orders)


# Time-outs are real: a real server, the real command, one second.


@pytest.fixture
def impatient(tmp_path: Path, migrated: Path) -> Iterator[RealWorld]:
    with real_world(tmp_path, migrated, timeout="1", ticket_lag_seconds="0.5", paced="false") as world:
        yield world


def confirmed_once(world: RealWorld, order: int) -> None:
    """However many runs it takes: a slow machine has more time-outs than the one that was asked for."""
    until(lambda: not _rest(world), "every update is confirmed")
    assert world.accepted(order) == [("ship", f"T-{order}")]


def _rest(world: RealWorld) -> Any:
    world.deployment.run("sync", "--wait", "20", status=None)
    return world.deployment.json("tasks")


@pytest.mark.parametrize(
    "fault",
    [
        Fault("slow", operation="ship", seconds=1.4),
        Fault("hang", operation="ship"),
    ],
    ids=["accepted after we gave up", "accepted before"],
)
def test_a_send_that_is_not_answered_within_the_time_out(impatient: RealWorld, fault: Fault) -> None:
    """R13: a time-out after accepting, and before by a server that goes on when we have given up."""
    impatient.sandbox.fault(fault)
    order = impatient.ship()
    confirmed_once(impatient, order)
    assert [standing.struck for standing in impatient.sandbox.faults.all()] == [1]
    assert "got no answer" in impatient.deployment.run("why", str(order)).out


def test_a_send_that_times_out_and_was_never_accepted(impatient: RealWorld) -> None:
    """R13: a time-out before accepting: it is sent again, when the ticket list has had its time."""
    sandbox, order = impatient.sandbox, impatient.ship()
    sandbox.deaf_to = "/order/ship"
    impatient.deployment.run("sync", status=None)
    sandbox.deaf_to = ""
    assert (sandbox.unheard, impatient.accepted(order)) == (1, [])
    confirmed_once(impatient, order)


def test_reading_tickets_may_time_out_too(impatient: RealWorld) -> None:
    """R13: the answer is lost, the list answers late, twice; nothing is sent again while it is not known."""
    impatient.sandbox.fault(Fault("accept-then-drop", operation="ship"))
    impatient.sandbox.fault(Fault("slow", path="/ticket", seconds=1.5, times=2))
    order = impatient.ship()
    confirmed_once(impatient, order)
    assert len(impatient.sandbox.ledger.sends()) == 1
