"""Orders, statuses and carriers of a PrestaShop, read from its database (1.5 to 9.1, MariaDB, MySQL, or SQLite for
trials). See docs/prestashop.md."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import Row, func, or_, select

from sfsync.domain.orders import Item, Seen, Snapshot
from sfsync.domain.tracking_numbers import recognise
from sfsync.shops.base import PAGE, Carrier, Placed, ShopFacts, Status
from sfsync.shops.keys import OrderKey
from sfsync.shops.prestashop.among import Among
from sfsync.shops.prestashop.carriers import families
from sfsync.shops.prestashop.clock import to_utc
from sfsync.shops.prestashop.problems import Misconfigured
from sfsync.shops.prestashop.shop_database import ShopDatabase, batches
from sfsync.shops.prestashop.snapshots import snapshots
from sfsync.shops.prestashop.sources.shipments import Shipments
from sfsync.shops.prestashop.sources.table import ModuleTable
from sfsync.shops.prestashop.tracking import clean_text

LOOK = 20_000
"""Orders of one statement of `look`: 0.1 s of the shop's server."""


class DatabaseReader:
    """Implements `sfsync.shops.base.Reader`. `table` says which of the module's tokens belong to another account at
    Shopping Feed; `probe` tries what the sources need as well."""

    def __init__(
        self, database: ShopDatabase, table: ModuleTable, shipments: Shipments, probe: Callable[[], ShopFacts]
    ) -> None:
        self._database, self._tables = database, database.tables
        self._table, self._shipments, self._probe = table, shipments, probe

    def look(self, keys: Collection[OrderKey]) -> dict[OrderKey, Seen]:
        orders, parcels, history = self._tables.orders, self._tables.order_carrier, self._tables.order_history.c
        newest = select(func.max(history.id_order_history)).where(history.id_order == orders.c.id_order)
        version = newest.scalar_subquery().label("version")
        parcel = (parcels.c.id_order_carrier, self._database.number)
        glance = (
            select(orders.c.id_order, orders.c.current_state, version, *parcel)
            .join_from(orders, parcels, parcels.c.id_order == orders.c.id_order, isouter=True)
            .where(self._tables.of_shop(self._database.shop_id))
        )
        found: dict[OrderKey, Seen] = {}
        for some in batches(keys, LOOK):
            rows = newest_first(self._database.rows(glance.where(Among(orders.c.id_order, some))))
            found |= seen_of(self._with_shipments(rows, some))
        return found

    def _with_shipments(self, rows: Sequence[Any], order_ids: list[int]) -> Sequence[Any]:
        its = self._shipments.of(order_ids)
        if not its:
            return rows
        parcels: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            parcels[row.id_order].append(row)
        return [each for order, own in parcels.items() for each in self._shipments.joined(own, its[order])]

    def read(self, keys: Collection[OrderKey]) -> dict[OrderKey, Snapshot]:
        """Three statements for 1,000 orders, and one more where the shop keeps shipments."""
        return {each.key: each for some in batches(keys, PAGE) for each in self._snapshots(some)}

    def _snapshots(self, order_ids: list[int]) -> list[Snapshot]:
        """A shop whose orders all came through the old module has no table of the newer one's."""
        try:
            return self._read(order_ids)
        except Misconfigured as error:
            if error.code != "module" or self._table.is_missing:
                raise
        self._table.is_missing = True
        return self._read(order_ids)

    def _read(self, order_ids: list[int]) -> list[Snapshot]:
        listed = not self._table.is_missing
        return [*snapshots(self._database, order_ids, self._table.of_others, self._shipments, listed=listed)]

    def removed(self, versions: Collection[int]) -> set[int]:
        """One statement for 1,000 rows: what it does not show is missing beside the newest row, not before it came."""
        row = self._tables.order_history.c.id_order_history
        newest = select(func.max(row)).scalar_subquery()
        found: set[int] = set()
        for some in batches(versions, PAGE):
            there = self._database.rows(select(row).where(or_(Among(row, some), row == newest)))
            found |= missing(some, {each[0] for each in there})
        return found

    def placed(self, keys: Collection[OrderKey]) -> dict[OrderKey, Placed]:
        orders, found = self._tables.orders.c, {}
        own = select(orders.id_order, orders.date_add, orders.reference).where(
            self._tables.of_shop(self._database.shop_id)
        )
        for some in batches(keys, PAGE):
            for row in self._database.rows(own.where(Among(orders.id_order, some))):
                found[str(row.id_order)] = Placed(to_utc(row.date_add, self._database.about.zone), row.reference or "")
        return found

    def contents(self, keys: Collection[OrderKey]) -> Mapping[OrderKey, Mapping[str, Sequence[Item]]]:
        return {
            order: parcels for some in batches(keys, PAGE) for order, parcels in self._shipments.contents(some).items()
        }

    def statuses(self, language: str) -> list[Status]:
        """`language` is a two letter code, or starts with one (`fr_FR`)."""
        states = self._tables.order_state.c
        rows = self._database.rows(
            select(states.id_order_state, states.color, states.deleted, states.shipped, states.paid).order_by(
                states.id_order_state
            )
        )
        names = self._status_names(language[:2].lower())
        return [
            Status(
                status_id=str(row.id_order_state),
                name=names.get(row.id_order_state, ""),
                color=color(row.color),
                deleted=bool(row.deleted),
                shipped=bool(row.shipped),
                paid=bool(row.paid),
            )
            for row in rows
        ]

    def carriers(self) -> list[Carrier]:
        """An edit makes a new row with the same `id_reference`: the rows of one reference are one carrier."""
        carrier = self._tables.carrier.c
        rows = self._database.rows(
            select(carrier.id_carrier, carrier.id_reference, carrier.name, carrier.active, carrier.deleted).order_by(
                carrier.id_carrier
            )
        )
        return families(rows, self._shop_name)

    def probe(self) -> ShopFacts:
        return self._probe()

    def _shop_name(self) -> str:
        return self._database.about.name

    def _status_names(self, language: str) -> dict[int, str]:
        """Names by status: in this language, else in the shop's default one, else in any."""
        names, languages = self._tables.order_state_lang, self._tables.lang
        default = self._database.about.language_id
        rows = self._database.rows(
            select(names.c.id_order_state, names.c.id_lang, names.c.name, languages.c.iso_code).join_from(
                names, languages, languages.c.id_lang == names.c.id_lang, isouter=True
            )
        )

        def preference(row: Row[Any]) -> tuple[bool, bool, int]:
            return ((row.iso_code or "").lower() == language, row.id_lang == default, -row.id_lang)

        named = [(row.id_order_state, clean_text(row.name)) for row in sorted(rows, key=preference)]
        return {status: name for status, name in named if name}


def missing(versions: Collection[int], there: AbstractSet[int]) -> set[int]:
    """Those beside which a later row is there."""
    newest = max(there, default=0)
    return {each for each in versions if each < newest} - there


def newest_first(rows: Sequence[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: row.id_order_carrier or 0, reverse=True)


def seen_of(rows: Sequence[Any]) -> dict[OrderKey, Seen]:
    """What one row per parcel, the newest first, shows of their orders."""
    found: dict[int, Any] = {}
    numbers: dict[int, list[tuple[str, str]]] = defaultdict(list)
    spoilt: dict[int, str] = {}
    for row in rows:
        order, typed = row.id_order, recognise(row.tracking_number)
        found[order] = row
        for number in typed.numbers:
            numbers[order].append((str(row.id_order_carrier), number))
        if typed.spoilt:
            spoilt.setdefault(order, clean_text(row.tracking_number))
    return {
        str(order): Seen(
            str(row.current_state or 0), tuple(numbers.get(order, ())), row.version or 0, spoilt.get(order, "")
        )
        for order, row in found.items()
    }


def color(text: str | None) -> str:
    """`#rrggbb`; old shops also have names and short forms, which become empty."""
    text = (text or "").strip()
    return text if re.fullmatch(r"#[0-9A-Fa-f]{6}", text) else ""
