"""The fifteen faults of the existing module (prestashop.md ends with the list), each told as a story that ends well."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sfsync.models import Task
from sfsync.testing import CANCELED, DELIVERED, PAID, PROCESSING, REFUNDED, SHIPPED, World
from shoppingfeed.sandbox import Fault

MakeWorld = Callable[..., World]


def test_fault_1_a_tracking_number_filled_in_after_the_status_is_sent(world: World) -> None:
    """R2, R4: and nothing leaves with an empty number before."""
    order = world.ship(world.order())
    world.sync(wait=5)
    assert world.accepted(order) == []
    world.shop.set_tracking(order, "LATE-1")
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "LATE-1")]


def test_fault_1_a_number_that_comes_after_the_failure_revives_the_update(world: World) -> None:
    """R4: failed, visible and told, then revived by R2."""
    order = world.ship(world.order())
    world.sync()
    world.advance(minutes=6)
    world.sync()
    assert [task.failure for task in world.tasks(order)] == ["no-tracking"]
    assert world.tasks(order)[0].parked
    world.shop.set_tracking(order, "LATE-2")
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "LATE-2")]
    assert world.tasks(order) == []


def test_fault_2_shipped_then_delivered_before_the_run_sends_the_ship_first(world: World) -> None:
    """R13a: the tracking number goes out, then the delivery."""
    order = world.ship(world.order(), "T-1")
    world.shop.set_status(order, DELIVERED)
    world.sync(wait=30)
    assert world.accepted(order) == [("ship", "T-1"), ("deliver", "")]


def test_fault_3_shipped_by_mistake_and_put_back_before_the_run_sends_nothing(world: World) -> None:
    """R6."""
    world.sync()
    order = world.order()
    world.shop.set_status(order, SHIPPED)
    world.shop.set_status(order, PROCESSING)
    result = world.sync(wait=5)
    assert world.accepted(order) == []
    assert world.tasks(order) == []
    assert result.counts.removed == 1
    assert "nothing-not-mapped" in world.story(order)


def test_fault_4_a_ship_that_fails_while_delivered_comes_is_not_lost(world: World) -> None:
    """R10, R13a, R16: the deliver waits for the ship's ticket, and the ship goes first again."""
    order = world.ship(world.order(), "T-4")
    world.sandbox.fault(Fault("refuse", operation="ship", message="try later"))
    world.sync()
    world.shop.set_status(order, DELIVERED)
    world.sync(wait=30)
    world.advance(minutes=10)
    world.sync(wait=30)
    assert world.accepted(order) == [("ship", "T-4"), ("ship", "T-4"), ("deliver", "")]
    assert world.belief(order).delivered


@pytest.mark.parametrize("status", [401, 422, 429, 500])
def test_fault_5_an_error_answer_is_told_and_nothing_is_lost(world: World, status: int) -> None:
    """R12, R13: shown as trouble or failure, never as success, and sent once when the API is well again."""
    order = world.ship(world.order(), "T-5")
    world.sandbox.fault(Fault("status", method="POST", path="/order/", status=status, times=1, message="no"))
    result = world.sync(wait=60)
    if status == 401:
        assert [stopped.trouble for stopped in result.troubles] == ["token-refused"]
        world.advance(minutes=1)
        world.sync(wait=5)
    if status == 422:
        assert world.tasks(order)[0].failure == "request-refused"
        assert world.notices(order) == ["request-refused"]
    else:
        assert world.accepted(order) == [("ship", "T-5")]


def test_fault_5_one_bad_order_does_not_block_its_batch(make_world: MakeWorld) -> None:
    """R12: found by splitting; the other 99 go out."""
    world = make_world(orders=100)
    orders = [world.ship(world.order(), f"T-{number}") for number in range(100)]
    world.sandbox.fault(Fault("refuse-request", order_id=world.feed_id(orders[37]), message="bad order"))
    result = world.sync(wait=30)
    assert result.counts.confirmed == 99
    assert [world.tasks(order)[0].failure for order in orders if world.tasks(order)] == ["request-refused"]
    assert world.tasks(orders[37])[0].last_error
    assert world.sandbox.ledger.duplicates() == []
    assert result.counts.requests < 40


def test_fault_6_a_task_is_sent_however_old_it_is(world: World) -> None:
    """R5: thirty days of silence, then everything goes out."""
    world.sync()
    order = world.ship(world.order(), "T-6")
    world.advance(days=30)
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-6")]


def test_fault_6_nothing_unfinished_is_ever_pruned(world: World) -> None:
    """R21: retention is for the log."""
    order = world.ship(world.order())
    world.sync()
    world.advance(minutes=6)
    world.sync()
    world.advance(days=400)
    world.sync()
    assert [task.failure for task in world.tasks(order)] == ["no-tracking"]
    assert "seen-status" not in world.story(order)


def test_fault_7_a_refused_ticket_is_retried_a_set_number_of_times(world: World) -> None:
    """R16: three tries, each later than the one before, then parked until a person retries."""
    order = world.ship(world.order(), "T-7")
    world.sandbox.fault(Fault("refuse", operation="ship", times=None, message="address unknown"))
    for _ in range(30):
        world.sync(wait=5)
        world.advance(minutes=30)
    assert world.accepted(order) == [("ship", "T-7")] * 3
    [task] = world.tasks(order)
    assert (task.parked, task.failure, task.last_error) == (True, "ticket-failed", "address unknown")
    assert world.notices(order) == ["ticket-failed"]


def test_fault_8_every_batch_is_followed(make_world: MakeWorld) -> None:
    """R14: 250 orders are three batches, and every order is confirmed."""
    world = make_world(orders=20)
    world.shop.bulk_ship(world.shop.add_orders(250))
    result = world.sync()
    assert (result.counts.sent, result.counts.in_flight) == (250, 250)
    assert Task.objects.values("batch_id").distinct().count() == 3
    assert world.sync(wait=5).counts.confirmed == 250


def test_fault_9_the_same_reference_on_two_channels_is_two_orders(world: World) -> None:
    """R14: tickets are matched by the order's id, so one's failure is not the other's."""
    good, bad = world.ship(world.order(), "T-A-1"), world.ship(world.order(), "T-B-1")
    listing = world.shop.tables["shoppingfeed_order"]
    world.shop.execute(listing.update().where(listing.c.id_order.in_([good, bad])).values(id_order_marketplace="SAME"))
    world.shop.execute(listing.update().where(listing.c.id_order == bad).values(name_marketplace="Cdiscount"))
    world.sandbox.fault(Fault("refuse", order_id=world.feed_id(bad), message="no"))
    world.sync(wait=5)
    assert world.row(good).marketplace_order.confirmed_operation == "ship"
    assert [task.failure for task in world.tasks(bad)] == ["ticket-failed"]


def test_fault_10_tickets_that_keep_running_starve_no_other(make_world: MakeWorld) -> None:
    """R17."""
    world = make_world(orders=20)
    stuck = world.shop.add_orders(100)
    world.sandbox.fault(Fault("stuck", times=100))
    world.shop.bulk_ship(stuck)
    world.sync(wait=5)
    for day in range(3):
        order = world.ship(world.order(), f"T-{day}")
        world.advance(hours=8)
        world.sync(wait=20)
        assert world.row(order).marketplace_order.confirmed_operation == "ship"
    assert Task.objects.in_flight().count() == 100


def test_fault_12_a_silent_server_does_not_hold_the_run(world: World) -> None:
    """R13: time-outs, then the ticket list is asked."""
    order = world.ship(world.order(), "T-12")
    world.sandbox.fault(Fault("hang", method="POST", path="/order/ship"))
    world.sync(wait=120)
    assert world.accepted(order) == [("ship", "T-12")]
    assert world.row(order).marketplace_order.confirmed_operation == "ship"


def test_fault_13_a_second_refund_does_not_send_the_first_ones_items_again(make_world: MakeWorld) -> None:
    """R11: the order is refunded once, whole."""
    world = make_world()
    order = world.order()
    listing = world.shop.tables["shoppingfeed_order"]
    world.shop.execute(listing.update().values(name_marketplace="Cdiscount"))
    world.shop.set_status(order, REFUNDED)
    world.sync(wait=5)
    world.shop.set_status(order, PAID)
    world.shop.set_status(order, REFUNDED)
    world.sync(wait=5)
    assert world.accepted(order) == [("refund", "")]


def test_fault_14_an_order_without_a_shopping_feed_id_is_looked_up(world: World) -> None:
    """R13b: by its reference and channel, never sent as `"id": 0`."""
    order = world.ship(world.order(), "T-14")
    listing = world.shop.tables["shoppingfeed_order"]
    reference = world.shop.order(order).marketplace_reference
    world.shop.execute(listing.update().where(listing.c.id_order == order).values(id_internal_shoppingfeed=None))
    world.sandbox.add_order(1078495000001, reference=reference, channel="amazonfr")
    world.sandbox.add_order(1078495000002, reference=reference, channel="Cdiscount")
    world.sync(wait=5)
    assert [each.operation for each in world.sandbox.ledger.operations(1078495000001)] == ["ship"]
    assert world.row(order).marketplace_order.feed_id == 1078495000001


def test_fault_14_an_order_that_the_api_does_not_know_either_is_told(world: World) -> None:
    """R13b."""
    order = world.ship(world.order(), "T-14")
    listing = world.shop.tables["shoppingfeed_order"]
    world.shop.execute(listing.update().where(listing.c.id_order == order).values(id_internal_shoppingfeed=None))
    result = world.sync(wait=5)
    assert result.counts.sent == 0
    assert [task.failure for task in world.tasks(order)] == ["no-feed-id"]
    assert world.notices(order) == ["no-feed-id"]


def test_fault_15_shipped_back_and_shipped_again_is_not_sent_twice(world: World) -> None:
    """R8, R11: the merchant is warned once when it goes back."""
    order = world.ship(world.order(), "T-15")
    world.sync(wait=5)
    world.shop.set_status(order, PROCESSING)
    world.sync(wait=5)
    world.shop.set_status(order, SHIPPED)
    world.sync(wait=5)
    world.shop.set_status(order, CANCELED)
    world.sync()
    assert world.accepted(order) == [("ship", "T-15"), ("cancel", "")]
    assert world.notices(order) == ["went-back"]
