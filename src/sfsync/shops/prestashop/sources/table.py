"""The newer module's own table of marketplace orders (R24)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any, TypeVar
from zlib import crc32

from sqlalchemy import Row, Select, func, select

from sfsync.shops.base import PAGE, KnownOrders, Listing, Noticed, ShopMisconfigured
from sfsync.shops.keys import OrderKey
from sfsync.shops.prestashop.among import Among
from sfsync.shops.prestashop.claims import claim_of
from sfsync.shops.prestashop.clock import EPOCH, long_ago, to_shop, to_utc
from sfsync.shops.prestashop.problems import NO_TABLE, Misconfigured, error_number
from sfsync.shops.prestashop.shop_database import ShopDatabase, batches

OVERLAP = 500
"""Row ids read again behind the cursor: they are given out in order but committed out of order."""
WHOLE = timedelta(days=1)
"""How often every order is listed again: its id may be corrected long after it was imported."""
ANY_ZONE = timedelta(days=1)
"""No zone is further from UTC: a date of the shop can be compared without asking for its zone."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Accounts:
    """The module's tokens that listings named so far, and those `others` that belong to another account at Shopping
    Feed. A new account has a new token, so the table is read again only for one that was not met before."""

    met: frozenset[int | None] = frozenset()
    others: frozenset[int] = frozenset()


class ModuleTable:
    """With `store_id` (the merchant's account at Shopping Feed) orders known to have come through another account are
    left out.

    The cursor is how far it was read (`at`, a row id), the `last` row that was there, a number for what stood in the
    `overlap`, and when it was read as a `whole`. Where the last row is missing, or another one, the shop went back to
    an earlier state, and its row ids mean something else.
    """

    name = "table"
    lists = True
    needed = False
    share = 1.0
    every = timedelta()

    def __init__(self, database: ShopDatabase, store_id: int | None) -> None:
        self.is_missing = False
        self.is_dispensable: Callable[[], bool] = lambda: False
        self._database, self._store_id = database, store_id
        self._tables = database.tables
        self._without_tokens = False
        self._accounts = Accounts()

    def after(self, cursor: dict[str, Any] | None, orders: KnownOrders) -> Iterator[Noticed]:
        place = cursor or {"at": 0, "last": None, "overlap": 0, "whole_at": orders.now.isoformat()}
        pages = self._rows(max(place["at"] - OVERLAP, 0), orders.since)
        first = self._asked(lambda: next(pages, []))
        if _is_lost(place["last"], first, orders.since):
            yield Noticed(restarted="shop-restored")
            return
        overlap: list[Row[Any]] = []
        for rows in chain([first] if first else [], pages):
            at = _id(rows[-1])
            overlap = [each for each in [*overlap, *rows] if _id(each) > at - OVERLAP]
            there = {"at": at, "last": _kept(rows[-1]), "overlap": _number(overlap)}
            if place != place | there:
                place = place | there
                yield Noticed(listings=self._young(rows, orders.since), cursor=place)
        if long_ago(place["whole_at"], orders.now, WHOLE):
            yield from (Noticed(listings=page) for page in self.pages(0, since=orders.since))
            yield Noticed(cursor=place | {"whole_at": orders.now.isoformat()})

    def _asked(self, question: Callable[[], Sequence[T]]) -> Sequence[T]:
        """A shop whose orders all came through another module is well without the table."""
        try:
            found = question()
        except Misconfigured as error:
            if error.code != "module":
                raise
            self.is_missing = True
            if not self.is_dispensable():
                raise
            return []
        self.is_missing = False
        return found

    def pages(self, row_id: int, *, since: datetime) -> Iterator[list[Listing]]:
        """Marketplace orders by rising row id beyond the one given, created at or after `since`. Those with a zero
        date count as those of 1970."""
        return (page for rows in self._rows(row_id, since) if (page := self._young(rows, since)))

    def _rows(self, row_id: int, since: datetime) -> Iterator[Sequence[Row[Any]]]:
        """Some of them are a day too old."""
        listings = self._listings()
        if edge := edge_of(since):
            listings = listings.where(func.coalesce(self._tables.orders.c.date_add, "") >= edge)
        return self._database.pages(listings, self._tables.listing.c.id_shoppingfeed_order, row_id)

    def _young(self, rows: Sequence[Row[Any]], since: datetime) -> list[Listing]:
        return [each for each in self._ours(rows) if each.created_at >= since]

    def of(self, keys: Collection[OrderKey]) -> list[Listing]:
        pages = [self._asked(partial(self._of, some)) for some in batches(keys, PAGE)]
        return [ours for rows in pages for ours in self._ours(rows)]

    def _of(self, order_ids: list[int]) -> Sequence[Row[Any]]:
        return self._database.rows(self._listings().where(Among(self._tables.listing.c.id_order, order_ids)))

    def count(self) -> int:
        others = self._tables.listing.c.id_shoppingfeed_token.not_in(self._tokens_of_others())
        counted = select(func.count()).select_from(self._listings().where(others).subquery())
        return int(self._database.rows(counted)[0][0])

    def forget(self) -> None:
        """What may be another the next time it is read."""
        self.is_missing = False
        self._without_tokens = False
        self._accounts = Accounts()

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
        return self._database.with_order(columns, listing)

    def _ours(self, rows: Sequence[Row[Any]]) -> list[Listing]:
        others = self.of_others({row.id_shoppingfeed_token for row in rows})
        return [self._listing(row) for row in rows if row.id_shoppingfeed_token not in others]

    def of_others(self, tokens: Iterable[int | None]) -> frozenset[int]:
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
        statement = select(token.id_shoppingfeed_token).where(store != 0, store != self._store_id)
        try:
            rows = self._database.rows(statement)
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
            created_at=to_utc(row.date_add, self._database.about.zone),
        )


def edge_of(since: datetime) -> str:
    """No order of this time is older, in the shop's own time; empty where none is too old."""
    return to_shop(since - ANY_ZONE, UTC) if since > EPOCH + ANY_ZONE else ""


def _id(row: Row[Any]) -> int:
    return int(row.id_shoppingfeed_order)


def _kept(row: Row[Any]) -> list[Any]:
    return [row.id_shoppingfeed_order, row.id_order, str(row.date_add)]


def _number(rows: list[Row[Any]]) -> int:
    """Moves when a row is new among them, or says something else than it did."""
    return crc32("\n".join([repr(tuple(row)) for row in rows]).encode())


def _is_lost(last: list[Any] | None, rows: Sequence[Row[Any]], since: datetime) -> bool:
    """A row that is too old is not read any more: that it is missing means nothing."""
    return last is not None and last[-1] >= edge_of(since) and last not in map(_kept, rows)
