"""Promise 2: whatever becomes of an answer, each operation is accepted once.

The faults strike the POST of a ship; the ledger tells how often it was accepted.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sfsync.testing import CANCELED, DELIVERED, REFUNDED
from shoppingfeed.sandbox import Fault
from tests.faults.deployment import RealWorld, real_world
from tests.faults.stage import Stage, Story
from tests.waiting import until

TIMEOUT, LAG = 30, 15
"""Seconds: SFSYNC_TIMEOUT where nobody sets it, and the stage's SFSYNC_TICKET_LAG_SECONDS."""
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
@pytest.mark.parametrize("late", [0, 10, TIMEOUT + LAG / 2])
def test_a_request_that_was_accepted_is_not_sent_again(
    sqlite_stage: Stage, kind: str, details: dict[str, Any], late: float
) -> None:
    """R13: though no answer told so, and though the ticket list shows it late: after the time-out, within its lag."""
    story, orders = shipped(sqlite_stage)
    story.fault(kind, operation="ship", **details)
    if late:
        story.fault("late", seconds=late, times=None)
    story.sync(wait=120)
    sent_once(story, orders)
    assert story.sends() == 1


def test_a_request_whose_first_orders_were_ignored_is_not_sent_again(stage: Stage) -> None:
    """R12, R13: of the orders that got no ticket the last one has one, and it names the batch of them all."""
    story, orders = shipped(stage, 6)
    for ignored in orders[:4]:
        story.fault("ignore", ignored, times=None, message="not now")
    story.fault("accept-then-drop", operation="ship")
    for _ in range(3):
        story.sync(wait=120)
    assert story.duplicates() == []
    assert [story.accepted(order) for order in orders] == [[]] * 4 + [[("ship", f"T-{order}")] for order in orders[4:]]
    assert {(task["shop_order"], task["failure"]) for task in story.facts()["tasks"]} == {
        (order, "ignored") for order in orders[:4]
    }


def test_a_request_that_was_held_up_is_not_sent_late(hasty_stage: Stage) -> None:
    """R13: marked more than half a lease (here 5 s) ago, it does not leave any more; it is handed back instead."""
    story, [order] = shipped(hasty_stage, 1)
    story.fault("status", operation="ship", status=429, seconds=4)
    assert (story.sync()["counts"]["sent"], story.sends()) == (0, 1)
    [task] = story.facts()["tasks"]
    assert (task["action"], task["attempts"], task["failure"]) == ("SET_ASIDE", 0, "")
    hasty_stage.clock.advance(60)
    story.sync(wait=20)
    sent_once(story, [order])


def test_a_request_that_left_late_is_not_given_up_too_early(sqlite_stage: Stage) -> None:
    """R13: it left a minute after it was marked, as the API asked, and the list shows it late. The first look finds
    nothing, and the time-out and the list's lag have passed since the mark, but not since it may have left."""
    story, orders = shipped(sqlite_stage)
    story.fault("status", operation="ship", status=429, seconds=59)
    story.fault("accept-then-drop", operation="ship")
    story.fault("late", seconds=TIMEOUT + LAG - 1, times=None)
    story.sync()
    sqlite_stage.clock.advance(TIMEOUT)
    story.sync()
    story.sync(wait=120)
    sent_once(story, orders)
    assert story.sends() == 2  # the one that the API put off, and the one that it took


def test_after_ten_requests_without_an_answer_the_merchant_decides(sqlite_stage: Stage) -> None:
    """R13: further and further apart; then the update is parked and told, and nothing is sent any more."""
    story, [order] = shipped(sqlite_stage, 1)
    story.fault("drop", operation="ship", times=None)
    sends = []
    for _ in range(40):
        before = story.sends()
        story.sync()
        sends += [sqlite_stage.clock()] * (story.sends() - before)
        sqlite_stage.clock.advance(900)
    pauses = [later - earlier for earlier, later in pairwise(sends)]
    assert (len(sends), story.accepted(order)) == (10, [])
    assert all(pause >= 30 * 2 ** min(silences, 7) for silences, pause in enumerate(pauses[1:], 1)), pauses
    facts = story.facts()
    assert [(task["failure"], bool(task["failed_at"])) for task in facts["tasks"]] == [("no-answer", True)]
    assert [notice["code"] for notice in facts["notices"]] == ["no-answer"]


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
