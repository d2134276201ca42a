"""The shipments of PrestaShop 9.1 (`improved_shipment`): where it keeps the numbers and carriers of an order's parcels
instead of in `order_carrier` (R2).

A number that is entered there moves nothing else in the shop: no date of the order, no history, no hook. The tables
have no index but their keys, so what changed is found as the sweep finds it: by a number for each block of shipments.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, func, literal, select, true

from sfsync.domain.orders import Item
from sfsync.domain.tracking_numbers import recognise
from sfsync.shops.base import BLOCK, KnownOrders, Note, Noticed, Weight
from sfsync.shops.keys import OrderKey
from sfsync.shops.prestashop.among import Among
from sfsync.shops.prestashop.checksum import Checksum
from sfsync.shops.prestashop.clock import long_ago
from sfsync.shops.prestashop.problems import DENIED, NO_TABLE, Misconfigured, error_number
from sfsync.shops.prestashop.shop_database import ShopDatabase
from sfsync.shops.prestashop.sources.table import edge_of
from sfsync.shops.prestashop.tracking import clean_text

FLAG = "improved_shipment"
TABLES = ("shipment", "feature_flag")
FIRST = (9, 1)
"""The version that has them."""
WHOLE = timedelta(days=1)
"""How often it is asked from which shipment on orders are young enough to be followed."""
BLOCKS = 150
"""Blocks whose orders are looked at together."""


@dataclass(frozen=True, slots=True)
class Use:
    """Are they `switched_on`, and are there any (`kept`)? Switched off later, they stay, and grow old. `denied`: the
    account may not see them."""

    switched_on: bool = False
    kept: bool = False
    denied: bool = False


class Parcel(NamedTuple):
    """A shipment, in the form of a row of an order and its parcel."""

    id_order: int
    current_state: int
    id_carrier: int | None
    id_order_carrier: str
    parcel_carrier: int
    tracking_number: str | None
    version: int | None = None


class Shipments:
    """The cursor is the number of each block as of the last pass, from the `first` shipment on that is young enough to
    be followed, and when that was asked (`whole_at`)."""

    name = "shipments"
    lists = False
    needed = False
    share = 0.05
    every = timedelta()

    def __init__(self, database: ShopDatabase) -> None:
        self._database = database
        self._use: Use | None = None

    def after(self, cursor: dict[str, Any] | None, orders: KnownOrders) -> Iterator[Noticed]:
        """The numbers are read before the orders: a change in between is found again by the next pass. In the beginning
        nothing is touched: the look at each order that follows its listing sees its shipments as well."""
        if not self._may_be_there:
            return
        place = cursor or {"fingerprints": {}, "first": 0, "whole_at": None}
        if long_ago(place["whole_at"], orders.now, WHOLE):
            place = place | {"first": self._first(orders.since), "whole_at": orders.now.isoformat()}
        now = self.fingerprints(place["first"])
        moved = [block for block, number in now.items() if place["fingerprints"].get(block) != number]
        for start in range(0, len(moved) if cursor else 0, BLOCKS):
            its = self._orders(moved[start : start + BLOCKS])
            yield Noticed(touched=dict.fromkeys(orders.known(its), ()))
        if place | {"fingerprints": now} != cursor:
            yield Noticed(cursor=place | {"fingerprints": now})

    def fingerprints(self, first: int) -> dict[str, int]:
        """By block: it moves when an order, a carrier or a number of its shipments does. Contents do not matter.

        `date_upd` would tell less: where a shipment is split it does not move. One statement, which also learns whether
        they are switched on.
        """
        shipment = self._database.tables.shipment.c
        block = (shipment.id_shipment // BLOCK).label("block")
        seen = (shipment.id_shipment, shipment.id_order, shipment.id_carrier, shipment.tracking_number)
        checksum = func.sum(Checksum(*seen)).label("checksum")
        sums = select(block, checksum).where(shipment.id_shipment >= first).group_by(block).subquery("sums")
        always = select(literal(1).label("one")).subquery("always")
        columns = (self._switched_on, sums.c.block, sums.c.checksum)
        rows = self._asked(select(*columns).select_from(always.outerjoin(sums, true())))
        found = {str(row.block): int(row.checksum) for row in rows if row.block is not None}
        if found:
            self._use = Use(bool(rows[0].switched_on), kept=True)
        return found

    def of(self, order_ids: Sequence[int]) -> dict[int, list[Any]]:
        """The shipments of these orders, the newest first. No statement where the shop has none."""
        if not self.use.kept:
            return {}
        shipment = self._database.tables.shipment.c
        columns = select(shipment.id_shipment, shipment.id_order, shipment.id_carrier, shipment.tracking_number)
        its = columns.where(Among(shipment.id_order, order_ids)).order_by(shipment.id_shipment.desc())
        found: dict[int, list[Any]] = defaultdict(list)
        for row in self._database.rows(its):
            found[row.id_order].append(row)
        return found

    def contents(self, order_ids: Sequence[int]) -> dict[str, dict[str, list[Item]]]:
        """By order and parcel, what each shipment holds. One statement, and none where the shop has no shipments; an
        account that may not read the articles shows none."""
        if not self.use.kept:
            return {}
        tables = self._database.tables
        shipment, holds, article = tables.shipment.c, tables.shipment_product.c, tables.order_detail.c
        columns = (shipment.id_order, shipment.id_shipment, holds.quantity)
        its = (
            select(*columns, article.product_name, article.product_reference)
            .join_from(tables.shipment, tables.shipment_product, holds.id_shipment == shipment.id_shipment)
            .join(tables.order_detail, article.id_order_detail == holds.id_order_detail)
            .where(Among(shipment.id_order, order_ids))
            .order_by(holds.id_shipment_product)
        )
        return by_parcel(self._wished(its))

    def _wished(self, statement: Select[Any]) -> Sequence[Any]:
        try:
            return self._database.rows(statement)
        except Misconfigured as error:
            _hidden(error)
            return []

    def joined(self, parcels: list[Any], its: Sequence[Any]) -> list[Any]:
        """All parcels of an order, from its rows of `order_carrier` and its shipments."""
        return joined(parcels, its, switched_on=self.use.switched_on) if its else parcels

    @property
    def use(self) -> Use:
        """Asked once a connection, of a shop that may have them."""
        if self._use is None:
            self._use = self._ask() if self._may_be_there else Use()
        return self._use

    def notes(self) -> list[Note]:
        """Which of the two places counts: nothing of a shop before 9.1."""
        if not self._may_be_there:
            return []
        if self.use.denied:
            place = self._database.connection.place
            grants = (place.grant(self._database.tables.prefix + name) for name in TABLES)
            return [Note(Weight.WARNING, "shipments-unseen", " ".join(grants))]
        if self.use.switched_on:
            return [Note(Weight.OK, "shipments-on")]
        return [Note(Weight.OK, "shipments-off")]

    def forget(self) -> None:
        """What may be otherwise the next time it is asked."""
        self._use = None

    @property
    def _may_be_there(self) -> bool:
        return version_of(self._database.about.version) >= FIRST

    @property
    def _switched_on(self) -> Any:
        flag = self._database.tables.feature_flag.c
        return select(func.max(flag.state)).where(flag.name == FLAG).scalar_subquery().label("switched_on")

    def _ask(self) -> Use:
        newest = select(func.max(self._database.tables.shipment.c.id_shipment)).scalar_subquery()
        rows = self._asked(select(self._switched_on, newest.label("newest")))
        if not rows:
            return self._use or Use()
        return Use(bool(rows[0].switched_on), kept=rows[0].newest is not None)

    def _asked(self, statement: Select[Any]) -> Sequence[Any]:
        """Nothing where the account may not see them, or they are not there: the store goes on."""
        try:
            return self._database.rows(statement)
        except Misconfigured as error:
            self._use = Use(denied=_hidden(error) in DENIED)
            return []

    def _first(self, since: datetime) -> int:
        """The first shipment that is young enough. It is made with its order; its parts are younger."""
        shipment, edge = self._database.tables.shipment.c, edge_of(since)
        rows = self._asked(select(func.min(shipment.id_shipment)).where(shipment.date_add >= edge))
        return (rows[0][0] or 0) if rows else 0

    def _orders(self, blocks: Collection[str]) -> set[OrderKey]:
        """The range lets the server go by its key."""
        shipment, numbers = self._database.tables.shipment.c, [*map(int, blocks)]
        within = shipment.id_shipment.between(min(numbers) * BLOCK, (max(numbers) + 1) * BLOCK - 1)
        its = select(shipment.id_order).where(within, (shipment.id_shipment // BLOCK).in_(numbers))
        return {str(row.id_order) for row in self._database.rows(its.distinct())}


def _hidden(error: Misconfigured) -> int:
    """The server's number, where the account may not see a table or it is not there; else it is raised on."""
    number = error_number(error.__cause__) if error.__cause__ else 0
    if number not in {*DENIED, NO_TABLE}:
        raise error
    return number


def joined(parcels: Sequence[Any], its: Sequence[Any], *, switched_on: bool) -> list[Any]:
    """The parcels of an order and its shipments, either the newest first. What is kept up to date comes first; of a
    number that stands in both the shipment counts."""
    own = parcels[0]
    order = (own.id_order, own.current_state, getattr(own, "id_carrier", None))  # a glance has no carriers,
    version = getattr(own, "version", None)  # and a reading has this elsewhere
    theirs = [Parcel(*order, key_of(each.id_shipment), each.id_carrier, each.tracking_number, version) for each in its]
    told = {number for each in theirs for number in recognise(each.tracking_number).numbers}
    rest = [each for each in parcels if not _is_told(each, told)]
    return [*theirs, *rest] if switched_on else [*rest, *theirs]


def by_parcel(rows: Sequence[Any]) -> dict[str, dict[str, list[Item]]]:
    """By order and the key of its parcel (see `joined`)."""
    found: dict[str, dict[str, list[Item]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        item = Item(clean_text(row.product_name), row.quantity or 0, clean_text(row.product_reference))
        found[str(row.id_order)][key_of(row.id_shipment)].append(item)
    return found


def key_of(shipment_id: int) -> str:
    """Apart from those of `order_carrier`."""
    return f"s{shipment_id}"


def _is_told(parcel: Any, told: AbstractSet[str]) -> bool:
    """A shipment says the same."""
    typed = recognise(parcel.tracking_number)
    return bool(typed.numbers) and not typed.spoilt and told >= {*typed.numbers}


def version_of(text: str) -> tuple[int, ...]:
    """`9.1.4` as numbers; what is none ends it."""
    found = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()
