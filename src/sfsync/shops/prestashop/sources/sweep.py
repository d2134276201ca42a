"""Compare the open orders with what was last seen of them: the look that sees everything, tracking numbers and what was
written by plain SQL (R2, R5).

Most of the time nothing has changed, so the server is first asked for one number per block of orders, and only the
blocks whose number has moved since the last sweep are looked at, order by order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from sfsync.shops.base import Group, KnownOrders, Noticed
from sfsync.shops.prestashop.checksum import Checksum
from sfsync.shops.prestashop.clock import long_ago
from sfsync.shops.prestashop.shop_database import ShopDatabase

BLOCK = 64
"""Order ids of one block: block 3 is 192 to 255."""
ORDERS = 10_000
"""Looked at in one statement."""
WHOLE = timedelta(days=1)
"""How often every order is looked at, whatever the numbers say."""
SPAN = 2400
"""Blocks of one statement: half a second of the shop's server where every id is an order."""
RANGES = 500
"""Ranges of ids in one statement: SQLite takes no expression of more than a thousand terms."""


class Sweep:
    """The cursor is the number of each block as of the last sweep, and when every order was last looked at."""

    name = "sweep"
    lists = False
    needed = True
    share = 0.05
    every = timedelta()

    def __init__(self, database: ShopDatabase) -> None:
        self._database = database

    def after(self, cursor: dict[str, Any] | None, orders: KnownOrders) -> Iterator[Noticed]:
        """The numbers are read before the orders: a change in between is found again by the next sweep."""
        last = cursor or {"fingerprints": {}, "whole_at": None}
        whole = long_ago(last["whole_at"], orders.now, WHOLE)
        groups = orders.groups(BLOCK)
        now = {str(block): number for block, number in self.fingerprints([each.number for each in groups]).items()}
        moved = {each.number for each in groups if _moved(each, last["fingerprints"], now)}
        for some in _together(each for each in groups if whole or each.unsure or each.number in moved):
            touched = orders.open_in([each.number for each in some], BLOCK)
            yield Noticed(touched=dict.fromkeys(touched, ()), certain=whole)
        if whole or moved:
            at = orders.now.isoformat() if whole else last["whole_at"]
            yield Noticed(cursor={"fingerprints": now, "whole_at": at})

    def fingerprints(self, blocks: Collection[int]) -> dict[int, int]:
        """A number for each block, which moves when a status or a tracking number of its orders does: the sum of the
        checksums of the rows that a look reads, added up by the server.

        Two orders' changes may cancel out, about once in four billion times.
        """
        tables = self._database.tables
        orders, parcels = tables.orders.c, tables.order_carrier.c
        seen: list[ColumnElement[Any]] = [
            orders.id_order,
            orders.current_state,
            parcels.id_order_carrier,
            parcels.tracking_number,
        ]
        if self._database.about.numbers_in_orders:
            seen.append(tables.shipping_number)
        block = (orders.id_order // BLOCK).label("block")
        sums = (
            select(block, func.sum(Checksum(*seen)).label("checksum"))
            .join_from(tables.orders, tables.order_carrier, parcels.id_order == orders.id_order, isouter=True)
            .where(tables.of_shop(self._database.shop_id))
            .group_by(block)
        )
        found: dict[int, int] = {}
        for runs in spans(blocks):
            within = (orders.id_order.between(first * BLOCK, end * BLOCK - 1) for first, end in runs)
            found.update((int(row.block), int(row.checksum)) for row in self._database.rows(sums.where(or_(*within))))
        return found


def spans(blocks: Collection[int]) -> Iterator[list[list[int]]]:
    """Runs of neighbouring blocks (the first one, the one after the last), in portions for one statement each."""
    runs: list[list[int]] = []
    size = 0
    for block in sorted(set(blocks)):
        adjoins = bool(runs) and runs[-1][1] == block
        if size == SPAN or (len(runs) == RANGES and not adjoins):
            yield runs
            runs, size, adjoins = [], 0, False
        if adjoins:
            runs[-1][1] = block + 1
        else:
            runs.append([block, block + 1])
        size += 1
    if runs:
        yield runs


def _moved(block: Group, before: Mapping[str, int], now: Mapping[str, int]) -> bool:
    return before.get(str(block.number)) != now.get(str(block.number))


def _together(blocks: Iterable[Group]) -> Iterator[list[Group]]:
    """Blocks whose orders are few enough for one look."""
    some: list[Group] = []
    orders = 0
    for block in blocks:
        if some and orders + block.orders > ORDERS:
            yield some
            some, orders = [], 0
        some.append(block)
        orders += block.orders
    if some:
        yield some
