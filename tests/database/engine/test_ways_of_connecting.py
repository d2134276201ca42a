"""One story of a shop, whichever way it is connected: what the marketplaces are told is the same in the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from sfsync.models import Hint, StoreState
from sfsync.shops.prestashop.sample_shipments import ShipmentShop, upgrade
from sfsync.shops.prestashop.sample_webservice.serving import served
from sfsync.shops.prestashop.sample_webservice.standin import Standin
from sfsync.testing import CANCELED, DELIVERED, PAID, REFUNDED, SHIPPED, World
from tests.webservice.serving import connect

EXPECTED = {
    "shipped": [("ship", "6A10000000001")],
    "late number": [("ship", "6A10000000002")],
    "corrected": [("ship", "6A10000000003"), ("ship", "6A10000000033")],
    "canceled": [("cancel", "")],
    "refunded": [("ship", "6A10000000005"), ("refund", "")],
    "put back": [],
    "split": [("ship", "6A10000000007")],
    "by sql": [("ship", "6A10000000008")],
    "deleted": [],
    "delivered": [("ship", "6A10000000010"), ("deliver", "")],
    "cleaned": [("ship", "6A10000000011")],
}


WAYS = [
    *("database", "9.1 with shipments", "9.1 without"),
    *("webservice", "webservice with hints", "webservice and 9.1 with shipments", "webservice and the api's word"),
]


@pytest.fixture(params=WAYS)
def connected(request: pytest.FixtureRequest, db: None, tmp_path: Path) -> Iterator[World]:
    """Every order of the shop is known at Shopping Feed. Through the web service the shop shows their references alone,
    in the messages that their importer left."""
    world = World(tmp_path)
    orders, listing = world.shop.tables["orders"], world.shop.tables["shoppingfeed_order"]
    world.shop.execute(update(orders).values(module="sfpayment"))
    world.shop.execute(update(listing).values(name_marketplace="Cdiscount"))
    for order in map(world.shop.order, world.shop.order_ids()):
        assert order.feed_id
        world.sandbox.add_order(order.feed_id, reference=order.marketplace_reference, channel=order.channel)
        world.shop.execute(update(orders).where(orders.c.id_order == order.order_id).values(payment=order.channel))
    with_shipments(world, request.param)
    if not request.param.startswith("webservice"):
        yield world
        return
    standin = Standin(world.shop)
    with_bridge(standin, request.param)
    if request.param.endswith("word"):
        by_the_api(world)
    else:
        leave_messages(world, world.shop.order_ids())
    with served(standin) as url:
        connect(world, url)
        world.standin = standin  # type: ignore[attr-defined]
        yield world
        world.connections.close()


def with_shipments(world: World, way: str) -> None:
    """Of 9.1: every order was placed while they were switched on, or none."""
    if way.endswith("9.1 with shipments"):
        world.shop = upgrade(world.shop)
        world.shop.ship_apart(world.shop.order_ids())
    elif way == "9.1 without":
        world.shop = upgrade(world.shop, switched_on=False)


def with_bridge(standin: Standin, way: str) -> None:
    if way.endswith("shipments"):
        standin.version = "9.1.4"
        standin.rights |= {"shipments"}


def by_the_api(world: World) -> None:
    """Shopping Feed alone knows which order is which: no importer left a message."""
    for order in map(world.shop.order, world.shop.order_ids()):
        assert order.feed_id
        names = {"reference": order.marketplace_reference, "channel": order.channel}
        world.sandbox.add_order(order.feed_id, store_reference=str(order.order_id), **names)


def hint(world: World, *orders: int) -> None:
    """The bridge says that these were touched, and a run starts within a second."""
    now = world.now()
    StoreState.objects.filter(pk=world.store.pk).update(heard_at=now)
    names = {"message_id": f"m{Hint.objects.count()}", "orders": [str(each) for each in orders]}
    Hint.objects.create(store=world.store, at=now, look_at=now, **names)
    world.sync(wait=30)


def leave_messages(world: World, orders: Iterable[int]) -> None:
    for order in map(world.shop.order, orders):
        world.shop.add_message(order.order_id, f"Numéro de commande {order.channel} :{order.marketplace_reference}")


def settle(world: World) -> None:
    """Time passes, and the store is synchronised as it is on a schedule."""
    for _ in range(3):
        world.advance(minutes=2)
        world.sync(wait=30)


def split(world: World, order: int) -> int:
    """A second shop order of one marketplace order."""
    [other] = world.shop.add_orders(1)
    listing, orders = world.shop.tables["shoppingfeed_order"], world.shop.tables["orders"]
    names = ("id_internal_shoppingfeed", "id_order_marketplace", "name_marketplace")
    first = world.shop.rows(select(listing).where(listing.c.id_order == order))[0]._asdict()
    same = {name: first[name] for name in names}
    world.shop.execute(update(listing).where(listing.c.id_order == other).values(same))
    own = {"module": "sfpayment", "payment": same["name_marketplace"]}
    world.shop.execute(update(orders).where(orders.c.id_order == other).values(own))
    if world.shop.rows(select(world.shop.tables["message"])):
        leave_messages(world, [other])
    return other


def first_number(world: World, order: int, number: str) -> None:
    """PrestaShop 8 and 9 write a corrected number into the first row, whichever was edited; not so in shipments."""
    if isinstance(world.shop, ShipmentShop) and world.shop.switched_on:
        world.shop.edit_shipment(world.shop.shipments(order)[0], tracking_number=number)
        return
    parcels = world.shop.tables["order_carrier"]
    first = select(func.min(parcels.c.id_order_carrier)).where(parcels.c.id_order == order)
    row = world.shop.rows(first)[0][0]
    world.shop.execute(update(parcels).where(parcels.c.id_order_carrier == row).values(tracking_number=number))


def test_the_ledger_is_the_same_whichever_way_the_shop_is_connected(
    connected: World, request: pytest.FixtureRequest
) -> None:
    """R1, R2, R4, R5, R6, R8, R13a, R24, R38."""
    hinted = "hints" in request.node.name
    world, shop = connected, connected.shop
    world.sync()
    orders = {name: world.order() for name in EXPECTED}
    feed_ids = {name: world.feed_id(order) for name, order in orders.items()}
    other = split(world, orders["split"])
    settle(world)

    world.ship(orders["shipped"], "6A10000000001")
    world.ship(orders["late number"])
    world.ship(orders["corrected"], "6A10000000003")
    shop.set_status(orders["canceled"], CANCELED)
    world.ship(orders["refunded"], "6A10000000005")
    world.ship(orders["put back"], "6A10000000006")
    shop.set_status(orders["put back"], PAID)
    shop.set_tracking(orders["put back"], "")
    world.ship(orders["split"], "6A10000000007")
    shop.set_tracking(orders["by sql"], "6A10000000008")
    shop.set_status(orders["by sql"], SHIPPED, history=False)
    world.ship(orders["cleaned"])
    world.ship(orders["deleted"], "6A10000000009")
    rows = shop.tables["orders"]
    shop.execute(delete(rows).where(rows.c.id_order == orders["deleted"]))
    world.ship(orders["delivered"], "6A10000000010")
    if hinted:
        hint(world, *orders.values())
    settle(world)

    shop.set_tracking(orders["late number"], "6A10000000002")
    shop.remove_last_change(orders["cleaned"])
    shop.set_tracking(orders["cleaned"], "6A10000000011")
    shop.add_parcel(orders["corrected"], "")
    first_number(world, orders["corrected"], "6A10000000033")
    shop.set_status(orders["refunded"], REFUNDED)
    shop.set_status(orders["delivered"], DELIVERED)
    shop.set_status(other, CANCELED)
    if hinted:
        hint(world, *orders.values(), other)
    settle(world)
    settle(world)

    told = {name: world.sandbox.ledger.operations(feed_id) for name, feed_id in feed_ids.items()}
    assert {name: [(each.operation, each.tracking_number) for each in its] for name, its in told.items()} == EXPECTED
    assert world.sandbox.ledger.duplicates() == []


@pytest.mark.parametrize("connected", ["webservice"], indirect=True)
def test_a_part_that_is_deleted_is_missed_within_the_hour(connected: World) -> None:
    """R38: no list of ids tells that an order is not there any more."""
    world, shop, called_off = connected, connected.shop, connected.order()
    part = split(world, called_off)
    settle(world)
    shop.set_status(called_off, CANCELED)
    settle(world)
    assert world.accepted(called_off) == []
    orders = shop.tables["orders"]
    shop.execute(delete(orders).where(orders.c.id_order == part))
    world.advance(hours=1)
    settle(world)
    assert world.accepted(called_off) == [("cancel", "")]
