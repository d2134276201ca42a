"""The shop's server never walks its orders for us: every query goes by a key (prestashop.md, *Finding changes*)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, event, text

from sfsync.shops.prestashop.sample import SampleShop, build
from sfsync.shops.prestashop.shop import PrestaShop
from sfsync.shops.prestashop.sources.sweep import BLOCK
from tests import services

ORDERS = 20_000
Plan = list[dict[str, Any]]


@pytest.fixture(scope="module")
def big(mariadb_server: services.Server) -> Iterator[tuple[SampleShop, list[int]]]:
    """A shop of 20,000 marketplace orders, all recent, all of one shop: the case that planners get wrong."""
    name = f"test_plans_{uuid4().hex[:12]}"
    sample = build(mariadb_server.database(name), limit=10)
    ids = sample.add_orders(ORDERS)
    with sample.engine.begin() as connection:
        for table in sample.tables.values():
            connection.execute(text(f"ANALYZE TABLE {table.name}"))
    yield sample, ids
    sample.close()
    mariadb_server.drop(name)


@pytest.fixture
def plan(big: tuple[SampleShop, list[int]]) -> Callable[[Callable[[PrestaShop], object]], Plan]:
    """What the server plans for the queries of a call."""

    def explain(call: Callable[[PrestaShop], object]) -> Plan:
        rows: Plan = []

        def ask(connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            if statement.startswith("SELECT") and " FROM ps_" in statement.replace("\n", ""):
                with connection.connection.dbapi_connection.cursor() as cursor:  # type: ignore[union-attr]
                    cursor.execute(f"EXPLAIN {statement}", parameters)
                    names = [column[0] for column in cursor.description]
                    rows.extend(dict(zip(names, row, strict=True)) for row in cursor.fetchall())

        event.listen(Engine, "before_cursor_execute", ask)
        shop = PrestaShop(big[0].url)
        try:
            call(shop)
        finally:
            event.remove(Engine, "before_cursor_execute", ask)
            shop.close()
        return rows

    return explain


def by(rows: Plan, table: str) -> set[tuple[str, str]]:
    return {(row["type"], row["key"]) for row in rows if row["table"] == table}


def test_the_history_is_followed_by_its_key(plan: Callable[..., Plan], big: tuple[SampleShop, list[int]]) -> None:
    for after in (0, ORDERS - 100):
        rows = plan(lambda shop, after=after: next(shop.history.pages(after)))
        assert by(rows, "ps_order_history") == {("range", "PRIMARY")}
        assert by(rows, "ps_orders") == {("eq_ref", "PRIMARY")}
        assert not any("filesort" in (row["Extra"] or "") for row in rows)


def test_new_orders_are_followed_by_their_key(plan: Callable[..., Plan]) -> None:
    since = datetime.now(UTC) - timedelta(days=90)
    rows = plan(lambda shop: next(shop.table.pages(0, since=since)))
    assert by(rows, "ps_shoppingfeed_order") == {("range", "PRIMARY")}
    assert by(rows, "ps_orders") == {("eq_ref", "PRIMARY")}
    assert not any("filesort" in (row["Extra"] or "") for row in rows)


@pytest.mark.parametrize("number", [1, 500, 5000])
def test_a_glance_goes_by_order(plan: Callable[..., Plan], big: tuple[SampleShop, list[int]], number: int) -> None:
    rows = plan(lambda shop: shop.reader.look(big[1][:number]))
    assert by(rows, "ps_orders") <= {("range", "PRIMARY"), ("eq_ref", "PRIMARY"), ("const", "PRIMARY")}
    assert by(rows, "ps_orders")
    assert by(rows, "ps_order_carrier") == {("ref", "ps_order_carrier_id_order")}


@pytest.mark.parametrize("every", [1, 3])
def test_fingerprints_go_by_order(plan: Callable[..., Plan], big: tuple[SampleShop, list[int]], every: int) -> None:
    """Of all blocks, and of scattered ones."""
    blocks = sorted({order_id // BLOCK for order_id in big[1]})[::every]
    rows = plan(lambda shop: shop.sweep.fingerprints(blocks[: 300 // every]))
    assert by(rows, "ps_orders") <= {("range", "PRIMARY"), ("index", "PRIMARY")}
    assert by(rows, "ps_order_carrier") == {("ref", "ps_order_carrier_id_order")}


@pytest.mark.parametrize("number", [1, 1000])
def test_a_full_reading_goes_by_order(
    plan: Callable[..., Plan], big: tuple[SampleShop, list[int]], number: int
) -> None:
    rows = plan(lambda shop: shop.reader.read(big[1][:number]))
    for table in ("ps_orders", "ps_order_history", "ps_order_carrier"):
        assert by(rows, table)
        assert "ALL" not in {kind for kind, _ in by(rows, table)}


def test_the_last_change_is_read_off_the_key(plan: Callable[..., Plan], big: tuple[SampleShop, list[int]]) -> None:
    with big[0].engine.connect() as connection:
        rows = connection.execute(text("EXPLAIN SELECT max(id_order_history) FROM ps_order_history")).mappings().all()
    assert [row["Extra"] for row in rows] == ["Select tables optimized away"]
