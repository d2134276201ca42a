"""A shop whose database went back to an earlier state, or that is another one: its row ids mean something else now."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from sfsync.models import Cursor, LogEntry
from sfsync.testing import SHIPPED, World

pytestmark = pytest.mark.django_db


def file_of(world: World) -> Path:
    return Path(world.shop.url.removeprefix("sqlite:///"))


def back_up(world: World) -> Path:
    return Path(shutil.copy(file_of(world), f"{file_of(world)}.backup"))


def restore(world: World, backup: Path) -> None:
    world.shop.close()
    shutil.copy(backup, file_of(world))
    world.connections.shop(world.store).close()


def said(code: str) -> int:
    return LogEntry.objects.filter(code=code).count()


def test_a_restored_shop_is_read_from_the_beginning(world: World) -> None:
    """R5: its history grew past our position again, with other rows under the same ids."""
    world.sync()
    backup = back_up(world)
    told, lost = world.ship(world.order(), "T-1"), world.ship(world.order(), "T-2")
    world.sync(wait=10)
    assert (world.accepted(told), world.accepted(lost)) == ([("ship", "T-1")], [("ship", "T-2")])
    restore(world, backup)
    others = [world.ship(world.order(), f"T-{number}") for number in range(3, 7)]
    assert not said("shop-restored")
    world.sync(wait=10)
    assert said("shop-restored") == 1
    assert [world.accepted(each) for each in others] == [[("ship", f"T-{number}")] for number in range(3, 7)]
    assert world.accepted(lost) == [("ship", "T-2")]
    world.ship(lost, "T-9")
    world.sync(wait=10)
    assert world.accepted(lost) == [("ship", "T-2"), ("ship", "T-9")]
    assert said("shop-restored") == 1


def test_the_orders_that_a_restored_shop_imports_under_old_ids_are_found(world: World) -> None:
    """R24, R39: they have the row ids, and the numbers, of orders that are lost."""
    backup = back_up(world)
    world.shop.add_orders(3, first_feed_id=777_001)
    world.sync()
    restore(world, backup)
    new = world.shop.add_orders(5, first_feed_id=888_001, created_at=world.now() - timedelta(minutes=1))
    for number in range(5):
        world.sandbox.add_order(888_001 + number, reference=f"NEW-{number}", channel="amazon")
    world.ship(new[0], "T-1")
    world.sync(wait=10)
    assert said("shop-restored") == 1
    assert world.row(new[0]).marketplace_order.feed_id == 888_001
    assert world.accepted(new[0]) == [("ship", "T-1")]


def test_a_shop_that_only_grows_is_never_taken_for_a_restored_one(world: World) -> None:
    for number in range(3):
        world.ship(world.order(), f"T-{number}")
        world.shop.add_orders(2)
        world.sync(wait=10)
        world.sync()
    assert not said("shop-restored")


def test_an_emptied_history_is_one_that_went_back(world: World) -> None:
    order = world.ship(world.order(), "T-1")
    world.sync(wait=10)
    world.shop.execute(delete(world.shop.tables["order_history"]))
    world.sync()
    world.shop.set_status(order, SHIPPED + 1)
    world.sync(wait=10)
    assert said("shop-restored") == 1
    assert world.accepted(order) == [("ship", "T-1"), ("deliver", "")]


def test_another_shop_behind_the_connection_starts_anew_with_one_warning(world: World) -> None:
    """A cursor belongs to the shop that it was made with: its address, its prefix, its number there."""
    world.sync()
    before = set(Cursor.objects.values_list("name", "identity"))
    assert len(before) == 6
    moved = shutil.copy(file_of(world), f"{file_of(world)}.moved")
    world.store.shop_secrets = {"url": f"sqlite:///{moved}"}
    world.store.save()
    for _ in range(2):
        world.sync()
    assert said("shop-replaced") == 1
    after = set(Cursor.objects.values_list("name", "identity"))
    assert {name for name, _identity in after} == {name for name, _identity in before}
    assert not before & after
