"""PrestaShop 9.1 keeps numbers and carriers of parcels in shipments, if it is told to (R2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from sfsync.engine.watch.doctor import examine_store
from sfsync.engine.watch.health import health_of
from sfsync.models import Cursor
from sfsync.shops.base import Weight
from sfsync.shops.prestashop.sample import SampleShop
from sfsync.shops.prestashop.sample_shipments import ShipmentShop, upgrade
from sfsync.shops.prestashop.shop import PrestaShop
from sfsync.shops.prestashop.sources.shipments import version_of
from sfsync.shops.prestashop.tables import COLUMNS
from sfsync.testing import SHIPPED, World
from tests.database.prestashop.conftest import Account, Connect
from tests.database.prestashop.recorded_shop import recorded

NUMBERS = {
    1: ["NINE1"],
    3: [],
    6: ["SHP-A2", "SHP-A1c"],
    7: ["OLD-B2"],
    8: ["BO-8", "OLD-8"],
    9: ["WS-9"],
    23: ["N1-23", "WS-23"],
    26: ["N3-26", "N2-26", "N1-26"],
    27: [],
    36: [],
    45: ["OLD-45"],
}
"""Of a shop as it stood: order → its numbers, the newest shipment's first."""


@pytest.fixture
def upgraded(sample: SampleShop) -> ShipmentShop:
    """Every order but the last has its shipment."""
    shop = upgrade(sample)
    shop.ship_apart(shop.order_ids()[:-1])
    return shop


def numbers(shop: PrestaShop, order: int) -> list[str]:
    """By a look, and by a reading: they must agree."""
    key = str(order)
    glance, reading = shop.reader.look([key])[key], shop.reader.read([key])[key]
    assert glance == reading.seen
    return [each.tracking_number for each in reading.parcels]


def test_a_shop_as_it_stood_is_read_from_both_places(shop_url: str, connect: Connect) -> None:
    recorded(shop_url, "prestashop-9.1.4").close()
    shop = connect(shop_url)
    assert {order: numbers(shop, order) for order in NUMBERS} == NUMBERS
    assert "42" not in shop.reader.look(["42"])
    assert [each.code for each in shop.reader.probe().notes] == ["shipments-on"]


def test_each_parcel_has_the_carrier_of_its_shipment(upgraded: ShipmentShop, connect: Connect) -> None:
    """The order itself has none."""
    order = upgraded.order_ids()[0]
    upgraded.edit_shipment(upgraded.shipments(order)[0], tracking_number="T-1", id_carrier=2)
    upgraded.add_shipment(order, "T-2", carrier_id=3)
    read = connect(upgraded.url).reader.read([str(order)])[str(order)]
    assert [(each.tracking_number, each.carrier_id) for each in read.parcels] == [("T-2", "3"), ("T-1", "2")]
    assert read.carrier_id == "3"
    assert all(each.carrier_name for each in read.parcels)


def test_of_a_number_that_stands_in_both_places_the_shipment_counts(upgraded: ShipmentShop, connect: Connect) -> None:
    order = upgraded.order_ids()[0]
    upgraded.set_tracking(order, "T-1")
    SampleShop.set_tracking(upgraded, order, "T-1")
    assert numbers(connect(upgraded.url), order) == ["T-1"]


def test_switched_off_again_the_carriers_tab_comes_first(upgraded: ShipmentShop, connect: Connect) -> None:
    """The shipments stay, and are kept up to date no longer."""
    order = upgraded.order_ids()[0]
    upgraded.set_tracking(order, "T-1")
    upgraded.switch(on=False)
    upgraded.set_tracking(order, "T-2")
    shop = connect(upgraded.url)
    assert numbers(shop, order) == ["T-2", "T-1"]
    assert [each.code for each in shop.reader.probe().notes] == ["shipments-off"]


def test_a_shop_before_them_is_not_asked_for_them(
    mariadb_sample: SampleShop, connect: Connect, statements: list[str]
) -> None:
    shop = connect(mariadb_sample.url)
    shop.reader.read(["6"])
    assert shop.reader.probe().notes == ()
    assert not [each for each in statements if "ps_shipment" in each or "feature_flag" in each]


@pytest.mark.parametrize(
    ("version", "numbers"), [("9.1.4", (9, 1, 4)), ("10.0.0-beta", (10, 0, 0)), ("", ()), ("nightly", ())]
)
def test_versions_are_compared_as_numbers(version: str, numbers: tuple[int, ...]) -> None:
    assert version_of(version) == numbers


class Ours:
    """Every order is one of ours."""

    now, since = datetime.now(UTC), datetime(2000, 1, 1, tzinfo=UTC)

    def known(self, keys: Any) -> Any:
        return keys


def touched(shop: PrestaShop, cursor: Any) -> tuple[set[str], Any]:
    pages = list(shop.shipments.after(cursor, Ours()))  # type: ignore[arg-type]
    last = [page.cursor for page in pages if page.cursor]
    return {key for page in pages for key in page.touched}, last[-1] if last else cursor


CHANGES: dict[str, Callable[[ShipmentShop, int], object]] = {
    "a number": lambda shop, order: shop.set_tracking(order, "T-2"),
    "a number taken away": lambda shop, order: shop.set_tracking(order, ""),
    "another carrier": lambda shop, order: shop.edit_shipment(shop.shipments(order)[0], id_carrier=4),
    "a split": lambda shop, order: shop.add_shipment(order),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_of_a_shipment_is_noticed(
    upgraded: ShipmentShop, connect: Connect, change: Callable[[ShipmentShop, int], object]
) -> None:
    order = upgraded.order_ids()[2]
    upgraded.set_tracking(order, "T-1")
    shop = connect(upgraded.url)
    nothing, cursor = touched(shop, None)
    assert (nothing, touched(shop, cursor)) == (set(), (set(), cursor))
    change(upgraded, order)
    assert str(order) in touched(shop, cursor)[0]


def test_an_account_of_before_goes_on_with_a_warning_and_what_to_grant(
    mariadb_sample: SampleShop, account: Account, connect: Connect
) -> None:
    upgrade(mariadb_sample)
    shop = connect(account(*(f"ps_{table}" for table in COLUMNS)))
    assert touched(shop, None)[0] == set()
    assert shop.reader.look(["6"]).keys() == shop.reader.read(["6"]).keys() == {"6"}
    [note] = shop.reader.probe().notes
    assert (note.weight, note.code) == (Weight.WARNING, "shipments-unseen")
    assert [table in note.evidence for table in ("`ps_shipment`", "`ps_feature_flag`")] == [True, True]
    assert note.evidence.count("GRANT SELECT ON") == 2


@pytest.fixture
def world(tmp_path: Path, db: None) -> World:
    world = World(tmp_path)
    world.shop = upgrade(world.shop)
    world.shop.ship_apart(world.shop.order_ids())
    world.sync()
    return world


def test_a_number_that_comes_late_in_a_shipment_is_told(world: World) -> None:
    """R4: nothing but the shipment's own row moves."""
    order = world.ship(world.order())
    world.sync(wait=5)
    assert world.accepted(order) == []
    world.shop.set_tracking(order, "T-1")
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-1")]


def test_a_shop_that_moves_to_shipments_is_told_nothing_twice(tmp_path: Path, db: None) -> None:
    """R11, R13a: an order that was told with a number of its carrier, and then has it in a shipment."""
    world = World(tmp_path)
    old, young = world.ship(world.order(), "T-1"), world.order()
    world.sync(wait=5)
    world.shop = upgrade(world.shop)
    world.shop.ship_apart([old, young])
    world.shop.set_tracking(old, "T-1")
    world.ship(young, "T-2")
    for _ in range(2):
        world.advance(minutes=2)
        world.connections.close()
        world.sync(wait=5)
    assert (world.accepted(old), world.accepted(young)) == ([("ship", "T-1")], [("ship", "T-2")])
    assert world.sandbox.ledger.duplicates() == []


def test_what_cannot_be_seen_any_more_stops_nothing(world: World) -> None:
    """A number that was seen stays known, and the other orders are told."""
    world.shop.execute(text("ALTER TABLE ps_shipment RENAME TO elsewhere"))
    world.connections.close()
    order = world.order()
    SampleShop.set_tracking(world.shop, order, "T-1")
    world.shop.set_status(order, SHIPPED)
    world.advance(minutes=2)
    assert world.sync(wait=5).troubles == []
    assert world.accepted(order) == [("ship", "T-1")]


def test_the_doctor_says_where_the_numbers_are_read_from(world: World) -> None:
    [health] = health_of([world.store], world.now())
    lines = [each for each in examine_store(world.store, health, world.connections) if each.code == "shipments-on"]
    assert [(each.text, each.advice) for each in lines] == [
        ("Tracking numbers are read from the shipments of PrestaShop 9.1, and from the carriers of older orders.", "")
    ]


def test_the_cursor_forgets_shipments_that_are_too_old(world: World) -> None:
    """R5: so a shop of many years costs what one of three months does."""
    shipment = world.shop.tables["shipment"]
    assert Cursor.objects.get(name="shipments").position["first"] == 1
    world.shop.execute(shipment.update().where(shipment.c.id_shipment < 10).values(date_add="2001-01-01 00:00:00"))
    world.advance(days=1, minutes=1)
    world.sync()
    assert Cursor.objects.get(name="shipments").position["first"] == 10


def contents(shop: PrestaShop, order: int) -> dict[str, list[tuple[int, str, str]]]:
    found = shop.reader.contents([str(order)]).get(str(order), {})
    return {key: [(each.quantity, each.name, each.reference) for each in items] for key, items in found.items()}


def test_a_shop_as_it_stood_shows_what_is_in_its_parcels(shop_url: str, connect: Connect) -> None:
    """Split in two, and merged back; what was taken out of an order is in its shipment no more."""
    recorded(shop_url, "prestashop-9.1.4").close()
    shop, shirt, mug = (
        connect(shop_url),
        "Hummingbird printed t-shirt (Size: {0} - Color: {1})",
        "Mug The best is yet to come",
    )
    split = {"s1": [(1, shirt.format("S", "White"), "demo_1")]}
    split["s4"] = [(1, shirt.format("S", "White"), "demo_1"), (3, mug, "demo_11")]
    assert contents(shop, 6) == split
    assert contents(shop, 27) == {"s35": [(1, shirt.format("M", "White"), "demo_1"), (1, mug, "demo_11")]}
    assert contents(shop, 34) == {"s44": [(2, shirt.format("S", "Black"), "demo_1")]}
    assert contents(shop, 1) == {}


def test_what_is_in_each_shipment_is_read(upgraded: ShipmentShop, connect: Connect) -> None:
    """An order that was split: an article can be in both."""
    order, other = upgraded.order_ids()[:2]
    first, second = upgraded.shipments(order)[0], upgraded.add_shipment(order, "T-2")
    upgraded.put_into(first, "Mug", 2, reference="demo_11")
    upgraded.put_into(first, "Cushion")
    upgraded.put_into(second, "Mug", 1, reference="demo_11")
    upgraded.put_into(upgraded.shipments(other)[0], "Frame")
    assert contents(connect(upgraded.url), order) == {
        f"s{first}": [(2, "Mug", "demo_11"), (1, "Cushion", "")],
        f"s{second}": [(1, "Mug", "demo_11")],
    }


def test_an_account_that_may_not_read_articles_shows_none(
    mariadb_sample: SampleShop, account: Account, connect: Connect
) -> None:
    shop = upgrade(mariadb_sample)
    order = shop.order_ids()[0]
    shop.ship_apart([order])
    shop.put_into(shop.shipments(order)[0], "Mug")
    readable = [f"ps_{name}" for name in [*COLUMNS, "shipment", "feature_flag"] if name in shop.tables]
    assert contents(connect(account(*readable)), order) == {}
    assert [*contents(connect(account("*")), order).values()] == [[(1, "Mug", "")]]


def test_a_shop_without_shipments_is_not_asked_what_is_in_them(
    mariadb_sample: SampleShop, connect: Connect, statements: list[str]
) -> None:
    shop = connect(mariadb_sample.url)
    assert contents(shop, mariadb_sample.order_ids()[0]) == {}
    assert not [each for each in statements if "shipment_product" in each or "order_detail" in each]
