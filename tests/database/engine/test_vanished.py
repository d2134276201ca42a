"""A shop that lost many orders at once is not believed, whichever way it lost them, until a person says that they are
really gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sfsync.domain.trouble import Trouble
from sfsync.engine.people.vanished import let_go, missing
from sfsync.models import LogEntry, Notice, Order, Store, Task
from sfsync.testing import World


def lose_orders(world: World, keys: list[int]) -> None:
    table = world.shop.tables["orders"]
    world.shop.execute(table.delete().where(table.c.id_order.in_(keys)))


def lose_listings(world: World, keys: list[int]) -> None:
    """The orders are there; the module's table no longer says that they are a marketplace's."""
    table = world.shop.tables["shoppingfeed_order"]
    world.shop.execute(table.delete().where(table.c.id_order.in_(keys)))


LOSSES = {"the orders": lose_orders, "the module's list": lose_listings}


@pytest.fixture
def due(world: World) -> list[int]:
    """Twenty updates that wait for the same moment."""
    world.sync()
    orders = [world.ship(world.order()) for _ in range(20)]
    world.sync()
    world.advance(minutes=6)
    return orders


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("lost", [6, 20])
def test_many_that_vanish_at_once_are_one_trouble_and_none_is_judged(
    world: World, due: list[int], lose: Callable[[World, list[int]], None], lost: int
) -> None:
    lose(world, due[:lost])
    for _ in range(3):
        result = world.sync()
        assert [each.trouble for each in result.troubles] == [Trouble.ORDERS_VANISHED]
        world.advance(minutes=2)
    assert not Task.objects.exclude(failure="").exists()
    assert list(Notice.objects.exclude(code="silent").values_list("code", flat=True)) == ["orders-vanished"]


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_a_small_shop_that_lost_all_is_no_more_believed_than_a_large_one(
    world: World, due: list[int], lose: Callable[[World, list[int]], None]
) -> None:
    """Where seven updates are due, and seven are not found: another shop's number, a table that an upgrade moved."""
    Task.objects.exclude(order__shop_orders__key__in=[str(each) for each in due[:7]]).delete()
    lose(world, due)
    assert [each.trouble for each in world.sync().troubles] == [Trouble.ORDERS_VANISHED]
    assert not Task.objects.exclude(failure="").exists()


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_a_few_that_vanish_are_judged_each(
    world: World, due: list[int], lose: Callable[[World, list[int]], None]
) -> None:
    """What is not listed has a quarter of an hour to be listed again."""
    lose(world, due[:5])
    for _ in range(4):
        assert world.sync().ok
        world.advance(minutes=6)
    assert {world.notices(each)[-1] for each in due[:5]} <= {"order-gone", "unlisted"}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_a_person_says_once_that_they_are_really_gone(
    world: World, due: list[int], lose: Callable[[World, list[int]], None]
) -> None:
    """The others go on at once, and nobody is told of each."""
    lose(world, due[:12])
    assert not world.sync().ok
    world.shop.set_tracking(due[-1], "TRK-1")
    shop = world.connections.shop(world.store)
    assert {int(each.key) for each in missing(world.store, shop)} == set(due[:12])
    assert let_go(world.store, shop, "somebody") == 12
    assert let_go(world.store, shop, "somebody") == 0
    assert world.sync(wait=10).ok
    assert world.accepted(due[-1]) == [("ship", "TRK-1")]
    assert not Task.objects.living().filter(order__shop_orders__key__in=due[:12]).exists()
    assert Notice.objects.filter(order__shop_orders__key__in=due[:12]).count() == 0
    assert LogEntry.objects.filter(code="person-let-go").count() == 1
    assert LogEntry.objects.filter(code="person-give-up").count() == 12


def test_a_shop_that_has_them_all_loses_none(world: World, due: list[int]) -> None:
    assert let_go(world.store, world.connections.shop(world.store), "somebody") == 0
    assert Task.objects.filter(store=Store.objects.get()).count() == 20
    assert Order.objects.filter(marketplace_order__given_up_at=None).count() == Order.objects.count()
