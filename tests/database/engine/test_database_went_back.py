"""R13: our own database went back to an earlier state, however that came about: what was sent since stays sent once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from sfsync.engine.people.acts import give_up, retry
from sfsync.models import LogEntry, Order, StoreState
from sfsync.testing import CANCELED, DELIVERED, World
from shoppingfeed import Acknowledge, Ship
from tests.our_database import back_up, restore

pytestmark = pytest.mark.django_db


def said(code: str) -> int:
    return LogEntry.objects.filter(code=code).count()


def another_process_sends_next() -> None:
    """The last word in the database is not this process's own."""
    StoreState.objects.update(dispatch="another")


def looks(world: World) -> int:
    """How often the ticket list was read."""
    return len(world.sandbox.ledger.looks())


def test_what_was_sent_since_is_not_sent_again(world: World) -> None:
    """A ship, a corrected number, a delivery and a cancellation, of orders known and unknown to the backup."""
    first, corrected, delivered, cancelled, new = (world.order() for _ in range(5))
    world.ship(corrected, "T-1")
    world.ship(delivered, "T-2")
    world.sync(wait=10)
    backup = back_up()
    world.ship(first, "T-3")
    world.ship(corrected, "T-4")
    world.shop.set_status(delivered, DELIVERED)
    world.shop.set_status(cancelled, CANCELED)
    world.ship(new, "T-5")
    world.sync(wait=10)
    before = {each: world.accepted(each) for each in (first, corrected, delivered, cancelled, new)}
    assert before[corrected] == [("ship", "T-1"), ("ship", "T-4")]
    assert before[delivered] == [("ship", "T-2"), ("deliver", "")]
    restore(backup)
    world.sync(wait=10)
    assert {each: world.accepted(each) for each in before} == before
    assert {each: world.told(each) for each in before} == before
    assert said("database-behind") == 1
    world.ship(first, "T-6")
    world.sync(wait=10)
    assert world.accepted(first) == [*before[first], ("ship", "T-6")]
    assert said("database-behind") == 1


def test_what_is_still_open_is_followed(world: World) -> None:
    order = world.order()
    world.sync()
    backup = back_up()
    world.sandbox.configure(ticket_seconds=600)
    world.ship(order, "T-1")
    world.sync()
    restore(backup)
    world.sync()
    assert "CHECK_TICKET_SYNC_STATUS" in [task.action for task in world.tasks(order)]
    assert "found-in-flight" in world.story(order)
    world.shop.set_status(order, DELIVERED)
    world.advance(minutes=20)
    world.sync(wait=1000)
    assert world.accepted(order) == [("ship", "T-1"), ("deliver", "")]


def test_a_process_that_goes_on_asks_nothing_more(world: World) -> None:
    world.ship(world.order(), "T-1")
    world.sync(wait=10)
    world.ship(world.order(), "T-2")
    looked = looks(world)
    world.sync()
    assert looks(world) == looked
    assert said("database-behind") == 0


def test_a_machine_that_went_back_with_its_memory_is_known_by_its_clock(world: World) -> None:
    """A snapshot of a virtual machine: the process finds its own last word, for it went back too."""
    order = world.order()
    world.ship(world.order(), "T-0")
    world.sync(wait=10)
    backup = back_up()
    world.ship(order, "T-1")
    world.sync(wait=10)
    word = StoreState.objects.get().dispatch
    restore(backup)
    StoreState.objects.update(dispatch=word)
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        world.sync(wait=10)
    assert world.accepted(order) == [("ship", "T-1")] == world.told(order)
    assert said("database-behind") == 1


def test_a_process_that_begins_reads_the_newest_ticket_once(world: World) -> None:
    world.ship(world.order(), "T-1")
    world.sync(wait=10)
    another_process_sends_next()
    world.ship(world.order(), "T-2")
    looked = looks(world)
    world.sync()
    assert looks(world) - looked == 1


def test_where_the_tickets_are_gone_the_orders_own_statuses_tell(world: World) -> None:
    order, cancelled = world.ship(world.order(), "T-0"), world.order()
    world.sync(wait=10)
    backup = back_up()
    world.advance(minutes=1)
    fresh = world.ship(world.order(), "T-1")
    world.ship(order, "T-2")
    world.shop.set_status(cancelled, CANCELED)
    world.sync(wait=10)
    restore(backup)
    world.sandbox.forget_tickets()
    world.sync(wait=10)
    assert world.accepted(order) == [("ship", "T-0"), ("ship", "T-2")] == world.told(order)
    assert world.accepted(fresh) == [("ship", "T-1")] == world.told(fresh)
    assert world.accepted(cancelled) == [("cancel", "")] == world.told(cancelled)


def test_what_nobody_can_know_is_left_to_a_person(world: World) -> None:
    """A delivery shows in no status; a later number may have been told before the one that is shown."""
    sent, dismissed = world.ship(world.order(), "T-0"), world.ship(world.order(), "T-1")
    world.sync(wait=10)
    backup = back_up()
    world.advance(minutes=1)
    world.ship(world.order(), "T-2")
    for order in (sent, dismissed):
        world.shop.set_status(order, DELIVERED)
    world.sync(wait=10)
    restore(backup)
    world.sandbox.forget_tickets()
    world.sync(wait=10)
    assert [task.failure for task in world.tasks(sent)] == ["maybe-told"]
    assert world.notices(sent) == ["maybe-told"]
    assert world.accepted(sent) == [("ship", "T-0"), ("deliver", "")]
    give_up(Order.objects.filter(key=dismissed), "somebody")
    retry(Order.objects.filter(key=sent), "somebody")
    world.sync(wait=10)
    assert world.accepted(sent) == [("ship", "T-0"), ("deliver", ""), ("deliver", "")]
    assert world.accepted(dismissed) == [("ship", "T-1"), ("deliver", "")]


def test_an_order_that_the_shop_shows_later_is_asked_for_too(world: World) -> None:
    """It was told, and is not in the backup; the shop lists it only after everything was asked for."""
    backup = back_up()
    world.ship(world.order(), "T-0")
    world.sandbox.add_order(777_001, reference="LATE-1", channel="amazon")
    world.connections.client(world.store).store(10).send([Ship(777_001, carrier="UPS", tracking_number="T-1")])
    world.sync(wait=10)
    restore(backup)
    world.ship(world.order(), "T-2")
    world.sync(wait=10)
    late = world.shop.add_orders(1, first_feed_id=777_001, created_at=world.now() - timedelta(hours=1))[0]
    world.ship(late, "T-1")
    world.sync(wait=10)
    assert world.accepted(late) == [("ship", "T-1")] == world.told(late)


@pytest.mark.parametrize(("where", "seconds"), [("another database", 45), (None, 0)])
def test_in_another_database_a_ticket_that_is_listed_late_is_waited_for(
    world: World, where: str | None, seconds: float
) -> None:
    """A server that failed over in a moment: what left just before is not listed yet."""
    world.ship(world.order(), "T-1")
    world.sync(wait=10)
    if where:
        StoreState.objects.update(dispatched_on=where)
    order, began = world.ship(world.order(), "T-2"), world.clock()
    world.sync()
    assert world.clock() - began == seconds
    assert world.accepted(order) == [("ship", "T-2")]


def test_all_stores_wait_once_for_tickets_that_are_listed_late(world: World) -> None:
    """R7, R13: a thousand stores that wait one after the other behind a server that failed over would take hours."""
    stores = [world.store]
    for number in (11, 12):
        world.sandbox.add_store(number)
        stores.append(world.add_store(f"store-{number}", shop_url=world.shop.url, feed_store_id=number))
    world.ship(world.order(), "T-1")
    for store in stores:
        world.sync(store=store)
    StoreState.objects.update(dispatched_on="before it failed over")
    order, began = world.ship(world.order(), "T-2"), world.clock()
    for store in stores:
        world.sync(store=store)
    assert world.clock() - began == 45
    assert world.accepted(order) == [("ship", "T-2")] * len(stores)


@pytest.mark.parametrize("changed_meanwhile", [False, True])
@pytest.mark.parametrize("before", ["nothing", "orders", "a send"])
def test_a_backup_of_any_age_will_do(world: World, before: str, changed_meanwhile: bool) -> None:
    """Of before the first sync, of before the first send, of after it."""
    if before != "nothing":
        world.sync()
    if before == "a send":
        world.ship(world.order(), "T-0")
        world.sync()
    backup = back_up()
    order = world.ship(world.order(), "T-1")
    world.sync(wait=10)
    world.ship(order, "T-2")
    world.sync(wait=10)
    restore(backup)
    if not changed_meanwhile:
        world.sync(wait=10)
    world.ship(order, "T-3")
    world.sync(wait=10)
    assert world.accepted(order) == [("ship", "T-1"), ("ship", "T-2"), ("ship", "T-3")]


def test_what_another_sends_is_taken_over(world: World) -> None:
    """Once for all that it sent: afterwards its tickets are known."""
    theirs, mine = world.order(), world.ship(world.order(), "T-1")
    world.sync(wait=10)
    feed = world.connections.client(world.store).store(10)
    feed.send([Ship(world.feed_id(theirs), carrier="UPS", tracking_number="T-9")])
    for number in range(2):
        another_process_sends_next()
        world.ship(theirs, "T-9")
        world.ship(mine, f"T-{number + 2}")
        world.sync(wait=10)
    assert world.accepted(theirs) == [("ship", "T-9")]
    assert said("database-behind") == 1


def test_the_modules_acknowledgements_say_nothing(world: World) -> None:
    world.ship(world.order(), "T-1")
    world.sync(wait=10)
    feed = world.connections.client(world.store).store(10)
    feed.send([Acknowledge(world.feed_id(world.order()), store_reference="1", acknowledged_at=world.now())])
    another_process_sends_next()
    looked = looks(world)
    world.ship(world.order(), "T-2")
    world.sync()
    assert looks(world) - looked == 1
