"""Each version's schema, cut down to the columns that are read: whatever else a version lacks does not matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from sfsync.shops.prestashop.sample import SampleShop, build
from sfsync.shops.prestashop.sample_shipments import upgrade
from sfsync.shops.prestashop.shop import PrestaShop
from sfsync.shops.prestashop.tables import COLUMNS, WISHED
from tests.database.prestashop.conftest import Connect

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
PREFIX = "cut_"
MODULES = ("module", "module_shop", "hook", "hook_module", "message")


@dataclass(frozen=True)
class Schema:
    """What a version has beside the tables that every one has. `numbers_in_orders`: `orders.shipping_number`."""

    version: str
    numbers_in_orders: bool = False
    tables: tuple[str, ...] = MODULES
    notes: tuple[str, ...] = ()


SCHEMAS = [
    Schema("1.6.1.24", numbers_in_orders=True),
    Schema("1.7.8.11", numbers_in_orders=True, tables=(*MODULES, "feature_flag")),
    Schema("8.2.4", tables=(*MODULES, "feature_flag")),
    Schema("9.0.3", tables=(*MODULES, "feature_flag")),
    Schema("9.1.4", tables=(*MODULES, "feature_flag", "shipment"), notes=("shipments-off",)),
]


def cut(shop: SampleShop, schema: Schema) -> None:
    """The same rows under another prefix, with the columns that are read and no others."""
    read = {**COLUMNS, **{name: WISHED[name] for name in schema.tables}}
    for table, columns in read.items():
        names = ", ".join(columns)
        shop.execute(text(f"CREATE TABLE {PREFIX}{table} AS SELECT {names} FROM ps_{table}"))
    if schema.numbers_in_orders:
        shop.execute(text(f"ALTER TABLE {PREFIX}orders ADD COLUMN shipping_number VARCHAR(64)"))
    version = text(f"UPDATE {PREFIX}configuration SET value = :version WHERE name = 'PS_VERSION_DB'")
    shop.execute(version.bindparams(version=schema.version))


@pytest.fixture
def full(tmp_path: Path) -> SampleShop:
    """With the tables of every version, and the statuses, numbers and carriers of ten orders."""
    shop = upgrade(build(f"sqlite:///{tmp_path / 'shop.sqlite3'}", limit=10), switched_on=False)
    first, second, third, *_ = shop.order_ids()
    shop.set_tracking(first, "6A10000000001", carrier_id=1)
    shop.set_status(first, 4)
    shop.add_parcel(second, "6A10000000002")
    shop.by_old_module(third)
    return shop


@pytest.mark.parametrize("schema", SCHEMAS, ids=[each.version for each in SCHEMAS])
def test_a_version_is_read_whatever_columns_it_lacks(schema: Schema, full: SampleShop, connect: Connect) -> None:
    """R1, R2, R24: probe, lists, sources and readings say the same as those of the whole schema."""
    cut(full, schema)
    whole, shop = connect(full.url), connect(full.url, prefix=PREFIX)
    keys = [str(each) for each in full.order_ids()]
    facts = shop.reader.probe()
    assert (facts.version, facts.known_by) == (schema.version, whole.reader.probe().known_by)
    assert [each.code for each in facts.notes] == [*schema.notes]
    assert _said(shop, keys) == _said(whole, keys)
    assert shop.in_the_way() == whole.in_the_way()
    assert shop.history.last_id() == whole.history.last_id()
    assert shop.sweep.fingerprints([0]).keys() == whole.sweep.fingerprints([0]).keys()


def _said(shop: PrestaShop, keys: list[str]) -> list[object]:
    reader = shop.reader
    seen = {key: (each.status, each.written) for key, each in reader.look(keys).items()}
    assert seen == {key: (each.seen.status, each.seen.written) for key, each in reader.read(keys).items()}
    listed = sorted(shop.listed(keys), key=lambda each: each.key)
    return [seen, listed, reader.read(keys), reader.placed(keys), reader.statuses("fr"), reader.carriers()]


def test_a_version_of_which_nothing_is_known_is_missing_from_no_list() -> None:
    """The versions that docs/prestashop.md says are tested are these."""
    said = (Path(__file__).parents[3] / "docs/prestashop.md").read_text(encoding="utf-8")
    matrix = said.partition("## Which versions")[2].partition("\n## ")[0]
    for schema in SCHEMAS:
        assert f"| {'.'.join(schema.version.split('.')[: 3 if schema.version.startswith('1') else 2])}" in matrix
