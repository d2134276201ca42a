"""What older versions keep elsewhere: up to PrestaShop 1.7 an order may have its number in `orders` alone (R2)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from sfsync.shops.prestashop.sample import SampleShop, build
from sfsync.shops.prestashop.shop import PrestaShop
from sfsync.testing import SHIPPED, World

Connect = Callable[..., PrestaShop]


@pytest.fixture
def old(shop_url: str) -> SampleShop:
    """As of 1.7.8: with the column that 8 has no more."""
    return make_old(build(shop_url, limit=5))


def make_old(sample: SampleShop) -> SampleShop:
    configuration = sample.tables["configuration"]
    sample.execute(text("ALTER TABLE ps_orders ADD COLUMN shipping_number VARCHAR(64)"))
    sample.execute(configuration.delete().where(configuration.c.name == "PS_VERSION_DB"))
    columns = {column.name for column in configuration.columns}
    row = {"id_configuration": 90001, "name": "PS_VERSION_DB", "value": "1.7.8.11", "date_add": sample.time()}
    row |= {"date_upd": sample.time(), "id_shop": None, "id_shop_group": None}
    sample.execute(configuration.insert().values({name: value for name, value in row.items() if name in columns}))
    return sample


def write(sample: SampleShop, order: int, number: str) -> None:
    sample.execute(text(f"UPDATE ps_orders SET shipping_number = '{number}' WHERE id_order = {order}"))


def seen(shop: PrestaShop, order: int) -> tuple[str, str]:
    """By a look, and by a reading: they must agree."""
    glance, reading = shop.reader.look([str(order)])[str(order)], shop.reader.read([str(order)])[str(order)]
    assert glance.written == reading.seen.written
    return glance.tracking_number, reading.tracking_number


def test_a_number_in_the_order_alone_counts_where_no_parcel_has_one(old: SampleShop, connect: Connect) -> None:
    order, shop = old.order_ids()[0], connect(old.url)
    assert seen(shop, order) == ("", "")
    write(old, order, "OWN-11111")
    assert seen(shop, order) == ("OWN-11111", "OWN-11111")
    old.set_tracking(order, "PARCEL-22222")
    assert seen(shop, order) == ("PARCEL-22222", "PARCEL-22222")
    old.add_parcel(order, "")
    assert seen(shop, order) == ("PARCEL-22222", "PARCEL-22222")


def test_an_order_without_any_parcel_has_it_too(old: SampleShop, connect: Connect) -> None:
    order, parcels = old.order_ids()[0], old.tables["order_carrier"]
    old.execute(parcels.delete().where(parcels.c.id_order == order))
    write(old, order, "OWN-11111")
    assert seen(connect(old.url), order) == ("OWN-11111", "OWN-11111")


def test_a_number_in_the_order_moves_the_number_of_its_block(old: SampleShop, connect: Connect) -> None:
    order, shop = old.order_ids()[0], connect(old.url)
    before = shop.sweep.fingerprints([order // 64])
    write(old, order, "OWN-11111")
    assert shop.sweep.fingerprints([order // 64]) != before


@pytest.mark.django_db
def test_it_is_found_and_told(tmp_path: Path) -> None:
    """R2: whatever its status."""
    world = World(tmp_path)
    make_old(world.shop)
    order = world.order()
    world.sync()
    write(world.shop, order, "OWN-11111")
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "OWN-11111")]
    world.shop.set_status(order, SHIPPED)
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "OWN-11111")]
