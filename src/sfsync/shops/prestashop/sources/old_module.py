"""Orders that shoppingfluxexport imported (R24): it keeps no list, but pays them with a method of its own and leaves
their reference in a message."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any
from zlib import crc32

from sqlalchemy import ColumnElement, Row, Select, func, select

from sfsync.shops.base import PAGE, KnownOrders, Listing, Noticed, ShopMisconfigured
from sfsync.shops.keys import OrderKey
from sfsync.shops.prestashop.among import Among
from sfsync.shops.prestashop.clock import long_ago, to_utc
from sfsync.shops.prestashop.importers_message import LIKE, reference_in
from sfsync.shops.prestashop.problems import DENIED, Misconfigured, error_number
from sfsync.shops.prestashop.shop_database import ShopDatabase, batches
from sfsync.shops.prestashop.sources.table import OVERLAP, ModuleTable, edge_of

MODULE = "sfpayment"
"""Its method of payment, which the newer module took over: what that one lists is left to it."""
MOMENT = timedelta(hours=1)
"""In which the message of an order is written, after it; and in which a shop that has no such orders is not asked
again."""


class OldModule:
    """The cursor is how far the orders were read (`at`), a number for what stood in the `overlap`, whether one `waits`
    for its message, and when they were `asked` for. An order whose cart was split has the message of its twin: both
    have one reference in the shop.
    """

    name = "old_module"
    lists = True
    needed = False
    share = 1.0
    every = timedelta(minutes=1)

    def __init__(self, database: ShopDatabase, table: ModuleTable) -> None:
        self._database, self._table = database, table
        self._present: bool | None = None

    def after(self, cursor: dict[str, Any] | None, orders: KnownOrders) -> Iterator[Noticed]:
        place = cursor or {"at": 0, "overlap": 0, "waits": False, "asked": None}
        if not place["at"] and not long_ago(place["asked"], orders.now, MOMENT):
            return
        place |= {"asked": orders.now.isoformat()} if not place["at"] else {}
        overlap: list[Row[Any]] = []
        for rows in self._pages(max(place["at"] - OVERLAP, 0), edge_of(orders.since)):
            overlap = [each for each in [*overlap, *rows] if each.id_order > rows[-1].id_order - OVERLAP]
            there = {"at": rows[-1].id_order, "overlap": crc32(repr(overlap).encode())}
            if place["waits"] or place != place | there:
                listings = [each for each in self._listings(rows) if each.created_at >= orders.since]
                young = {str(each.id_order) for each in rows if self._created_at(each) > orders.now - MOMENT}
                place = place | there | {"waits": bool(young - {each.key for each in listings})}
                self._present = True if listings else self._present
                yield Noticed(listings=listings, cursor=place)
        if not place["at"]:
            self._present = False
            yield Noticed(cursor=place)

    def of(self, keys: Collection[OrderKey]) -> list[Listing]:
        order_id = self._database.tables.orders.c.id_order
        pages = [self._database.rows(self._orders().where(Among(order_id, some))) for some in batches(keys, PAGE)]
        return [listing for rows in pages for listing in self._listings(rows)]

    @property
    def present(self) -> bool:
        """There are such orders."""
        if self._present is None:
            self._present = self.count() > 0
        return self._present

    def count(self) -> int:
        """Those that a message names: the others may be the newer module's, whose list is gone. Where messages cannot
        be read nobody can tell them apart, and following them says why."""
        found = self._counted(self._orders())
        try:
            return self._counted(self._orders().where(self._is_named())) if found else 0
        except ShopMisconfigured:
            return found

    def _counted(self, orders: Select[Any]) -> int:
        return int(self._database.rows(select(func.count()).select_from(orders.subquery()))[0][0])

    def _is_named(self) -> ColumnElement[bool]:
        """It, or its twin."""
        orders, message = self._database.tables.orders, self._database.tables.message
        twin = orders.alias()
        told = select(message.c.id_message).join_from(twin, message, message.c.id_order == twin.c.id_order)
        named = (twin.c.reference == orders.c.reference, message.c.private == 1, message.c.message.like(LIKE))
        return told.where(*named).exists()

    def forget(self) -> None:
        """What may be otherwise the next time it is asked."""
        self._present = None

    def _pages(self, after: int, edge: str) -> Iterator[Sequence[Row[Any]]]:
        orders = self._database.tables.orders.c
        rows = self._orders()
        rows = rows.where(func.coalesce(orders.date_add, "") >= edge) if edge else rows
        return self._database.pages(rows, orders.id_order, after)

    def _orders(self) -> Select[Any]:
        """Those that the newer module does not list."""
        tables = self._database.tables
        orders, listing = tables.orders, tables.listing
        rows = select(orders.c.id_order, orders.c.reference, orders.c.payment, orders.c.date_add).where(
            orders.c.module == MODULE, tables.of_shop(self._database.shop_id)
        )
        if self._table.is_missing:
            return rows
        listed = select(listing.c.id_order).where(listing.c.id_order == orders.c.id_order)
        return rows.where(~listed.exists())

    def _listings(self, rows: Sequence[Row[Any]]) -> list[Listing]:
        """Those that have a message; without one nothing says which marketplace order they are."""
        told = self._references({row.reference for row in rows}) if rows else {}
        return [
            Listing(
                row_id=row.id_order,
                key=str(row.id_order),
                shop_reference=row.reference or "",
                feed_id=None,
                reference=told[row.reference],
                channel=row.payment or "",
                created_at=self._created_at(row),
            )
            for row in rows
            if told.get(row.reference)
        ]

    def _references(self, references: set[str]) -> dict[str, str]:
        """The shop's reference → the marketplace's, from the first message."""
        orders, message = self._database.tables.orders, self._database.tables.message.c
        rows = (
            select(orders.c.reference, message.message)
            .join_from(orders, self._database.tables.message, message.id_order == orders.c.id_order)
            .where(orders.c.reference.in_(sorted(references)), message.private == 1, message.message.like(LIKE))
            .order_by(message.id_message.desc())
        )
        try:
            found = self._database.rows(rows)
        except ShopMisconfigured as error:
            raise self._not_allowed(error) from error.__cause__
        return {row.reference: told for row in found if (told := reference_in(row.message))}

    def _not_allowed(self, error: ShopMisconfigured) -> ShopMisconfigured:
        """The right to these columns is enough, and nothing personal is in them."""
        if error.__cause__ is None or error_number(error.__cause__) not in DENIED:
            return error
        name, place = self._database.tables.message.name, self._database.connection.place
        grant = place.grant(name, "id_message, id_order, message, private")
        return Misconfigured(
            f"Orders of shoppingfluxexport have their reference in {name}: the account may not read it. Run: {grant}",
            code="right",
        )

    def _created_at(self, row: Row[Any]) -> Any:
        return to_utc(row.date_add, self._database.about.zone)
