"""Promise 4: the right ticket is read, whatever else the ticket list shows, and whatever it leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sfsync.testing import CANCELED, REFUNDED
from shoppingfeed import Client, Ship
from shoppingfeed.sandbox import Fault
from tests.faults.liar import Lie
from tests.faults.stage import TOKEN, Stage, Story


def tickets_of(told: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = told["_embedded"]["ticket"]
    return found


def batch_of(story: Story, order: int) -> str:
    """The batch of the newest operation that was accepted for an order."""
    ledger = story.stage.sandbox.ledger
    return ledger.operations(story.feed_id(order), story.store_id)[-1].batch_id


def failures(story: Story) -> dict[int, str]:
    return {task["shop_order"]: task["failure"] for task in story.facts()["tasks"]}


@contextmanager
def lying(story: Story, asked: str, lie: Lie) -> Iterator[None]:
    """The ticket lists of this store that are asked for like this are not what they should be."""
    pattern = rf"/store/{story.store_id}/ticket\?.*{re.escape(asked)}"
    story.stage.sandbox.lies[pattern] = lie
    yield
    del story.stage.sandbox.lies[pattern]


def all_tickets(story: Story, order: int) -> list[dict[str, Any]]:
    book, now = story.stage.sandbox.market.stores[story.store_id].book, story.stage.clock()
    return [ticket.document(now) for ticket in book.of_order(story.feed_id(order))]


def page_of(tickets: list[dict[str, Any]]) -> dict[str, Any]:
    count = len(tickets)
    return {"page": 1, "pages": 1, "count": count, "total": count, "_embedded": {"ticket": tickets}}


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


@pytest.mark.parametrize("kind", ["", "no-id"])
def test_the_same_reference_on_two_channels_is_two_orders(sqlite_stage: Stage, kind: str) -> None:
    """R14: both in one batch; where the tickets do not name the order's id, the channel tells them apart."""
    story, good, bad = namesakes(sqlite_stage, "Zalando", "Cdiscount")
    if kind:
        story.fault(kind, times=None)
    story.sync(wait=20)
    assert failures(story) == {bad: "ticket-canceled"}
    assert {notice["shop_order"] for notice in story.facts()["notices"]} == {bad}
    assert batch_of(story, good) == batch_of(story, bad)


def test_a_reference_that_two_orders_share_says_nothing(sqlite_stage: Stage) -> None:
    """R14: without ids, and on one channel, neither ticket is anybody's: neither order is confirmed, neither fails."""
    story, good, bad = namesakes(sqlite_stage, "Zalando", "Zalando")
    story.fault("no-id", times=None)
    counts = story.sync(wait=10)["counts"]
    assert (counts["sent"], counts["confirmed"], counts["failed"]) == (2, 0, 0)
    facts = story.facts()
    assert {(task["shop_order"], task["ticket_number"]) for task in facts["tasks"]} == {(good, ""), (bad, "")}
    assert facts["notices"] == []


def test_orders_that_share_a_reference_are_asked_for_one_by_one(sqlite_stage: Stage) -> None:
    """R14, R18: each order's own tickets tell what its batch's, which have no id, do not: nothing is sent again."""
    story, good, bad = namesakes(sqlite_stage, "Zalando", "Zalando")
    story.fault("no-id", times=None)
    story.sync(wait=120)
    assert story.accepted(good) == [("ship", f"T-{good}")]
    assert story.accepted(bad) == [("ship", f"T-{bad}")]
    assert failures(story) == {bad: "ticket-canceled"}


def namesakes(stage: Stage, *channels: str) -> tuple[Story, int, int]:
    """Two orders of one reference that go out together; the second one's ticket is canceled."""
    story = stage.story()
    orders = story.orders[:2]
    listing = story.shop.tables["shoppingfeed_order"]
    for order, channel in zip(orders, channels, strict=True):
        row = listing.update().where(listing.c.id_order == order)
        story.shop.execute(row.values(id_order_marketplace="SAME", name_marketplace=channel))
        stage.sandbox.add_order(story.feed_id(order), reference="SAME", channel=channel, store=story.store_id)
    story.shop.bulk_ship(orders, "T-")
    story.fault("cancel-ticket", orders[1], message="no")
    return story, orders[0], orders[1]


def test_the_same_reference_in_two_stores_is_two_orders(sqlite_stage: Stage) -> None:
    """R14: even the same id: a store reads its own tickets only."""
    good, bad = sqlite_stage.story(), sqlite_stage.story()
    order = good.orders[0]
    for story in (good, bad):
        story.shop.bulk_ship([order], "T-")
    bad.fault("cancel-ticket", operation="ship", message="no")
    bad.sync(wait=20)
    good.sync(wait=20)
    assert (failures(good), failures(bad)) == ({}, {order: "ticket-canceled"})
    assert good.accepted(order) == bad.accepted(order)


def test_a_ship_and_a_refund_of_one_order_are_told_apart(sqlite_stage: Stage) -> None:
    """R14: the refund's answer is lost while the ship's ticket is in the list."""
    story = sqlite_stage.story()
    order = story.orders[0]
    story.shop.bulk_ship([order], "T-")
    story.sync(wait=20)
    story.fault("drop", operation="refund")
    story.shop.set_status(order, REFUNDED)
    story.sync(wait=120)
    assert story.accepted(order) == [("ship", f"T-{order}"), ("refund", "")]
    belief = story.belief(order)
    assert belief
    assert belief.refunded


def test_a_refund_is_not_taken_for_a_ship_that_others_sent(sqlite_stage: Stage) -> None:
    """R13, R14: nothing but its operation tells that ticket from the refund's, which never arrived."""
    story = sqlite_stage.story()
    order = story.orders[0]
    story.fault("drop", operation="refund")
    story.shop.set_status(order, REFUNDED)
    story.sync()
    with Client(TOKEN, base_url=sqlite_stage.server.url) as others:
        others.store(story.store_id).send([Ship(story.feed_id(order))])
    assert [ticket["state"] for ticket in all_tickets(story, order)]
    story.sync(wait=120)
    assert (story.accepted(order), failures(story)) == ([("ship", ""), ("refund", "")], {})
    belief = story.belief(order)
    assert belief
    assert belief.refunded


@pytest.mark.parametrize(("lost", "sends"), [("accept-then-drop", 2), ("drop", 3)])
def test_a_failed_ticket_of_an_earlier_batch_is_not_the_new_ones(sqlite_stage: Stage, lost: str, sends: int) -> None:
    """R14, R16: the try after a failure got no answer; among the order's tickets the old one is not taken for it."""
    story = sqlite_stage.story()
    order = story.orders[0]
    story.shop.bulk_ship([order], "T-")
    story.fault("refuse", operation="ship", message="not now")
    story.fault(lost, operation="ship", after=1)
    for _ in range(3):
        story.sync(wait=120)
    assert (failures(story), story.accepted(order)) == ({}, [("ship", f"T-{order}")] * 2)
    assert ([notice["code"] for notice in story.facts()["notices"]], story.sends()) == (["ticket-failed"], sends)


@pytest.mark.parametrize(("old", "new"), [("refuse", "stuck"), ("", "cancel-ticket"), ("", "stuck")])
def test_a_ticket_of_another_batch_in_the_answer_is_not_believed(sqlite_stage: Stage, old: str, new: str) -> None:
    """R14: asked for one batch, the API tells all of the order's tickets, that of an earlier batch among them."""
    story = sqlite_stage.story()
    order = story.orders[0]
    story.shop.bulk_ship([order], "T-")
    if old:
        story.fault(old, message="the old one")
    story.fault(new, message="the new one", after=1)
    story.sync(wait=10)
    if not old:
        story.shop.set_tracking(order, "T-2")
        story.sync()
    with lying(story, "batchId=", lambda _told: page_of(all_tickets(story, order))):
        for _ in range(3):
            story.sync(wait=5)
            sqlite_stage.clock.advance(300)
        assert len(all_tickets(story, order)) == 2
        [task] = story.facts()["tasks"]
        assert (task["action"] == "CHECK_TICKET_SYNC_STATUS", bool(task["failed_at"])) == (
            new == "stuck",
            new != "stuck",
        )
    told = [notice["code"] for notice in story.facts()["notices"]]
    assert told == (["ticket-failed"] if old else ["ticket-canceled"] if new == "cancel-ticket" else [])
    assert story.duplicates() == []


def test_a_ticket_that_names_an_order_of_another_batch_says_nothing_of_it(sqlite_stage: Stage) -> None:
    """R14: listed under the ship's batch, and failed, it names the order of the cancel's batch. The ship, whose ticket
    is not listed at all, is looked up by its order (R18) and not sent again."""
    story = sqlite_stage.story()
    shipped, cancelled = story.orders[:2]
    story.shop.bulk_ship([shipped], "T-")
    story.shop.set_status(cancelled, CANCELED)
    story.sync()

    def lie(told: Any) -> Any:
        for ticket in tickets_of(told):
            ticket |= {"id": "a-strangers", "state": "failed"}
            ticket["payload"]["id"] = story.feed_id(cancelled)
        return told

    with lying(story, f"batchId={batch_of(story, shipped)}", lie):
        for _ in range(3):
            story.sync(wait=30)
        told = {notice["shop_order"] for notice in story.facts()["notices"]}
        confirmed = {each["shop_order_id"] for each in story.facts()["orders"] if each["confirmed_operation"]}
        assert (cancelled in told, cancelled in confirmed) == (False, True)
    for _ in range(3):
        story.sync(wait=60)
        sqlite_stage.clock.advance(600)
    assert failures(story) == {}
    assert (story.accepted(shipped), story.accepted(cancelled)) == ([("ship", f"T-{shipped}")], [("cancel", "")])
