"""One shop of a PrestaShop database: what its reader and all its sources work with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Select, Table

from sfsync.shops.base import PAGE
from sfsync.shops.keys import OrderKey
from sfsync.shops.prestashop.about import About, read_about
from sfsync.shops.prestashop.connection import Database
from sfsync.shops.prestashop.tables import tables_under


class ShopDatabase:
    """Runs statements, on tables under one prefix. Orders of another shop of the database are invisible.

    Raises `ShopMisconfigured` at once when the url or the prefix could never work. Not for several threads at once.
    """

    def __init__(self, url: str, *, prefix: str, shop_id: int, timeout: float, return_column: str = "") -> None:
        self.tables = tables_under(prefix)
        self.connection = Database(url, prefix=prefix, timeout=timeout)
        self.shop_id = shop_id
        column = self.tables.text_of(return_column).label("return_number") if return_column else None
        self.return_numbers: Sequence[ColumnElement[Any]] = () if column is None else (column,)
        """The column of the return labels' numbers, where the settings name one (R27)."""
        self._about: About | None = None

    def __repr__(self) -> str:
        return f"{self.connection!r}, prefix={self.tables.prefix!r}, shop_id={self.shop_id}"

    def rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        return self.connection.rows(statement)

    @property
    def about(self) -> About:
        """Asked once a connection."""
        if self._about is None:
            self._about = read_about(self.connection, self.tables, self.shop_id)
        return self._about

    @property
    def number(self) -> ColumnElement[Any]:
        """The tracking number of a row of an order and its parcel."""
        return self.tables.number_of_parcel(in_orders=self.about.numbers_in_orders)

    def pages(self, rows: Select[Any], key: Column[Any], after: int) -> Iterator[Sequence[Row[Any]]]:
        """Pages by rising key. A page is a statement of its own, so nothing is held open between two."""
        while True:
            page = self.rows(rows.where(key > after).order_by(key).limit(PAGE))
            if page:
                yield page
                after = getattr(page[-1], key.name)
            if len(page) < PAGE:
                return

    def with_order(self, rows: Select[Any], table: Table) -> Select[Any]:
        """Rows of `table` with their order, if it is one of this shop.

        The outer join, which `coalesce` in the conditions keeps from being made an inner one, leaves the database no
        choice but to walk `table` by its key. Left to choose, MariaDB and SQLite sort all orders for every page.
        """
        orders = self.tables.orders
        joined = rows.join_from(table, orders, orders.c.id_order == table.c.id_order, isouter=True)
        return joined.where(self.tables.of_shop(self.shop_id))

    def close(self) -> None:
        self.connection.close()
        self._about = None


def batches(keys: Collection[OrderKey | int], size: int) -> Iterator[list[int]]:
    """Ids, for a statement each."""
    ordered = sorted(set(map(int, keys)))
    return (ordered[start : start + size] for start in range(0, len(ordered), size))
