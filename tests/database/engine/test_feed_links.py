"""Orders that no list of the shop names, and that Shopping Feed knows by their number in the shop (R24)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from sqlalchemy import delete, select, text, update

from sfsync.engine.find.feed_links import OVERLAP, PAGE
from sfsync.engine.watch.connection_tests import try_shop
from sfsync.engine.watch.finding import Verdict
from sfsync.models import Cursor, LogEntry, Order
from sfsync.shops.prestashop.clock import to_utc
from sfsync.shops.prestashop.sample import ZONE
from sfsync.shops.prestashop.sample_webservice.serving import served
from sfsync.shops.prestashop.sample_webservice.standin import Standin
from sfsync.testing import World
from shoppingfeed.sandbox import Fault
from tests.database.engine.odd import relist
from tests.webservice.serving import connect

FIRST = 700_000_000
"""The ids that Shopping Feed gave."""


@pytest.fixture(params=["database", "webservice"])
def without_modules(request: pytest.FixtureRequest, db: None, tmp_path: Path) -> Any:
    """A shop whose orders another importer made: it has neither module."""
    world = World(tmp_path, orders=6)
    world.shop.execute(delete(world.shop.tables["shoppingfeed_order"]))
    world.shop.execute(update(world.shop.tables["orders"]).values(module="other"))
    if request.param == "database":
        world.shop.execute(text("DROP TABLE ps_shoppingfeed_order"))
        yield world
        return
    with served(Standin(world.shop)) as url:
        connect(world, url)
        yield world
        world.connections.close()


def link(world: World, order: int | str, number: int = 0, **more: Any) -> int:
    """Shopping Feed knows it by this number in the shop, and has it since the day that the shop says."""
    feed_id = FIRST + (number or int(order))
    world.sandbox.add_order(feed_id, store_reference=str(order), **({"created_at": placed(world, order)} | more))
    return feed_id


def placed(world: World, order: int | str) -> float:
    orders = world.shop.tables["orders"].c
    date = world.shop.rows(select(orders.date_add).where(orders.id_order == order))
    return to_utc(date[0][0], ZONE).timestamp() if date else world.clock()


def sent(world: World, feed_id: int) -> list[tuple[str, str]]:
    return [(each.operation, each.tracking_number) for each in world.sandbox.ledger.operations(feed_id)]


def listings(world: World) -> int:
    """Requests for a page of the API's orders."""
    asked = [each.path for each in world.sandbox.ledger.requests if "acknowledgment=acknowledged" in each.path]
    return sum("limit=1&" not in each for each in asked)


def test_a_shop_without_a_module_is_known_by_the_api(without_modules: World) -> None:
    """R24: the order is followed, and told by the id that Shopping Feed gave it."""
    world = without_modules
    order, stranger = world.order(), world.order()
    feed_id = link(world, order)
    assert world.sync(wait=5).ok
    world.ship(order, "6A10000000001")
    world.ship(stranger, "6A10000000002")
    world.advance(minutes=5)
    world.sync(wait=5)
    world.advance(minutes=5)
    assert world.sync(wait=5).ok
    assert sent(world, feed_id) == [("ship", "6A10000000001")]
    assert [each.key for each in Order.objects.all()] == [str(order)]
    found = try_shop(world.store, world.connections)
    assert (found.verdict, found.params["count"]) == (Verdict.OK, 1)
    assert "orders that Shopping Feed itself knows by their number in the shop: 1" in found.text


def test_a_look_costs_one_request_for_two_hundred_orders(world: World) -> None:
    """R24: what was listed is not judged again, and is listed once more only where it costs no request."""
    world.shop.execute(delete(listing_of(world)))
    world.sync()
    for order in world.shop.add_orders(PAGE - OVERLAP, first_feed_id=FIRST):
        link(world, order)
    forget_listing(world)
    for new in (PAGE - OVERLAP, 0):
        before, known = listings(world), Order.objects.count()
        world.advance(minutes=16)
        world.sync()
        assert (listings(world) - before, Order.objects.count() - known) == (1, new)
    world.advance(minutes=5)
    world.sync()
    assert len(Cursor.objects.get(name="feed_links").position["met"]) == OVERLAP


def forget_listing(world: World) -> None:
    """The newer module's table knows nothing any more of the orders that came after the first ones."""
    listing = world.shop.tables["shoppingfeed_order"]
    world.shop.execute(delete(listing).where(listing.c.id_internal_shoppingfeed >= str(FIRST)))


def test_what_the_modules_list_is_not_listed_twice(world: World) -> None:
    """R24: three ways of knowing, one order each; those of the shop say how it is called, the API which id it has."""
    world.shop.execute(delete(listing_of(world)).where(listing_of(world).c.id_order > world.shop.order_ids()[2]))
    by_table, by_old_module, by_api = world.order(), world.order(), world.order()
    ids = [link(world, each, channel="amazonfr") for each in (by_table, by_old_module, by_api)]
    relist(world, by_table, id_internal_shoppingfeed=str(ids[0]))
    reference = world.shop.by_old_module(by_old_module)
    link(world, by_old_module, reference=reference, channel="amazonfr")
    world.shop.execute(delete(listing_of(world)).where(listing_of(world).c.id_order == by_api))
    for _ in range(2):
        world.sync()
        world.advance(minutes=16)
    orders = [world.row(each) for each in (by_table, by_old_module, by_api)]
    assert [each.marketplace_order.feed_id for each in orders] == ids
    assert [each.linked for each in orders] == [False, False, True]
    assert orders[1].marketplace_order.reference == reference
    assert not LogEntry.objects.filter(code__in=["order-renamed", "order-replaced", "order-corrected"]).exists()


def listing_of(world: World) -> Any:
    return world.shop.tables["shoppingfeed_order"]


def test_where_a_module_lists_them_the_others_are_not_asked_for(world: World) -> None:
    """R24: a page of several, and one question about how many there are."""
    for order in [*world.shop.order_ids(), *world.shop.add_orders(PAGE, first_feed_id=FIRST)]:
        world.sandbox.add_order(world.feed_id(order), store_reference=str(order), created_at=placed(world, order))
    assert [asked(world, days=2), asked(world, hours=1)] == [1, 1 + 2], "the second time also those that wait"


def test_where_the_shop_lists_them_all_shopping_feed_is_asked_once_a_day(world: World) -> None:
    """R24: a request every quarter of an hour would tell nothing. Once it tells of an order that no list has, it is
    asked often again, for a week."""
    for order in world.shop.order_ids():
        world.sandbox.add_order(world.feed_id(order), store_reference=str(order), created_at=placed(world, order))
    assert [asked(world, hours=8) for _ in range(4)] == [1, 0, 0, 2]
    [unlisted] = world.shop.add_orders(1, first_feed_id=FIRST)
    link(world, unlisted)
    world.shop.execute(delete(listing_of(world)).where(listing_of(world).c.id_order == unlisted))
    assert [asked(world, hours=8), asked(world, hours=8), asked(world, minutes=16)] == [0, 0, 2]
    assert Order.objects.filter(key=unlisted, linked=True).exists()
    assert [asked(world, days=8), asked(world, hours=5), asked(world, hours=5)] == [1, 2, 0]


def asked(world: World, **later: float) -> int:
    """How many lists a sync asks for; some time passes after it."""
    before = listings(world)
    world.sync()
    world.advance(**later)
    return listings(world) - before


@pytest.mark.parametrize(
    ("reference", "days"),
    [("900000", 0), ("PO-17", 0), ("known", 30), ("known", -30)],
    ids=["no such order", "no number of an order", "placed before", "placed long after"],
)
def test_a_number_that_does_not_fit_is_left_alone_and_said_once(world: World, reference: str, days: int) -> None:
    """R24, R13b: another software's numbers may be those of orders that have nothing to do with it."""
    order = world.order()
    world.shop.execute(delete(listing_of(world)))
    name = str(order) if reference == "known" else reference
    at = placed(world, name) + days * 86_400 if name.isdecimal() else world.clock()
    link(world, name, 1, created_at=at - (0 if days >= 0 else 86_400))
    for _ in range(3):
        world.sync()
        world.advance(minutes=16)
    assert not Order.objects.exists()
    assert LogEntry.objects.filter(code="links-doubted").count() == 1


def test_two_orders_of_one_number_are_left_alone(world: World) -> None:
    """R24: nothing says which of the two it is."""
    order = world.order()
    world.shop.execute(delete(listing_of(world)))
    link(world, order, 1)
    link(world, order, 2)
    world.sync()
    assert not Order.objects.exists()


def test_an_order_acknowledged_late_is_found_within_a_day(world: World) -> None:
    """R5, R24: more than a page of newer ones was listed before it."""
    late = world.order()
    for order in world.shop.add_orders(PAGE, first_feed_id=FIRST + 1_000_000):
        link(world, order)
    world.shop.execute(delete(listing_of(world)))
    world.sync()
    world.advance(minutes=16)
    link(world, late, created_at=placed(world, late) - 3600)
    world.sync()
    assert not Order.objects.filter(key=late).exists()
    world.advance(days=1)
    world.sync()
    assert Order.objects.filter(key=late).exists()


def test_a_number_that_the_shop_gave_to_another_order_is_not_told(without_modules: World) -> None:
    """R39: the shop was restored; its order of that number was placed at another time."""
    world = without_modules
    order = world.order()
    feed_id = link(world, order)
    world.sync()
    orders = world.shop.tables["orders"]
    other = world.shop.time(world.now() - timedelta(minutes=3))
    world.shop.execute(update(orders).where(orders.c.id_order == order).values(date_add=other))
    world.ship(order, "6A10000000001")
    world.advance(minutes=5)
    world.sync(wait=5)
    assert sent(world, feed_id) == []


def test_an_api_in_trouble_stops_no_other_source(world: World) -> None:
    """R5: what changed in the shop is saved all the same, and sent when the API is well again."""
    order = world.ship(world.order(), "6A10000000001")
    world.sandbox.fault(Fault("status", path="acknowledgment=", times=1))
    assert [stopped.trouble for stopped in world.sync().troubles] == ["api-unavailable"]
    assert "seen-status" in world.story(order)
    assert not Cursor.objects.exclude(trouble="").exists()
    world.sync(wait=10)
    assert world.accepted(order) == [("ship", "6A10000000001")]


def test_a_shop_with_neither_module_that_nobody_knows_is_told_what_to_do(world: World) -> None:
    """R24, R37: doctor and settings page say that nothing lists its orders; what was looked for is named in French."""
    world.shop.execute(text("DROP TABLE ps_shoppingfeed_order"))
    found = try_shop(world.store, world.connections)
    assert (found.verdict, found.params["cause"]) == (Verdict.WRONG, "module")
    link(world, world.order())
    found = try_shop(world.store, world.connections)
    with translation.override("fr"):
        assert "absentes" in found.text
        assert "commandes que Shopping Feed lui-même connaît par leur numéro dans la boutique\xa0: 1" in found.text
