"""What every kind of shop can tell: its orders by key, what has changed, and whether it is well.

A shop is somebody else's: it is only ever read, with short questions. Every method takes many orders at once, and the
number of its questions does not grow with them (but for pages of `PAGE` rows).

Reading is one thing, noticing another. A `Reader` reads orders by key; a `Source` tells what has changed since its own
cursor. A shop can have several sources, and what two of them notice merges.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol

from sfsync.domain.identity import Claim
from sfsync.domain.orders import Item, Seen, Snapshot
from sfsync.domain.value import value
from sfsync.shops.keys import CarrierKey, OrderKey, StatusKey

Json = Any
"""What JSON can hold."""

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


@value
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


@value
class Placed:
    """When an order of the shop was placed, a marketplace's or not, and its reference there. `at` is aware."""

    at: datetime
    shop_reference: str = ""


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


class Weight(Enum):
    """What a note means for the store."""

    OK = "ok"
    WARNING = "warning"
    """It goes on, and somebody should look at it."""
    BLOCKS = "blocks"
    """Nothing is sent while it holds."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something about the shop that people should know. `code` is one of the kind's `problems`, which has the words;
    `evidence` is what was seen, or the statement that mends it, and never holds a secret."""

    weight: Weight
    code: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What a shop that is well says of itself. `version` and `shop` (its name) are empty where it does not say;
    `known_by`: how many marketplace orders each of its sources knows, None where it is not there at all; `unlisted`:
    why none is, and what to do, where that is so (a `ShopError.code` and its words)."""

    software: str
    version: str
    shop: str
    known_by: dict[str, int | None]
    notes: tuple[Note, ...] = ()
    unlisted: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What a `ShopError.code` or a `Note.code` means to whoever can mend it: a sentence and an advice, both message
    ids; and the keys of the settings that may be wrong, where that is known."""

    sentence: str
    advice: str
    corrects: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads orders by key. Every method may raise `ShopUnavailable` or `ShopMisconfigured`."""

    def look(self, keys: Collection[OrderKey]) -> Mapping[OrderKey, Seen]:
        """A glance at the orders, the same as `read` gives; an order that is gone is left out."""

    def read(self, keys: Collection[OrderKey]) -> Mapping[OrderKey, Snapshot]:
        """The orders in full; an order that is gone is left out."""

    def removed(self, versions: Collection[int]) -> Collection[int]:
        """Which of these rows of histories (`Seen.version`) were removed: the answer that shows that they are missing
        shows a later one, so no copy that lags gave it. A kind of shop that keeps no history need not tell."""
        return ()

    def placed(self, keys: Collection[OrderKey]) -> Mapping[OrderKey, Placed]:
        """When these orders were placed, whether they are a marketplace's or not; those that are not there are left
        out. A kind of shop that lists all its marketplace orders itself need not tell."""
        return {}

    def contents(self, keys: Collection[OrderKey]) -> Mapping[OrderKey, Mapping[str, Sequence[Item]]]:
        """What is in the parcels of these orders, by the parcel's key, for people to look at; only those that the shop
        itself knows apart. A kind of shop that does not keep parcels need not tell."""
        return {}

    def statuses(self, language: str) -> Sequence[Status]:
        """The shop's statuses, deleted ones too, named in `language` (`fr`, `en`), else in the shop's default one."""

    def carriers(self) -> Sequence[Carrier]:
        """The shop's carriers, deleted ones too, in an order of its own. Their names have one language only."""

    def probe(self) -> ShopFacts:
        """Try every right that is needed, and return what was found."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """A page of what a source noticed: kept as a whole, or not at all.

    `listings`: marketplace orders, new ones or old. `touched`: orders to be looked at, each with the statuses it took,
    the oldest first, as far as the source knows them. `sightings`: orders that it has looked at itself. Both may name
    orders that are none of ours. `certain`: the shop is believed even where it takes back a row of an order's history.
    `linked`: that the listings are a marketplace's orders is not what the shop says.

    `cursor`: where to go on from, once this page is kept; None: as before. `restarted`: the cursor that was given lies
    ahead of the shop, which went back to an earlier state. The code of a log entry; nothing else of the page counts,
    and every source begins anew.
    """

    listings: Sequence[Listing] = ()
    touched: Mapping[OrderKey, Sequence[StatusKey]] = field(default_factory=dict)
    sightings: Mapping[OrderKey, Seen] = field(default_factory=dict)
    certain: bool = False
    linked: bool = False
    cursor: Json | None = None
    restarted: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbours by their ordinals: those from `number * size` on. How many of them are open, and how many of those are
    to be looked at whatever the shop says of the group: they were never seen, or there was doubt."""

    number: int
    orders: int
    unsure: int


class KnownOrders(Protocol):
    """What sfsync knows when a source is followed. `now` is aware; orders made before `since` are not listed, unless
    they are asked for. `meanings`: the statuses that mean something, and which operation.

    Open orders are those that a change is still looked for; they come with the status that was last seen, empty for one
    that never was.
    """

    @property
    def now(self) -> datetime: ...

    @property
    def since(self) -> datetime: ...

    @property
    def meanings(self) -> Mapping[StatusKey, str]: ...

    def known(self, keys: Collection[OrderKey]) -> AbstractSet[OrderKey]:
        """Those of them that are marketplace orders of ours, open or not."""

    def groups(self, size: int) -> Sequence[Group]:
        """The open orders, by rising number. Orders without an ordinal are all in group 0."""

    def open_in(self, groups: Collection[int], size: int) -> Mapping[OrderKey, StatusKey]:
        """The open orders of these groups: choose so many that memory holds them."""

    def open(self) -> Iterator[Mapping[OrderKey, StatusKey]]:
        """All open orders, in pages."""

    def numbers(self, keys: Collection[OrderKey]) -> Mapping[OrderKey, str]:
        """The tracking numbers that were last seen of those that are ours, as `Seen.written` has them."""

    def claims(self, keys: Collection[OrderKey]) -> Mapping[OrderKey, Claim]:
        """Which marketplace order those that are ours are known to be."""


class Source(Protocol):
    """Tells what has changed in the shop since a cursor of its own. A cursor is plain JSON, and nobody else's business.

    `lists`: it says which orders come from a marketplace. `needed`: the store is in trouble while it is. `share`: of
    the time, at most, in a store that is looked at every second. `every`: not more often than that.
    """

    name: str
    lists: bool = False
    needed: bool = True
    share: float = 1.0
    every: timedelta = timedelta()

    def after(self, cursor: Json | None, orders: KnownOrders) -> Iterator[Noticed]:
        """Pages of what changed since, by rising cursor; `cursor` is None the first time. Each page is kept before the
        next one is asked for. May raise `ShopUnavailable` or `ShopMisconfigured`: what was kept is kept."""


class OpenShop(Protocol):
    """One shop, opened with its settings; it connects when it is first asked something. Not for several threads at
    once."""

    @property
    def reader(self) -> Reader: ...

    @property
    def sources(self) -> Sequence[Source]:
        """In the order in which they are followed."""

    def listed(self, keys: Collection[OrderKey]) -> Sequence[Listing]:
        """Which of these orders are marketplace orders, by any of the sources, whatever their age."""

    def in_the_way(self) -> Sequence[Note]:
        """What else sends for this shop, and what keeps us from seeing whether anything does."""

    def pulse(self) -> int | None:
        """A number that moves when an order takes another status; None where it costs as much as looking."""

    def memory(self) -> Json | None:
        """What `Around.memory` is to tell when the shop is opened again; None: nothing."""

    def close(self) -> None:
        """Give the connection back."""
