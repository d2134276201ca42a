"""The history of the orders' statuses: what the back office, modules and the web service write (R1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain
from typing import Any

from sqlalchemy import Row, func, select

from sfsync.shops.base import KnownOrders, Noticed
from sfsync.shops.keys import OrderKey, StatusKey
from sfsync.shops.prestashop.shop_database import ShopDatabase

OVERLAP = 500
"""Rows read again behind the cursor: ids are given out in order but committed out of order."""

Rows = Sequence[Row[Any]]


class History:
    """The cursor is how far it was read (`at`, a row id), the `last` row that is still read again, and the `window`:
    the ids of all those that are read again, so that nothing is found twice. Where the last row is missing, or another
    one, the shop went back to an earlier state."""

    name = "history"
    lists = False
    needed = True
    share = 1.0
    every = timedelta()

    def __init__(self, database: ShopDatabase) -> None:
        self._database = database

    def after(self, cursor: dict[str, Any] | None, orders: KnownOrders) -> Iterator[Noticed]:
        if cursor is None:
            yield self._start()
            return
        place = cursor
        pages = self.pages(max(place["at"] - OVERLAP, 0))
        first = next(pages, [])
        if place["last"] is not None and place["last"] not in map(_kept, first):
            yield Noticed(restarted="shop-restored")
            return
        for page in chain([first] if first else [], pages):
            known = set(place["window"])
            if fresh := [row for row in page if row.id_order_history not in known]:
                place = _further(place["window"], fresh, max(place["at"], _id(fresh[-1])), page)
                yield Noticed(touched=_statuses(fresh), cursor=place)

    def pages(self, row_id: int) -> Iterator[Rows]:
        """Status changes by rising row id beyond the one given."""
        history = self._database.tables.order_history
        columns = select(history.c.id_order_history, history.c.id_order, history.c.id_order_state)
        rows = self._database.with_order(columns, history)
        return self._database.pages(rows, history.c.id_order_history, row_id)

    def last_id(self) -> int:
        """The newest row, of all shops of the database: a cursor behind which nothing is new for this one either. 0
        where there is none."""
        rows = self._database.rows(select(func.max(self._database.tables.order_history.c.id_order_history)))
        return rows[0][0] or 0

    def _start(self) -> Noticed:
        """What happened before is judged by the sweep, what comes next by the history."""
        last = self.last_id()
        rows = [row for page in self.pages(max(last - OVERLAP, 0)) for row in page if _id(row) <= last]
        return Noticed(cursor=_further([], rows, last, rows))


def _id(row: Row[Any]) -> int:
    return int(row.id_order_history)


def _kept(row: Row[Any]) -> list[Any]:
    return [row.id_order_history, str(row.id_order), str(row.id_order_state)]


def _statuses(rows: Sequence[Any]) -> dict[OrderKey, list[StatusKey]]:
    found: dict[OrderKey, list[StatusKey]] = defaultdict(list)
    for _id, order, status in rows:
        found[str(order)].append(str(status))
    return found


def _further(window: list[int], fresh: Rows, at: int, page: Rows) -> dict[str, Any]:
    """The newest row that is still read again the next time is the one to know the shop by."""
    behind = at - OVERLAP
    last = _kept(page[-1]) if page and _id(page[-1]) > behind else None
    return {"at": at, "last": last, "window": [each for each in [*window, *map(_id, fresh)] if each > behind]}
