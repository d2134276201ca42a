"""Promise 2: whatever becomes of an answer, each operation is accepted once. And promise 4: the right ticket is read.

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
from tests.faults.stage import Stage, Story

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


def test_a_ship_and_a_refund_of_one_order_are_told_apart(sqlite_stage: Stage) -> None:
    """R14: the refund's answer is lost while the ship's ticket is in the list."""
    story, orders = shipped(sqlite_stage, 1)
    story.sync(wait=20)
    story.fault("drop", operation="refund")
    story.shop.set_status(orders[0], REFUNDED)
    story.sync(wait=120)
    assert story.accepted(orders[0]) == [("ship", f"T-{orders[0]}"), ("refund", "")]
    belief = story.belief(orders[0])
    assert belief
    assert belief.refunded


@pytest.mark.parametrize("kind", ["shuffle", "no-reference", "no-id"])
def test_tickets_that_are_shuffled_or_lack_a_name_are_matched(sqlite_stage: Stage, kind: str) -> None:
    """R14: 101 orders are two batches, one of them fails, and it is this one and no other."""
    story = sqlite_stage.story()
    more = story.shop.add_orders(93, channel="Zalando", first_feed_id=story.feed_id(story.orders[-1]) + 1)
    orders = [*story.orders, *more]
    story.shop.bulk_ship(orders, "T-")
    for number, order in enumerate(orders):
        feed_id, reference = story.feed_id(story.orders[0]) + number, story.shop.order(order).marketplace_reference
        sqlite_stage.sandbox.add_order(feed_id, reference=reference, channel="Zalando", store=story.store_id)
    sqlite_stage.sandbox.fault(
        Fault("refuse", order_id=story.feed_id(story.orders[0]) + 57, path=f"/store/{story.store_id}/", times=None)
    )
    story.fault(kind, times=None)
    counts = story.sync(wait=20)["counts"]
    assert (counts["sent"] >= 101, counts["confirmed"]) == (True, 100)
    facts = story.facts()
    assert {notice["shop_order"] for notice in facts["notices"]} == {orders[57]}
    assert {task["shop_order"] for task in facts["tasks"]} == {orders[57]}


def test_the_same_reference_in_two_stores_is_two_orders(sqlite_stage: Stage) -> None:
    """R14: even the same id: a store reads its own tickets only."""
    (good, orders), (bad, _) = shipped(sqlite_stage, 1), shipped(sqlite_stage, 1)
    bad.fault("cancel-ticket", operation="ship", message="no")
    bad.sync(wait=20)
    good.sync(wait=20)
    assert good.facts()["tasks"] == []
    assert [task["failure"] for task in bad.facts()["tasks"]] == ["ticket-canceled"]
    assert good.accepted(orders[0]) == bad.accepted(orders[0])


# Time-outs are real: a real server, the real command, one second.


@pytest.fixture
def impatient(tmp_path: Path, migrated: Path) -> Iterator[RealWorld]:
    with real_world(tmp_path, migrated, timeout="1", ticket_lag_seconds="0.5", paced="false") as world:
        yield world


def test_an_answer_that_takes_longer_than_the_time_out(impatient: RealWorld) -> None:
    """R13: accepted before the time-out, and never answered."""
    impatient.sandbox.fault(Fault("hang", operation="ship"))
    order = impatient.ship()
    report = impatient.deployment.json("sync", "--wait", "20")["main"]
    assert report["confirmed"] == 1
    assert impatient.accepted(order) == [("ship", f"T-{order}")]


def test_a_request_that_is_accepted_after_we_gave_up(impatient: RealWorld) -> None:
    """R13: the server is slower than the time-out, and carries it out all the same."""
    impatient.sandbox.fault(Fault("slow", operation="ship", seconds=1.4))
    order = impatient.ship()
    report = impatient.deployment.json("sync", "--wait", "20")["main"]
    assert report["confirmed"] == 1
    assert impatient.accepted(order) == [("ship", f"T-{order}")]


def test_reading_tickets_may_time_out_too(impatient: RealWorld) -> None:
    """R13: what is not known stays in flight, and nothing is sent again."""
    impatient.sandbox.fault(Fault("slow", path="/ticket", seconds=3, times=2))
    order = impatient.ship()
    impatient.deployment.run("sync", "--wait", "5", status=None)
    impatient.deployment.run("sync", "--wait", "20")
    assert impatient.accepted(order) == [("ship", f"T-{order}")]
    assert impatient.deployment.json("tasks") == []
