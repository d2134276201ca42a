"""Before a refused update is tried a second time, the order is read at Shopping Feed: R34."""

from __future__ import annotations

import pytest

from sfsync.engine.people import acts
from sfsync.engine.watch.stage import Stage
from sfsync.engine.watch.story import story_of
from sfsync.models import Order, Told
from sfsync.testing import CANCELED, World
from shoppingfeed.sandbox import Fault


def refused(world: World, count: int = 1) -> list[int]:
    """Orders of different marketplaces, shipped and refused once each."""
    world.sync()
    orders = [
        *world.shop.add_orders(count - count // 2, channel="Cdiscount", first_feed_id=2_000_000_000_000),
        *world.shop.add_orders(count // 2, channel="Fnac", first_feed_id=2_000_000_001_000),
    ]
    world.list_there(*orders)
    for number, order in enumerate(orders):
        world.sandbox.fault(Fault("refuse", order_id=world.feed_id(order), message=f"Odd answer {chr(65 + number)}"))
        world.ship(order, f"T-{number}")
    world.sync(wait=5)
    assert all(world.tasks(order)[0].failure == "ticket-failed" for order in orders)
    return orders


def again(world: World) -> None:
    world.advance(minutes=6)
    world.sync(wait=10)


def ship_there(world: World, order: int, number: str = "") -> None:
    """Somebody shipped it in the seller portal."""
    feed_id = world.feed_id(order)
    world.sandbox.change_order(feed_id, status="shipped")
    shown = world.sandbox.market.find_order(feed_id)
    assert shown
    shown.change(shipment={"carrier": "", "trackingNumber": number, "trackingLink": ""})


def reads(world: World) -> list[str]:
    """What was asked about orders, but for what is asked in any case."""
    asked = [each.path for each in world.sandbox.ledger.requests if each.method == "GET" and "/order" in each.path]
    return [path for path in asked if "status=created" in path or "status=shipped%2Cpart" in path or "?" not in path]


def test_what_the_marketplace_shows_already_is_told_and_not_sent(world: World) -> None:
    """R34: somebody shipped it by hand there, with the same number."""
    [order] = refused(world)
    ship_there(world, order, "T-0")
    again(world)
    assert world.accepted(order) == [("ship", "T-0")]
    assert world.told(order) == [("ship", "T-0")]
    assert Told.objects.get().how == "seen"
    assert world.tasks(order) == []
    assert world.story(order)[-2:] == ["stands-there", "shown-there"]


def test_what_is_shown_there_is_called_seen_and_not_confirmed(world: World) -> None:
    """R34, R32: its ticket failed, so Shopping Feed confirmed nothing."""
    [order] = refused(world)
    ship_there(world, order, "T-0")
    again(world)
    story = story_of(world.row(order))
    assert story.stage is Stage.SEEN
    assert "tracking number T-0" in story.believes
    assert "The marketplace shows it" in story.believes
    assert "confirmed" not in story.believes


def test_a_number_that_the_marketplace_does_not_show_is_still_told(world: World) -> None:
    """R34: shipped there without one."""
    [order] = refused(world)
    ship_there(world, order)
    again(world)
    assert world.accepted(order) == [("ship", "T-0")] * 2
    assert Told.objects.get().how == "ticket"
    assert "not been seen" not in story_of(world.row(order)).believes


def test_what_was_shipped_before_us_is_not_said_to_have_our_number(world: World) -> None:
    """R32: a first send counts it as told with the number of the shop."""
    world.sync()
    order = world.order()
    world.list_there(order)
    ship_there(world, order)
    world.ship(order, "T-1")
    world.sync(wait=5)
    story = story_of(world.row(order))
    assert Told.objects.get().how == "adopted"
    assert story.stage is Stage.SEEN
    assert "T-1" not in story.believes
    assert "The marketplace shows it" in story.believes


def test_what_still_waits_there_is_tried_again(world: World) -> None:
    """R34: and the story says where it stood."""
    [order] = refused(world)
    again(world)
    assert world.belief(order).status == "shipped"
    assert "stands-there" in world.story(order)


@pytest.mark.parametrize(
    ("status", "failure", "told"),
    [
        ("cancelled", "called-off-there", ["cancelled-there"]),
        ("refunded", "stands-elsewhere", ["refunded-there", "stands-elsewhere"]),
    ],
)
def test_what_stands_elsewhere_is_not_tried_in_vain(world: World, status: str, failure: str, told: list[str]) -> None:
    """R34, R33: the reason says so, and it waits for a person."""
    [order] = refused(world)
    world.sandbox.change_order(world.feed_id(order), status=status)
    again(world)
    [task] = world.tasks(order)
    assert (task.failure, task.parked, len(world.accepted(order))) == (failure, True, 1)
    assert world.notices(order) == ["ticket-failed", *told]
    again(world)
    assert len(world.accepted(order)) == 1


def test_a_person_who_retries_knows_better(world: World) -> None:
    """R34: the order is read, and sent."""
    [order] = refused(world)
    world.sandbox.change_order(world.feed_id(order), status="refunded")
    again(world)
    assert acts.retry(Order.objects.filter(key=order), "Anna") == 1
    again(world)
    assert len(world.accepted(order)) == 2


def test_many_are_read_in_lists(world: World) -> None:
    """R34: one request for those that wait, however many; a few that have gone on are read alone."""
    orders = refused(world, 8)
    for number, order in enumerate(orders[:2]):
        ship_there(world, order, f"T-{number}")
    before = len(reads(world))
    again(world)
    assert len(reads(world)) - before == 1 + 2
    assert all(world.belief(order).status == "shipped" for order in orders)
    assert sum(len(world.accepted(order)) for order in orders) == 8 + 6


def test_a_look_that_fails_stops_nothing(world: World) -> None:
    """R34."""
    [order] = refused(world)
    path = rf"/order/{world.feed_id(order)}$"
    world.sandbox.fault(Fault("status", method="GET", path=path, status=404, times=None))
    again(world)
    assert world.belief(order).status == "shipped"


def test_a_first_try_reads_nothing(world: World) -> None:
    """R34."""
    world.sync()
    order = world.ship(world.order(), "T-1")
    before = len(reads(world))
    world.sync(wait=5)
    assert world.belief(order).status == "shipped"
    assert not [path for path in reads(world)[before:] if path.endswith(str(world.feed_id(order)))]


def test_a_cancellation_of_what_was_shipped_there_is_not_tried_in_vain(world: World) -> None:
    """R34, R20: that it will not be tried again after all is news to the merchant."""
    world.sync()
    order = world.order()
    world.list_there(order)
    world.sandbox.fault(Fault("refuse", order_id=world.feed_id(order), message="Odd answer"))
    world.shop.set_status(order, CANCELED)
    world.sync(wait=5)
    world.sandbox.change_order(world.feed_id(order), status="shipped")
    again(world)
    [task] = world.tasks(order)
    assert (task.failure, task.last_error) == ("stands-elsewhere", "shipped already")
    assert world.notices(order) == ["ticket-failed", "stands-elsewhere"]
