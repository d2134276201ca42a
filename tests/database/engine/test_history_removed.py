"""A row of the shop's status history that an employee or a cleaner removed: what the shop shows since is its word, and
no older answer (R5). A copy that lags is still not believed."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

import pytest

from sfsync.models import Order, Store
from sfsync.models.log import LogEntry
from sfsync.shops.base import OpenShop
from sfsync.testing import CANCELED, DELIVERED, PROCESSING, World
from shoppingfeed.sandbox import Fault
from tests.altered import Altered

pytestmark = pytest.mark.django_db


def move_on(world: World) -> int:
    """Another order takes a status: the removed rows were not the shop's last."""
    other = world.order()
    world.shop.set_status(other, PROCESSING)
    return other


@pytest.mark.parametrize("status_goes_back", [False, True])
def test_the_number_that_comes_after_it_is_told_within_minutes(world: World, status_goes_back: bool) -> None:
    order = world.ship(world.order())
    move_on(world)
    world.sync()
    world.shop.remove_last_change(order)
    if status_goes_back:
        world.shop.set_status(order, PROCESSING, history=False)
    world.advance(minutes=5)
    assert world.sync().ok
    world.shop.set_tracking(order, "T-1000001")
    world.advance(minutes=5)
    assert world.sync(wait=10).ok
    world.advance(minutes=5)
    assert world.sync(wait=10).ok
    assert world.accepted(order) == [("ship", "T-1000001")]
    assert not Order.objects.filter(key=order).exclude(doubted_at=None, look_again=False).exists()
    assert not LogEntry.objects.filter(code="shop-restored").exists()


def test_where_it_was_the_shops_last_row_every_order_is_looked_at_again(world: World) -> None:
    order = world.ship(world.order())
    world.sync()
    world.shop.remove_last_change(order)
    world.shop.set_tracking(order, "T-1000001")
    world.advance(minutes=5)
    assert world.sync(wait=10).ok
    assert world.accepted(order) == [("ship", "T-1000001")]
    assert LogEntry.objects.filter(code="shop-restored").count() == 1


def test_a_store_in_real_time_tells_it_after_a_minute(world: World) -> None:
    Store.objects.filter(pk=world.store.pk).update(mode="realtime")
    world.store.refresh_from_db()
    order = world.ship(world.order())
    move_on(world)
    world.sync()
    world.shop.remove_last_change(order)
    world.shop.set_tracking(order, "T-1000001")
    for _ in range(13):
        assert world.sync(wait=3).ok
        assert world.accepted(order) == []
        world.advance(seconds=2)
    for _ in range(15):
        world.advance(seconds=5)
        assert world.sync(wait=3).ok
    assert world.accepted(order) == [("ship", "T-1000001")]


def test_every_order_losing_its_newest_row_stops_no_store(world: World) -> None:
    """What waits for its number is read again and again: the shop is not taken for a copy that stays behind."""
    orders = [world.ship(world.order()) for _ in range(8)]
    move_on(world)
    world.sync()
    for each in orders:
        world.shop.remove_last_change(each)
    for each in orders:
        world.shop.set_tracking(each, f"T-10000{each}")
    for _ in range(10):
        assert world.sync(wait=3).ok
        world.advance(seconds=10)
    assert [world.accepted(each) for each in orders] == [[("ship", f"T-10000{each}")] for each in orders]


def test_what_was_told_already_is_not_told_again(world: World) -> None:
    order = world.ship(world.order(), "T-1000001")
    move_on(world)
    world.sync(wait=10)
    world.shop.remove_last_change(order)
    world.shop.set_status(order, DELIVERED, history=False)
    for _ in range(3):
        world.advance(minutes=5)
        assert world.sync(wait=10).ok
    assert world.accepted(order) == [("ship", "T-1000001"), ("deliver", "")]
    assert not world.row(order).look_again


@pytest.mark.parametrize("asked_there", [True, False])
def test_a_copy_that_lags_is_not_believed_however_long_it_does(world: World, asked_there: bool) -> None:
    """R6: what is to be sent is read there, whoever says that no row was removed."""
    order = world.ship(world.order(), "T-1000001")
    here, behind, connections = world.connections.shop(world.store), copy_of(world), world.connections
    removed = (behind if asked_there else here).reader.removed
    lagging = Altered(here, reader=Altered(here.reader, read=behind.reader.read, removed=removed))
    world.connections = cast(Any, Altered(connections, shop=lambda _store: lagging))
    world.shop.set_status(order, CANCELED)
    move_on(world)
    for _ in range(10):
        world.sync(wait=3)
        world.advance(minutes=5)
    assert world.accepted(order) == []
    world.connections = connections
    assert world.sync(wait=10).ok
    assert world.accepted(order) == [("cancel", "")]


def test_a_look_that_was_held_up_is_as_old_as_its_question(world: World) -> None:
    """The second one came a few seconds after the first, whenever it is weighed."""
    world.sandbox.fault(Fault("wrong-token", times=None))
    order = world.ship(world.order())
    move_on(world)
    world.sync()
    world.shop.remove_last_change(order)
    world.shop.set_tracking(order, "T-1000001")
    world.advance(minutes=5)
    world.sync()
    before = world.row(order)
    world.advance(seconds=5)
    here, connections = world.connections.shop(world.store), world.connections

    def look(keys: Collection[str]) -> Any:
        found = here.reader.look(keys)
        world.advance(minutes=10)
        return found

    late = Altered(here, reader=Altered(here.reader, look=look))
    world.connections = cast(Any, Altered(connections, shop=lambda _store: late))
    world.sync()
    after = world.row(order)
    assert before.doubted_at is not None
    assert (after.doubted_at, after.seen_version) == (before.doubted_at, before.seen_version)


def copy_of(world: World) -> OpenShop:
    file = Path(world.shop.url.removeprefix("sqlite:///"))
    copied = shutil.copy(file, file.with_name("copy.sqlite3"))
    store = Store(name="copy", feed_store_id=10, shop_secrets={"url": f"sqlite:///{copied}"}, statuses={})
    return world.connections.shop(store)
