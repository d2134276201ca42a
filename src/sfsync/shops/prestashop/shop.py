"""A PrestaShop, read through its database (1.5 to 8, MariaDB, MySQL, or SQLite for trials). See docs/prestashop.md."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, Row, Select, Table, func, or_, select

from sfsync.domain.orders import Seen, Snapshot
from sfsync.domain.tracking_numbers import recognise
from sfsync.shops.base import (
    BLOCK,
    PAGE,
    Carrier,
    Listing,
    ShopFacts,
    ShopMisconfigured,
    Status,
    StatusChange,
)
from sfsync.shops.keys import OrderKey
from sfsync.shops.prestashop.about import About, read_about
from sfsync.shops.prestashop.carriers import families
from sfsync.shops.prestashop.claims import claim_of
from sfsync.shops.prestashop.clock import EPOCH, to_shop, to_utc
from sfsync.shops.prestashop.connection import Reader
from sfsync.shops.prestashop.probe import check
from sfsync.shops.prestashop.problems import NO_TABLE, error_number
from sfsync.shops.prestashop.snapshots import snapshots
from sfsync.shops.prestashop.tables import tables_under
from sfsync.shops.prestashop.tracking import clean_text

LOOK = 20_000
"""Orders of one statement of `look`: 0.1 s of the shop's server."""
SPAN = 2400
"""Blocks of one statement of `fingerprints`: half a second of the shop's server where every id is an order."""
RANGES = 500
"""Ranges of ids in one statement: SQLite takes no expression of more than a thousand terms."""
ANY_ZONE = timedelta(days=1)
"""No zone is further from UTC: a date of the shop can be compared without asking for its zone."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The module's tokens that listings named so far, and those `others` that belong to another account at Shopping
    Feed. A new account has a new token, so the table is read again only for one that was not met before."""

    met: frozenset[int | None] = frozenset()
    others: frozenset[int] = frozenset()


class PrestaShop:
    """One shop of a PrestaShop database; implements `Shop`. Orders of another shop of the database are invisible.

    `timeout` is in seconds, for connecting (at most 10) and for any single query. With `store_id` (the merchant's
    account at Shopping Feed) orders known to have come through another account are left out.
    Raises `ShopMisconfigured` at once when the url or the prefix could never work. Not for several threads at once.
    """

    def __init__(
        self, url: str, *, prefix: str = "ps_", shop_id: int = 1, store_id: int | None = None, timeout: float = 30.0
    ) -> None:
        self._tables = tables_under(prefix)
        self._reader = Reader(url, prefix=prefix, timeout=timeout)
        self._shop_id = shop_id
        self._store_id = store_id
        self._about: About | None = None
        self._without_tokens = False
        self._accounts = Accounts()

    def __repr__(self) -> str:
        return f"PrestaShop({self._reader!r}, prefix={self._tables.prefix!r}, shop_id={self._shop_id})"

    def listings_after(self, row_id: int, *, since: datetime) -> Iterator[list[Listing]]:
        """Orders with a zero date count as those of 1970."""
        listings = self._listings()
        if since > EPOCH + ANY_ZONE:
            edge = to_shop(since - ANY_ZONE, UTC)
            listings = listings.where(func.coalesce(self._tables.orders.c.date_add, "") >= edge)
        for rows in self._pages(listings, self._tables.listing.c.id_shoppingfeed_order, row_id):
            if ours := [each for each in self._ours(rows) if each.created_at >= since]:
                yield ours

    def listings_of(self, keys: Collection[OrderKey]) -> list[Listing]:
        listings, order_id = self._listings(), self._tables.listing.c.id_order
        pages = [self._reader.rows(listings.where(order_id.in_(some))) for some in _batches(keys, PAGE)]
        return [ours for rows in pages for ours in self._ours(rows)]

    def history_after(self, row_id: int) -> Iterator[list[StatusChange]]:
        history = self._tables.order_history
        columns = select(history.c.id_order_history, history.c.id_order, history.c.id_order_state)
        for rows in self._pages(self._with_order(columns, history), history.c.id_order_history, row_id):
            yield [StatusChange(row.id_order_history, str(row.id_order), str(row.id_order_state)) for row in rows]

    def last_history_id(self) -> int:
        """Of all shops of the database: a cursor behind which nothing is new for this one either."""
        rows = self._reader.rows(select(func.max(self._tables.order_history.c.id_order_history)))
        return rows[0][0] or 0

    def fingerprints(self, blocks: Collection[int]) -> dict[int, int]:
        """The sum of the checksums of the rows that `look` reads, added up by the server."""
        orders, parcels = self._tables.orders.c, self._tables.order_carrier.c
        seen = (orders.id_order, orders.current_state, parcels.id_order_carrier, parcels.tracking_number)
        block = (orders.id_order // BLOCK).label("block")
        sums = (
            select(block, func.sum(func.crc32(func.concat_ws("|", *seen))).label("checksum"))
            .join_from(
                self._tables.orders, self._tables.order_carrier, parcels.id_order == orders.id_order, isouter=True
            )
            .where(self._tables.of_shop(self._shop_id))
            .group_by(block)
        )
        found: dict[int, int] = {}
        for runs in spans(blocks):
            within = (orders.id_order.between(first * BLOCK, end * BLOCK - 1) for first, end in runs)
            rows = self._reader.rows(sums.where(or_(*within)))
            found.update((int(row.block), int(row.checksum)) for row in rows)
        return found

    def look(self, keys: Collection[OrderKey]) -> dict[OrderKey, Seen]:
        orders, parcels, history = self._tables.orders, self._tables.order_carrier, self._tables.order_history.c
        newest = select(func.max(history.id_order_history)).where(history.id_order == orders.c.id_order)
        version = newest.scalar_subquery().label("version")
        parcel = (parcels.c.id_order_carrier, parcels.c.tracking_number)
        glance = (
            select(orders.c.id_order, orders.c.current_state, version, *parcel)
            .join_from(orders, parcels, parcels.c.id_order == orders.c.id_order, isouter=True)
            .where(self._tables.of_shop(self._shop_id))
        )
        found: dict[OrderKey, Seen] = {}
        for some in _batches(keys, LOOK):
            found |= seen_of(self._reader.rows(glance.where(orders.c.id_order.in_(some))))
        return found

    def read(self, keys: Collection[OrderKey]) -> dict[OrderKey, Snapshot]:
        """Four statements for 1,000 orders."""
        return {each.key: each for some in _batches(keys, PAGE) for each in self._snapshots(some)}

    def _snapshots(self, order_ids: list[int]) -> Iterator[Snapshot]:
        return snapshots(
            self._reader,
            self._tables,
            self._shop_id,
            order_ids,
            shop_name=self._shop_name,
            of_others=self._of_others,
        )

    def statuses(self, language: str) -> list[Status]:
        """`language` is a two letter code, or starts with one (`fr_FR`)."""
        states = self._tables.order_state.c
        rows = self._reader.rows(
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
        rows = self._reader.rows(
            select(carrier.id_carrier, carrier.id_reference, carrier.name, carrier.active, carrier.deleted).order_by(
                carrier.id_carrier
            )
        )
        return families(rows, self._shop_name)

    def probe(self) -> ShopFacts:
        """Read every table that is needed, find the shop, and count its marketplace orders. The `code` of an error says
        which setting to look at."""
        tables = [table for table in self._tables if table is not self._tables.token or self._store_id is not None]
        check(self._reader, self._tables, tables, self._shop_id)
        about = self._read_about()
        others = self._tables.listing.c.id_shoppingfeed_token.not_in(self._tokens_of_others())
        count = self._reader.rows(select(func.count()).select_from(self._listings().where(others).subquery()))[0][0]
        return ShopFacts("PrestaShop", about.version, about.name, {"table": count})

    def close(self) -> None:
        self._reader.close()
        self._about = None
        self._without_tokens = False
        self._accounts = Accounts()

    def _read_about(self) -> About:
        if self._about is None:
            self._about = read_about(self._reader, self._tables, self._shop_id)
        return self._about

    def _shop_name(self) -> str:
        return self._read_about().name

    def _pages(self, rows: Select[Any], key: Column[Any], after: int) -> Iterator[Sequence[Row[Any]]]:
        """Pages by rising key. A page is a statement of its own, so nothing is held open between two."""
        while True:
            page = self._reader.rows(rows.where(key > after).order_by(key).limit(PAGE))
            if page:
                yield page
                after = getattr(page[-1], key.name)
            if len(page) < PAGE:
                return

    def _with_order(self, rows: Select[Any], table: Table) -> Select[Any]:
        """Rows of `table` with their order, if it is one of this shop.

        The outer join, which `coalesce` in the conditions keeps from being made an inner one, leaves the database no
        choice but to walk `table` by its key. Left to choose, MariaDB and SQLite sort all orders for every page.
        """
        orders = self._tables.orders
        joined = rows.join_from(table, orders, orders.c.id_order == table.c.id_order, isouter=True)
        return joined.where(self._tables.of_shop(self._shop_id))

    def _listings(self) -> Select[Any]:
        listing, orders = self._tables.listing, self._tables.orders
        columns = select(
            listing.c.id_shoppingfeed_order,
            listing.c.id_order,
            orders.c.reference,
            listing.c.id_internal_shoppingfeed,
            listing.c.id_order_marketplace,
            listing.c.name_marketplace,
            listing.c.id_shoppingfeed_token,
            orders.c.date_add,
        )
        return self._with_order(columns, listing)

    def _ours(self, rows: Sequence[Row[Any]]) -> list[Listing]:
        others = self._of_others({row.id_shoppingfeed_token for row in rows})
        return [self._listing(row) for row in rows if row.id_shoppingfeed_token not in others]

    def _of_others(self, tokens: Iterable[int | None]) -> frozenset[int]:
        """Tokens of other accounts: all of these that are, and those known from before."""
        if not self._accounts.met.issuperset(tokens):
            self._accounts = Accounts(self._accounts.met.union(tokens), frozenset(self._tokens_of_others()))
        return self._accounts.others

    def _tokens_of_others(self) -> list[int]:
        """Tokens of the module that belong to another account at Shopping Feed for sure. Old modules have no tokens."""
        if self._store_id is None or self._without_tokens:
            return []
        token = self._tables.token.c
        store = token.shoppingfeed_store_id
        try:
            rows = self._reader.rows(select(token.id_shoppingfeed_token).where(store != 0, store != self._store_id))
        except ShopMisconfigured as error:
            if error.__cause__ is None or error_number(error.__cause__) != NO_TABLE:
                raise
            self._without_tokens = True
            return []
        return [row.id_shoppingfeed_token for row in rows]

    def _listing(self, row: Row[Any]) -> Listing:
        claim = claim_of(row)
        return Listing(
            row_id=row.id_shoppingfeed_order,
            key=str(row.id_order),
            shop_reference=row.reference or "",
            feed_id=claim.feed_id,
            reference=claim.reference,
            channel=claim.channel,
            created_at=to_utc(row.date_add, self._read_about().zone),
        )

    def _status_names(self, language: str) -> dict[int, str]:
        """Names by status: in this language, else in the shop's default one, else in any."""
        names, languages = self._tables.order_state_lang, self._tables.lang
        default = self._read_about().language_id
        rows = self._reader.rows(
            select(names.c.id_order_state, names.c.id_lang, names.c.name, languages.c.iso_code).join_from(
                names, languages, languages.c.id_lang == names.c.id_lang, isouter=True
            )
        )

        def preference(row: Row[Any]) -> tuple[bool, bool, int]:
            return ((row.iso_code or "").lower() == language, row.id_lang == default, -row.id_lang)

        named = [(row.id_order_state, clean_text(row.name)) for row in sorted(rows, key=preference)]
        return {status: name for status, name in named if name}


def seen_of(rows: Sequence[Any]) -> dict[OrderKey, Seen]:
    """What one row per parcel shows of their orders."""
    found: dict[int, Any] = {}
    numbers: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.id_order_carrier or 0, reverse=True):
        found[row.id_order] = row
        for number in recognise(row.tracking_number).numbers:
            numbers[row.id_order].append((str(row.id_order_carrier), number))
    return {
        str(order): Seen(str(row.current_state or 0), tuple(numbers.get(order, ())), row.version or 0)
        for order, row in found.items()
    }


def color(text: str | None) -> str:
    """`#rrggbb`; old shops also have names and short forms, which become empty."""
    text = (text or "").strip()
    return text if re.fullmatch(r"#[0-9A-Fa-f]{6}", text) else ""


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


def _batches(keys: Collection[OrderKey], size: int) -> Iterator[list[int]]:
    ordered = sorted(set(map(int, keys)))
    return (ordered[start : start + size] for start in range(0, len(ordered), size))
