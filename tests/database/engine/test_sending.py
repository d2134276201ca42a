"""Deciding and sending: R7 to R13b."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sfsync.models import Task
from sfsync.testing import CANCELED, DELIVERED, PROCESSING, REFUNDED, SHIPPED, World
from shoppingfeed.sandbox import Fault

MakeWorld = Callable[..., World]


def set_channel(world: World, order: int, channel: str) -> None:
    listing = world.shop.tables["shoppingfeed_order"]
    world.shop.execute(listing.update().where(listing.c.id_order == order).values(name_marketplace=channel))


def test_a_change_after_the_send_is_followed_in_order(world: World) -> None:
    """R7, R10: the cancel waits for the ship's ticket."""
    world.sandbox.configure(ticket_seconds=60, late_cancel=True)
    order = world.ship(world.order(), "T-1")
    world.sync()
    world.shop.set_status(order, CANCELED)
    assert world.sync().counts.waiting == 1
    assert world.accepted(order) == [("ship", "T-1")]
    world.sync(wait=200)
    assert world.accepted(order) == [("ship", "T-1"), ("cancel", "")]


def test_a_status_that_goes_back_sends_nothing_and_warns_once(world: World) -> None:
    """R8: with what the marketplace believes."""
    order = world.ship(world.order(), "T-2")
    world.shop.set_status(order, DELIVERED)
    world.sync(wait=30)
    for status in (PROCESSING, DELIVERED, PROCESSING):
        world.shop.set_status(order, status)
        world.sync(wait=5)
    assert world.notices(order) == ["went-back"]
    assert len(world.accepted(order)) == 2


def test_an_order_shipped_by_its_number_alone_did_not_go_back(world: World) -> None:
    """R2, R8: its status was never a shipped one, so there is nothing to warn of."""
    order = world.order()
    world.shop.set_tracking(order, "T-3")
    world.sync(wait=5)
    world.shop.set_status(order, PROCESSING)
    world.sync(wait=5)
    assert world.notices(order) == []


def test_a_delivered_status_that_is_not_mapped_did_not_go_back(make_world: MakeWorld) -> None:
    """R8: the shop itself counts it as shipped."""
    world = make_world(statuses={"shipped": [SHIPPED]})
    order = world.ship(world.order(), "T-4")
    world.sync(wait=5)
    world.shop.set_status(order, DELIVERED)
    world.sync(wait=5)
    assert world.notices(order) == []


def test_a_refund_that_the_marketplace_does_not_offer_is_told_once(world: World) -> None:
    """R9: Amazon has none."""
    order = world.order()
    world.shop.set_status(order, REFUNDED)
    world.sync(wait=5)
    world.shop.set_status(order, SHIPPED)
    world.shop.set_status(order, REFUNDED)
    world.sync(wait=5)
    assert world.accepted(order) == []
    assert world.notices(order) == ["unsupported"]


@pytest.mark.parametrize("channel", ["Cdiscount", "zalandolingeriestory", "Veepeegroup", "a brand of its own"])
def test_a_refund_is_sent_where_it_is_offered_and_tried_where_nobody_knows(world: World, channel: str) -> None:
    """R9."""
    order = world.order()
    set_channel(world, order, channel)
    world.shop.set_status(order, REFUNDED)
    world.sync(wait=5)
    assert world.accepted(order) == [("refund", "")]


def test_requests_hold_a_hundred_items_of_one_operation(make_world: MakeWorld) -> None:
    """R12."""
    world = make_world()
    ids = world.shop.add_orders(250)
    world.shop.bulk_ship(ids[:150])
    world.shop.bulk_ship(ids[150:], status=CANCELED)
    world.sync(wait=10)
    batches: dict[str, set[str]] = {}
    sizes: dict[str, int] = {}
    for each in world.sandbox.ledger.accepted:
        batches.setdefault(each.batch_id, set()).add(each.operation)
        sizes[each.batch_id] = sizes.get(each.batch_id, 0) + 1
    assert sorted(sizes.values()) == [50, 100, 100]
    assert all(len(operations) == 1 for operations in batches.values())


def test_an_ignored_order_fails_alone_with_the_apis_message(world: World) -> None:
    """R12."""
    good, bad = world.ship(world.order(), "T-5"), world.ship(world.order(), "T-6")
    world.sandbox.fault(Fault("ignore", order_id=world.feed_id(bad), message="Order is not importable"))
    result = world.sync(wait=5)
    assert (result.counts.confirmed, result.counts.failed) == (1, 1)
    assert world.belief(good).status == "shipped"
    [task] = world.tasks(bad)
    assert (task.failure, task.last_error, task.parked) == ("ignored", "Order is not importable", True)


@pytest.mark.parametrize("kind", ["accept-then-drop", "accept-then-500", "accept-then-garbage"])
def test_an_answer_that_never_came_is_looked_up_not_sent_again(world: World, kind: str) -> None:
    """R13."""
    orders = [world.ship(world.order(), f"T-{number}") for number in range(3)]
    world.sandbox.fault(Fault(kind, operation="ship"))
    result = world.sync(wait=60)
    assert result.counts.confirmed == 3
    assert all(len(world.accepted(order)) == 1 for order in orders)


def test_a_request_that_never_arrived_is_sent_again_once_the_list_is_sure(world: World) -> None:
    """R13: the ticket list may be late, so it is asked until the lag is over."""
    order = world.ship(world.order(), "T-7")
    world.sandbox.fault(Fault("drop", operation="ship"))
    world.sync()
    [task] = world.tasks(order)
    assert (task.action, task.batch_id) == ("CHECK_TICKET_SYNC_STATUS", "")
    world.sync(wait=60)
    assert world.accepted(order) == [("ship", "T-7")]
    assert "never-arrived" in world.story(order)


def test_a_ticket_list_that_is_late_does_not_double_the_send(world: World) -> None:
    """R13."""
    order = world.ship(world.order(), "T-8")
    world.sandbox.fault(Fault("late", seconds=8, times=None))
    world.sandbox.fault(Fault("accept-then-drop", operation="ship"))
    world.sync(wait=60)
    assert world.accepted(order) == [("ship", "T-8")]


def test_an_order_shipped_by_its_marketplace_is_never_shipped_by_us(world: World) -> None:
    """R13b: `fulfilledBy: channel`."""
    order = world.ship(world.order(), "T-9")
    world.sandbox.add_order(
        world.feed_id(order), channel="amazonfr", fulfilled_by="channel", created_at=world.now().isoformat()
    )
    world.sync(wait=5)
    assert world.accepted(order) == []
    assert "nothing-fulfilled-by-channel" in world.story(order)


def test_delivered_needs_its_ships_tracking_number(world: World) -> None:
    """R13a, R4."""
    order = world.order()
    world.shop.set_status(order, DELIVERED)
    world.sync(wait=5)
    assert world.accepted(order) == []
    world.shop.set_tracking(order, "T-10")
    world.sync(wait=30)
    assert world.accepted(order) == [("ship", "T-10"), ("deliver", "")]


def test_an_outage_is_no_storm(world: World) -> None:
    """R13: a dead API costs a few requests a run, and no task its tries."""
    ids = world.shop.add_orders(1000)
    world.shop.bulk_ship(ids)
    world.sandbox.fault(Fault("status", method="POST", status=503, times=None))
    result = world.sync()
    assert result.counts.requests < 30
    assert not Task.objects.parked().exists()
