"""What has changed in a shop of which nothing but the web service can be had: five questions a pass while nothing has,
beside the one about other senders.

Without `display` an answer has ids alone and costs the shop one statement, whatever its length; with it, it is one and
more for each row. So the questions are such that ids answer them (which orders are in one of these states? which
parcels have a number?), and only what is new is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sfsync.domain.identity import Verdict, judge
from sfsync.shops.base import KnownOrders, Noticed
from sfsync.shops.keys import OrderKey, StatusKey
from sfsync.shops.prestashop.clock import to_shop
from sfsync.shops.prestashop.webservice import rows
from sfsync.shops.prestashop.webservice.address import FILLED, Question, after, any_of, since
from sfsync.shops.prestashop.webservice.bitmap import Bitmap
from sfsync.shops.prestashop.webservice.bridge import MODULES, Bridge
from sfsync.shops.prestashop.webservice.client import WebService
from sfsync.shops.prestashop.webservice.listings import Listings
from sfsync.shops.prestashop.webservice.pace import FINDING
from sfsync.shops.prestashop.webservice.place import Place
from sfsync.shops.prestashop.webservice.reader import BATCH, WebServiceReader

OVERLAP = 200
"""Ids asked for again behind the last one, of history rows and orders: they are committed out of order."""
QUESTIONS = 6
"""Of a pass in which nothing has changed."""
LONGEST = 60.0
"""Seconds of a pass; what is left is for the next one."""
WINDOW = 20_000
"""Ids from the lowest open order to the newest. Where there are more, the oldest twentieth goes by a list of ids."""
OLDEST = 20
SEVERAL = 4
"""Batches of new numbers that are read in one pass."""
READ_AGAIN = timedelta(minutes=3)
"""How often a batch of parcels is read again: 10,000 orders' within the hour. A corrected number stands in a row that
had one before, which no question about ids can tell."""
ODD = 20
"""An order that a look does not settle (a shop with a cache shows an old object) is looked at every so many passes."""
ANCHOR = 5
"""The row to know the shop by is read with every new one, and else once in twice so many passes."""
GROUP = 64

Open = Mapping[int, StatusKey]


class Numbered(NamedTuple):
    """Where numbers stand: a resource, its rows with a number that were met, and how they are read."""

    resource: str
    met: Bitmap
    read: Callable[[Mapping[str, str]], Sequence[rows.Parcel | rows.Shipment]]


class WebServiceSource:
    """Orders of other shops, and those that come from no marketplace, stand in the same lists: they are left out here.

    The cursor is a `Place`. Where the history row to know the shop by is missing, or another one, the shop went back to
    an earlier state.
    """

    name = "webservice"
    lists = True
    needed = True
    share = 1.0

    def __init__(self, service: WebService, reader: WebServiceReader, listings: Listings, bridge: Bridge) -> None:
        self._service, self._reader, self._listings, self._bridge = service, reader, listings, bridge
        self.every = timedelta(hours=QUESTIONS / (service.pace.ceiling * FINDING))

    def after(self, cursor: dict[str, object] | None, orders: KnownOrders) -> Iterator[Noticed]:
        self._until = time.monotonic() + LONGEST
        self._service.pace.leave_room(FINDING)
        place = Place.read(cursor) if cursor else self._start(orders)
        complete = yield from self._new_orders(place, orders)
        yield from self._history(place, orders)
        known = {int(key): status for page in orders.open() for key, status in page.items()}
        yield from self._odd_ones(place, orders, known)
        if not (yield from self._by_turn(place, orders, known)):
            yield from self._numbers(place, orders, known)
        place.turn += complete
        yield Noticed(cursor=place.written())

    def _start(self, orders: KnownOrders) -> Place:
        """What happened before is seen by the look at each order that follows its listing."""
        self._reader.prepare()
        newest = self._service.newest("order_histories")
        window = self._service.ids("order_histories", {"id": after(newest - OVERLAP)})
        last = self._rows_of_history(window[-1:])
        edge = to_shop(orders.since, self._reader.about.zone)
        ours = self._service.ids("orders", {"module": any_of(MODULES), "date_add": since(edge)})
        lowest = min([*ours[:1], *(int(key) for page in orders.open() for key in page)], default=1)
        return Place(
            at=window[-1] if window else newest,
            last=_kept(last[0]) if last else None,
            window=window,
            highest=(ours[0] if ours else 1) - 1,
            lowest=lowest,
            parcels=self._known_parcels(lowest),
        )

    def _known_parcels(self, lowest: int) -> Bitmap:
        first = self._first_of("order_carriers", lowest)
        found = Bitmap(first)
        found.add(self._service.ids("order_carriers", _with_number(first)))
        return found

    def _new_orders(self, place: Place, orders: KnownOrders) -> Generator[Noticed, None, bool]:
        """In the beginning known ones as well: a shop that went back may have given their numbers to others. Returns
        whether they are all listed."""
        first = place.highest - OVERLAP if place.turn else place.highest
        ids = self._service.ids("orders", {"id": after(first), "module": any_of(MODULES)})
        for some in portions(ids):
            keys = {str(each) for each in some}
            if fresh := keys if not place.turn else keys - orders.known(keys):
                place.highest = max(place.highest, *some)
                listings = self._listings.of(fresh)
                yield Noticed(listings, dict.fromkeys([each.key for each in listings], ()), cursor=place.written())
                if self._late():
                    return False
        place.highest = max([place.highest, *ids])
        return True

    def _history(self, place: Place, orders: KnownOrders) -> Iterator[Noticed]:
        ids = self._service.ids("order_histories", {"id": after(place.at - OVERLAP)})
        if place.last and place.last[0] not in ids:
            yield Noticed(restarted="shop-restored")
            return
        known = set(place.window)
        for some in portions(each for each in ids if each not in known):
            anchor = [place.last[0]] if place.last else []
            found = self._rows_of_history([*anchor, *some])
            if place.last and place.last not in map(_kept, found):
                yield Noticed(restarted="shop-restored")
                return
            fresh = [each for each in found if each.id_order_history not in known]
            if fresh:
                _advance(place, fresh)
                yield Noticed(touched=_touched(fresh, orders), cursor=place.written())

    def _odd_ones(self, place: Place, orders: KnownOrders, known: Open) -> Iterator[Noticed]:
        """Orders that are not in the states that they were last seen in, and those that there was doubt about."""
        differ = {*self._elsewhere(place, orders.meanings, known), *_unsure(orders, known)}
        again = place.turn % ODD == 0
        news = [each for each in differ if again or place.odd.get(str(each)) != known[each]]
        place.odd = {str(each): known[each] for each in differ}
        yield from self._touching(news, place)

    def _elsewhere(self, place: Place, meanings: Mapping[StatusKey, str], known: Open) -> set[int]:
        """All mapped states in one question, and every other time one meaning more: a move from one to another shows
        there."""
        if not (meanings and known):
            return set()
        recent, _old = split(known, place.highest)
        words = sorted(set(meanings.values()))
        word = words[place.turn // 2 % len(words)]
        of_word = [status for status, meaning in meanings.items() if meaning == word]
        found: set[int] = set()
        for statuses in ([*meanings], of_word) if _of_meanings(place) else ([*meanings],):
            there = self._service.ids("orders", {"id": after(min(recent) - 1), "current_state": any_of(statuses)})
            found |= moved(recent, set(there), set(statuses))
        return found

    def _numbers(self, place: Place, orders: KnownOrders, known: Open) -> Iterator[Noticed]:
        """Parcels that have a number for the first time; every other time shipments, where the shop shows them."""
        if not known:
            return
        self._follow_the_lowest(place, known)
        its = Numbered("order_carriers", place.parcels, self._reader.parcels)
        if self._bridge.shows_shipments and place.turn % 2:
            place.shipments = place.shipments or Bitmap(self._first_of("shipments", place.lowest))
            its = Numbered("shipments", place.shipments, self._reader.shipments)
        ids = self._service.ids(its.resource, _with_number(its.met.first))
        unknown = [each for each in ids if each not in its.met]
        for some in portions(unknown[: SEVERAL * BATCH]):
            found = its.read({"id": any_of(some)})
            its.met.add(some)
            touched = orders.known({str(each.id_order) for each in found})
            yield Noticed(touched=dict.fromkeys(touched, ()), cursor=place.written())
            if self._late():
                return

    def _follow_the_lowest(self, place: Place, known: Open) -> None:
        """Now and then: what lies before the parcels of the lowest open order is asked for no longer."""
        lowest = min(split(known, place.highest)[0])
        if lowest < place.lowest or lowest > place.lowest + WINDOW // 10:
            first = self._first_of("order_carriers", lowest)
            place.parcels = place.parcels.begin_at(min(first, place.parcels.first) if lowest < place.lowest else first)
            place.shipments = None
            place.lowest = lowest

    def _first_of(self, resource: str, lowest: int) -> int:
        """The first row of this order and those after it."""
        return self._service.newest(resource, {"id_order": after(lowest - 1)}, oldest=True)

    def _by_turn(self, place: Place, orders: KnownOrders, known: Open) -> Generator[Noticed, None, bool]:
        """Every other time one question: names that are old, orders that are older than the others, or parcels that are
        to be read again. Returns whether it took a second one, so that another must wait."""
        if _of_meanings(place):
            return False
        _recent, old = split(known, place.highest)
        if place.last and place.turn // 2 % ANCHOR == 0:
            yield from self._anchor(place)
        elif self._reader.refresh():
            return False
        elif old and place.turn // 2 % 2:
            yield from self._old_ones(place, orders, old)
        elif self._bridge.shows_table and place.claimed_until <= place.read_until:
            if _is_due(place.claimed_until, orders.now):
                yield from self._claimed_again(place, orders, known)
        elif _is_due(place.read_until, orders.now):
            yield from self._read_again(place, orders, known, old)
            return self._bridge.shows_shipments
        return False

    def _anchor(self, place: Place) -> Iterator[Noticed]:
        there = self._rows_of_history([place.last[0]] if place.last else [])
        if place.last and place.last not in map(_kept, there):
            yield Noticed(restarted="shop-restored")

    def _old_ones(self, place: Place, orders: KnownOrders, old: Open) -> Iterator[Noticed]:
        some = [*portions(old)]
        ids = some[place.turn // 4 % len(some)]
        states = any_of([*orders.meanings]) if orders.meanings else "[0]"
        there = self._service.ids("orders", {"id": any_of(ids), "current_state": states})
        yield from self._touching(moved({each: old[each] for each in ids}, set(there), set(orders.meanings)), place)

    def _read_again(self, place: Place, orders: KnownOrders, known: Open, old: Open) -> Iterator[Noticed]:
        """Parcels that have a number, and those of old orders, which no other question is about."""
        numbered = (int(key) for key, written in orders.numbers([str(each) for each in known]).items() if written)
        wanted = sorted({*numbered, *old})
        ids = [each for each in wanted if each > place.read_at][:BATCH] or wanted[:BATCH]
        place.read_until = (orders.now + READ_AGAIN * (len(ids) / BATCH)).isoformat()
        if ids:
            place.read_at = ids[-1]
            now = self._reader.numbers(ids)
            seen = orders.numbers([str(each) for each in ids])
            yield from self._touching([each for each in ids if now.get(each, "") != seen.get(str(each), "")], place)

    def _claimed_again(self, place: Place, orders: KnownOrders, known: Open) -> Iterator[Noticed]:
        """R39: a row of the module's table may be corrected long after the order was imported."""
        ids = [each for each in sorted(known) if each > place.claimed_at][:BATCH] or sorted(known)[:BATCH]
        place.claimed_until = (orders.now + READ_AGAIN * (len(ids) / BATCH)).isoformat()
        if ids:
            place.claimed_at = ids[-1]
            now = self._bridge.claims(ids)
            ours = orders.claims([str(each) for each in now])
            news = {key for key, claim in ours.items() if judge(claim, now[int(key)]) is not Verdict.SAME}
            yield Noticed(self._listings.of(news) if news else (), cursor=place.written())

    def _touching(self, ids: Collection[int], place: Place) -> Iterator[Noticed]:
        """So many at a time as one look reads."""
        for some in portions(ids):
            yield Noticed(touched=dict.fromkeys(map(str, some), ()), cursor=place.written())

    def _rows_of_history(self, ids: Collection[int]) -> list[rows.Change]:
        if not ids:
            return []
        fields = rows.fields(rows.Change)
        found = self._service.rows(Question("order_histories", {"id": any_of(ids)}, fields, most=len(ids) + 1))
        return [rows.read(rows.Change, each) for each in found]

    def _late(self) -> bool:
        return time.monotonic() > self._until


def split(known: Open, highest: int) -> tuple[Open, Open]:
    """The open orders that are near enough to the newest one to be asked for together, and those before them."""
    if not known or highest - min(known) <= WINDOW:
        return known, {}
    ids = sorted(known)
    edge = ids[len(ids) // OLDEST]
    return {each: known[each] for each in ids if each >= edge}, {each: known[each] for each in ids if each < edge}


def portions(ids: Iterable[int]) -> Iterator[list[int]]:
    """So many of them as one question carries, rising."""
    ordered = sorted(ids)
    return (ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH))


def moved(known: Open, there: Collection[int], statuses: Collection[StatusKey]) -> set[int]:
    """Those that are in one of these statuses now and were not, or were and are not."""
    return {order for order, status in known.items() if (order in there) != (status in statuses)}


def _advance(place: Place, fresh: Sequence[rows.Change]) -> None:
    """The newest row is the one to know the shop by; what is read again is no news the next time."""
    place.at = max(place.at, fresh[-1].id_order_history)
    place.last = _kept(fresh[-1]) if not place.last or fresh[-1].id_order_history > place.last[0] else place.last
    met = {*place.window, *(each.id_order_history for each in fresh)}
    place.window = sorted(each for each in met if each > place.at - OVERLAP)


def _is_due(until: str, now: datetime) -> bool:
    return not until or now >= datetime.fromisoformat(until)


def _of_meanings(place: Place) -> bool:
    """Its sixth question is about one meaning; in the passes between, about something else by turn."""
    return place.turn % 2 == 1


def _unsure(orders: KnownOrders, known: Open) -> list[int]:
    """Never seen, or to be looked at whatever the shop says; their neighbours with them."""
    groups = [each.number for each in orders.groups(GROUP) if each.unsure]
    return [int(key) for key in orders.open_in(groups, GROUP) if int(key) in known] if groups else []


def _touched(changes: Sequence[rows.Change], orders: KnownOrders) -> dict[OrderKey, list[StatusKey]]:
    """Of our own orders alone: the others' are never asked for."""
    known = orders.known({str(each.id_order) for each in changes})
    found: dict[OrderKey, list[StatusKey]] = {}
    for each in changes:
        if str(each.id_order) in known:
            found.setdefault(str(each.id_order), []).append(str(each.id_order_state))
    return found


def _kept(row: rows.Change) -> list[int]:
    return [*row]


def _with_number(first: int) -> dict[str, str]:
    return {"id": after(first - 1), "tracking_number": FILLED}
