"""What every kind of shop can tell: what changed since a cursor, these orders in full, and whether it is well.

A shop is somebody else's database: it is only ever read, in short queries. Every method takes many orders at once, and
the number of its queries does not grow with them (but for pages of `PAGE` rows).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sfsync.domain.orders import Seen, Snapshot
from sfsync.shops.keys import CarrierKey, OrderKey, StatusKey

PAGE = 1000
"""Rows of one page: small enough for flat memory, large enough that pages are few."""
BLOCK = 64
"""Ordinals of one block: block 3 is 192 to 255."""


class ShopError(Exception):
    """The shop cannot be read. `str(error)` says what is wrong and what to do, and never holds a password.

    `code` names the cause for programs, where it is known: pages have a sentence of their own for it.
    """

    code: str = ""


class ShopUnavailable(ShopError):
    """It does not answer now (host, network, restart): trying again later may work."""


class ShopMisconfigured(ShopError):
    """It will not answer until somebody changes a setting (password, database, prefix, missing right, wrong schema)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A marketplace order as the shop knows it (R24).

    `row_id` orders the listings as the shop created them. `feed_id` is the order's id at Shopping Feed, None where
    the shop never learnt it; `created_at` is aware.
    """

    row_id: int
    key: OrderKey
    shop_reference: str
    feed_id: int | None
    reference: str
    channel: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A row of the shop's status history."""

    row_id: int
    key: OrderKey
    status: StatusKey


@dataclass(frozen=True, slots=True)
class Status:
    """A status of the shop, named in the merchant's language. `color` is `#rrggbb` or empty."""

    status_id: StatusKey
    name: str
    color: str = ""
    deleted: bool = False
    shipped: bool = False
    paid: bool = False


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier of the shop, as the merchant knows it.

    `carrier_id` stays the same when the merchant edits it (`Snapshot.carrier_reference`); `ids` are all those that
    orders may name for it. `active`: offered to customers now. `deleted`: only old orders still have it.
    """

    carrier_id: CarrierKey
    name: str
    ids: frozenset[CarrierKey] = frozenset()
    active: bool = True
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What a shop that is well says of itself. `version` and `shop` (its name) are empty where it does not say;
    `known_by`: how many marketplace orders each of its sources knows."""

    software: str
    version: str
    shop: str
    known_by: dict[str, int]


@dataclass(frozen=True, slots=True)
class Problem:
    """What a `ShopError.code` means to whoever can mend it: a sentence and an advice, both message ids."""

    sentence: str
    advice: str


class Shop(Protocol):
    """Reads one shop. Every method may raise `ShopUnavailable` or `ShopMisconfigured`."""

    def listings_after(self, row_id: int, *, since: datetime) -> Iterator[list[Listing]]:
        """Marketplace orders in pages, by rising `row_id` beyond the one given, created at or after `since`."""

    def listings_of(self, keys: Collection[OrderKey]) -> list[Listing]:
        """Which of these orders are marketplace orders, whatever their age."""

    def history_after(self, row_id: int) -> Iterator[list[StatusChange]]:
        """Status changes in pages, by rising `row_id` beyond the one given."""

    def last_history_id(self) -> int:
        """The newest row of the status history, 0 when there is none."""

    def fingerprints(self, blocks: Collection[int]) -> dict[int, int]:
        """A number for each block of ordinals, which moves when a status or a tracking number of its orders does.

        Two orders' changes may cancel out, about once in four billion times.
        """

    def look(self, keys: Collection[OrderKey]) -> dict[OrderKey, Seen]:
        """A glance at the orders, the same as `read` gives; an order that is gone is left out."""

    def read(self, keys: Collection[OrderKey]) -> dict[OrderKey, Snapshot]:
        """The orders in full; an order that is gone is left out."""

    def statuses(self, language: str) -> list[Status]:
        """The shop's statuses, deleted ones too, named in `language` (`fr`, `en`), else in the shop's default one."""

    def carriers(self) -> list[Carrier]:
        """The shop's carriers, deleted ones too, in an order of its own. Their names have one language only."""

    def probe(self) -> ShopFacts:
        """Try every right that the other methods need, and return what was found."""

    def close(self) -> None:
        """Give the connection back."""
