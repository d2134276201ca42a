"""An order that its marketplace cancelled: told before it is packed, and not shipped without a person's word (R33)."""

from __future__ import annotations

from sfsync.engine.people import acts
from sfsync.engine.people.at_once import send_now
from sfsync.models import Finding, Order
from sfsync.testing import CANCELED, World
from shoppingfeed.sandbox import Fault


def cancelled(world: World) -> int:
    """An order in preparation, that the marketplace has cancelled since the store's first send."""
    order, other = world.order(), world.order()
    world.list_there(order, other)
    world.ship(other, "OTHER")
    world.sync(wait=10)
    world.sandbox.change_order(world.feed_id(order), status="cancelled")
    return order


def rows(world: World, order: int):  # type: ignore[no-untyped-def]
    return Order.objects.filter(store=world.store, key=order)


def listings(world: World) -> int:
    return sum("status=cancelled%2Crefused&" in each.path for each in world.sandbox.ledger.requests)


def test_it_is_told_within_the_hour(world: World) -> None:
    """R33."""
    order = cancelled(world)
    world.advance(minutes=61)
    world.sync()
    assert world.findings(order) == world.notices(order) == ["cancelled-there"]
    world.advance(minutes=61)
    world.sync()
    assert world.notices(order) == ["cancelled-there"]


def test_one_request_an_hour_is_enough(world: World) -> None:
    """R33: and none where nothing is prepared."""
    cancelled(world)
    for _ in range(11):
        world.advance(minutes=10)
        world.sync()
    assert listings(world) == 1
    Order.objects.update(open=False)
    for _ in range(3):
        world.advance(hours=1, minutes=1)
        world.sync()
    assert listings(world) == 1


def test_its_shipment_waits_for_a_persons_word(world: World) -> None:
    """R33."""
    order = cancelled(world)
    world.advance(minutes=61)
    world.ship(order, "T-1")
    world.sync(wait=10)
    assert world.accepted(order) == []
    assert [task.failure for task in world.tasks(order)] == ["called-off-there"]
    assert "called-off-there" in world.notices(order)
    acts.retry(rows(world, order), "claire")
    world.sync(wait=10)
    assert world.accepted(order) == []
    send_now(world.store, rows(world, order), "claire")
    world.sync(wait=10)
    assert world.accepted(order) == [("ship", "T-1")]


def test_the_shop_that_cancels_it_too_ends_it(world: World) -> None:
    """R33."""
    order = cancelled(world)
    world.advance(minutes=61)
    world.sync()
    world.shop.set_status(order, CANCELED)
    world.advance(minutes=61)
    world.sync(wait=10)
    world.advance(minutes=61)
    world.sync(wait=10)
    assert world.findings(order) == []


def test_a_marketplace_that_changes_its_mind_has_it_shipped(world: World) -> None:
    """R33."""
    order = cancelled(world)
    world.advance(minutes=61)
    world.sync()
    world.sandbox.change_order(world.feed_id(order), status="waiting_shipment")
    world.reconcile()
    world.ship(order, "T-1")
    world.sync(wait=10)
    assert world.accepted(order) == [("ship", "T-1")]
    assert not Finding.objects.open().exists()


def test_an_api_without_a_list_of_orders_stops_nothing(world: World) -> None:
    """R33."""
    order = cancelled(world)
    world.sandbox.fault(Fault("status", status=404, path="status=cancelled", times=None))
    world.advance(minutes=61)
    world.ship(order, "T-1")
    assert world.sync(wait=10).ok


def test_a_look_that_fails_holds_up_nothing(world: World) -> None:
    """R33: it is had again ten minutes later; what is to be sent goes out with the next run."""
    cancelled(world)
    shipped = world.order()
    world.list_there(shipped)
    world.sandbox.fault(Fault("status", path="status=cancelled", status=500, times=None))
    world.advance(minutes=61)
    world.ship(shipped, "T-1")
    assert [each.trouble for each in world.sync().troubles] == ["api-unavailable"]
    assert world.sync(wait=10).counts.confirmed == 1
    looks = listings(world)
    world.advance(minutes=11)
    world.sync()
    assert listings(world) > looks
