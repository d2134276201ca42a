"""Orders that Shopping Feed itself knows by their number in the shop (`storeReference`), whoever imported them (R24):
for shops where no module's list says which orders come from a marketplace, or not of all.

What a list of the shop says counts before it, so only orders are linked that the shop has, that were placed when the
marketplace says, and of which nothing else is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from heapq import nlargest
from itertools import islice
from typing import Any

from sfsync.db.among import among
from sfsync.domain.identity import Claim
from sfsync.engine.find.known_orders import claims_of
from sfsync.models import Order, Store
from sfsync.models.log import Level
from sfsync.shops.base import Json, KnownOrders, Listing, Noticed, OpenShop, Placed
from sfsync.shops.keys import OrderKey
from sfsync.shops.setting import Mistake
from shoppingfeed import Order as FeedOrder
from shoppingfeed import Store as Feed

PAGE = 200
"""Orders of one request."""
OVERLAP = 100
"""The newest orders are listed again with those that come after them: half a page, so that it costs no request. An
order may be acknowledged after one that is newer."""
WAITING = ("waiting_shipment", "partially_shipped")
"""Orders that are to be told of. One that was acknowledged late is still among them, and they are few."""
LATE = timedelta(days=1)
"""How often those are listed, however old they are."""
APART = timedelta(days=1)
"""The shop places an order between the marketplace and the acknowledgment; no zone that was set wrongly is further."""
SELDOM = timedelta(days=1)
"""How often it is asked where the shop's lists name orders, and Shopping Feed told of no other for `QUIET`."""
QUIET = timedelta(days=7)
COVERED = 0.99
"""Where the shop's own lists have so many of them, the others are not asked for one by one."""


@dataclass(slots=True)
class Place:
    """`since`: orders older than that are not listed by the next look. `met`: those after it that were judged, by their
    ids, with their dates; `late_at`: when those that wait were last listed; `looked_at`: when it was asked last, and
    `told_at`: when it last told what no list of the shop had."""

    since: str
    late_at: str
    met: dict[str, str] = field(default_factory=dict)
    looked_at: str = ""
    told_at: str = ""

    def advance(self, found: Iterable[FeedOrder], now: datetime) -> None:
        dated = {str(each.id): (each.created_at or now).isoformat() for each in found}
        newest = nlargest(OVERLAP, {**self.met, **dated}.items(), key=lambda each: datetime.fromisoformat(each[1]))
        self.met = dict(newest)
        if len(newest) == OVERLAP:
            self.since = newest[-1][1]

    def written(self) -> dict[str, Any]:
        return asdict(self)

    def looked(self, now: datetime, noticed: Noticed) -> Noticed:
        self.looked_at = now.isoformat()
        if noticed.listings:
            self.told_at = self.looked_at
        return noticed

    def is_quiet(self, now: datetime) -> bool:
        """It told nothing for long, and was asked a while ago."""
        return _within(self.looked_at, now, SELDOM) and not _within(self.told_at, now, QUIET)


class FeedLinks:
    """A source of every kind of shop. Nothing says in which order the API lists, so a look reads all that it asks for.

    `say` writes into the log.
    """

    name = "feed_links"
    lists = True
    needed = False
    share = 1.0
    every = timedelta(minutes=15)

    def __init__(self, store: Store, shop: OpenShop, feed: Feed, say: Callable[..., None]) -> None:
        self._store, self._shop, self._feed, self._say = store, shop, feed, say

    def after(self, cursor: Json | None, orders: KnownOrders) -> Iterator[Noticed]:
        place = Place(**cursor) if cursor else Place(orders.since.isoformat(), orders.now.isoformat())
        first = cursor is None
        if place.is_quiet(orders.now) and self._listed_by_the_shop(orders.since):
            return
        for page in self._pages(since=datetime.fromisoformat(place.since)):
            fresh = [each for each in page if str(each.id) not in place.met]
            place.advance(page, orders.now)
            yield place.looked(orders.now, self._linked(fresh, orders.now, aloud=True))
            if first and self._covered(page, orders.since):
                place.since = orders.now.isoformat()
                break
            first = False
        if not _within(place.late_at, orders.now, LATE):
            place.late_at = orders.now.isoformat()
            for page in self._pages(since=orders.since, status=WAITING):
                yield place.looked(orders.now, self._linked(page, orders.now))
        place.looked_at = orders.now.isoformat()
        yield Noticed(cursor=place.written())

    def _pages(self, **query: Any) -> Iterator[list[FeedOrder]]:
        listed = self._feed.orders(limit=PAGE, acknowledgment="acknowledged", **query)
        while page := list(islice(listed, PAGE)):
            yield [each for each in page if each.store_reference]

    def _listed_by_the_shop(self, since: datetime) -> bool:
        return Order.objects.filter(store=self._store, linked=False, created_at__gte=since).exists()

    def _covered(self, page: Sequence[FeedOrder], since: datetime) -> bool:
        """The shop's own lists have (nearly) all of them, with their ids: that takes one request to learn, instead of
        one a page."""
        ours = Order.objects.filter(store=self._store, linked=False, marketplace_order__feed_id__isnull=False)
        its = ours.filter(marketplace_order__feed_id__in=among(each.id for each in page)).count()
        if not page or its < len(page) * COVERED:
            return False
        there = self._feed.count_orders(since=since)
        return there is not None and ours.filter(created_at__gte=since).count() >= there * COVERED

    def _linked(self, found: Sequence[FeedOrder], now: datetime, *, aloud: bool = False) -> Noticed:
        judged = Judged(self._store, self._shop, found, now)
        listings = [*judged.listings()]
        if aloud and (odd := judged.odd):
            self._say(
                Level.WARNING, "links-doubted", count=len(odd), shop_order=odd[0].store_reference, **_named(odd[0])
            )
        fresh = [each.key for each in listings if each.key not in judged.known]
        return Noticed(listings, dict.fromkeys(fresh, ()), linked=True)


class Judged:
    """A page of the API's orders, beside the shop. `odd`: the shop has no such order, or placed it at another time, or
    says that it is another one."""

    def __init__(self, store: Store, shop: OpenShop, found: Sequence[FeedOrder], now: datetime) -> None:
        self._now = now
        self._by_key: dict[OrderKey, list[FeedOrder]] = defaultdict(list)
        self.odd: list[FeedOrder] = []
        for each in found:
            if key := _key(store, each):
                self._by_key[key].append(each)
            else:
                self.odd.append(each)
        self.known = claims_of(store, self._by_key)
        wanted = [key for key in self._by_key if not self._said(key)]
        self._placed: Mapping[OrderKey, Placed] = shop.reader.placed(wanted) if wanted else {}

    def listings(self) -> Iterator[Listing]:
        for key, claimed in self._by_key.items():
            known = self.known.get(key)
            if known and any(each.id == known.feed_id for each in claimed):
                continue
            if len(claimed) == 1 and self._is(key, claimed[0], known):
                yield _listing(key, claimed[0], known, self._placed.get(key, Placed(self._now)))
            else:
                self.odd += claimed

    def _said(self, key: OrderKey) -> bool:
        """The shop says itself which order it is."""
        return key in self.known and bool(self.known[key].feed_id or self.known[key].reference)

    def _is(self, key: OrderKey, order: FeedOrder, known: Claim | None) -> bool:
        if known and self._said(key):
            return known.feed_id is None and known.reference == order.reference
        return key in self._placed and agrees(order, self._placed[key])


def agrees(order: FeedOrder, placed: Placed) -> bool:
    """It was placed in the shop between its beginning on the marketplace and its acknowledgment."""
    if order.created_at is None:
        return False
    until = order.acknowledged_at or order.updated_at
    return order.created_at - APART <= placed.at and (until is None or placed.at <= until + APART)


def named_in_shop(store: Store, shop: OpenShop, feed: Feed, since: datetime) -> int:
    """How many orders of the shop Shopping Feed knows by their number there: counted on a page, and by that page where
    there are more. Two requests at most."""
    listed = feed.orders(limit=PAGE, acknowledgment="acknowledged", since=since)
    page = list(islice(listed, PAGE))
    keys = {each.id: key for each in page if (key := _key(store, each))}
    placed = shop.reader.placed([*keys.values()]) if keys else {}
    its = [each for each in page if keys.get(each.id) in placed and agrees(each, placed[keys[each.id]])]
    there = feed.count_orders(acknowledgment="acknowledged", since=since) if len(page) == PAGE else None
    return round(len(its) * there / PAGE) if there else len(its)


def _within(moment: str, now: datetime, span: timedelta) -> bool:
    """It was no longer ago, and not in the future, where a clock was wrong."""
    return bool(moment) and timedelta() <= now - datetime.fromisoformat(moment) < span


def _key(store: Store, order: FeedOrder) -> OrderKey:
    """Empty for what no order of the shop could be called."""
    try:
        return store.kind.orders.parse(order.store_reference)
    except Mistake:
        return ""


def _listing(key: OrderKey, order: FeedOrder, known: Claim | None, placed: Placed) -> Listing:
    """By the names that the shop has for it, where it has some: the marketplace may be called otherwise there."""
    return Listing(
        row_id=0,
        key=key,
        shop_reference=placed.shop_reference,
        feed_id=order.id,
        reference=(known.reference if known else "") or order.reference,
        channel=(known.channel if known else "") or order.channel,
        created_at=placed.at,
    )


def _named(order: FeedOrder) -> dict[str, str]:
    return {"reference": order.reference, "channel": order.channel}
