"""Notice every change of a marketplace order in the shop, and save its task before anything is sent (R1, R2, R5).

Each source of the shop is followed from its cursor. What a page of it tells, the tasks that follow, what was seen and
the cursor are one transaction; the shop is asked between two of them, never inside one. Nobody else writes cursors.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sfsync.domain.orders import Seen
from sfsync.domain.readings import Answer, is_sure, shortened
from sfsync.domain.trouble import Trouble
from sfsync.engine.find.cursors import Cursors
from sfsync.engine.find.known_orders import Known, LastSeen
from sfsync.engine.find.outbox import Change, change, learn_names, look_again, looks_without, save
from sfsync.engine.find.register import register
from sfsync.engine.find.sources import sources
from sfsync.engine.kit.context import Run
from sfsync.engine.kit.trouble import Stopped, diagnosed, stopped_by
from sfsync.models import Order, StoreState, Takeover
from sfsync.models.log import Level
from sfsync.shops.base import Listing, Noticed, ShopError, ShopUnavailable, Source, Weight
from sfsync.shops.keys import OrderKey
from shoppingfeed import ShoppingFeedError

SAVED = 1000
"""Changes of one transaction."""


@dataclass(slots=True)
class Found:
    """What following the shop came to: the `troubles` of sources that could not be followed, by their names; those that
    are the store's; and whether its updates can be sent all the same."""

    troubles: dict[str, Stopped] = field(default_factory=dict)
    stops: Sequence[Stopped] = ()
    sendable: bool = True


class _WentBack(Exception):
    """The shop went back to an earlier state. The message is the code of a log entry."""


def find(run: Run) -> Found:
    """Raises what the shop raises where it cannot be followed for the first time."""
    cursors = Cursors(run)
    if cursors.fresh:
        # A wrong shop id or a missing right would only look like a shop where nothing happens.
        run.shop.reader.probe()
    if others := [each.evidence for each in run.shop.in_the_way() if each.weight is Weight.BLOCKS]:
        _stand_aside(run)
        return Found(stops=[Stopped(Trouble.ANOTHER_SENDER, "; ".join(others))], sendable=False)
    try:
        troubles, refused = _follow_all(run, cursors)
    except _WentBack as restarted:
        cursors.start_anew(str(restarted))
        troubles, refused = _follow_all(run, cursors)
    cursors.remember(run.shop.memory())
    found = _judged(run, troubles)
    return Found(troubles, [*found.stops, *refused], found.sendable and not refused)


def _stand_aside(run: Run) -> None:
    """R23. What somebody else tells meanwhile is asked for before anything is sent again. A module that had been
    switched off and sends again is said once."""
    if Takeover.objects.filter(store=run.store, back_at=None).update(back_at=run.clock()):
        run.journal.say(Level.WARNING, "sender-back")
    stood = StoreState.objects.filter(pk=run.store.pk, adopted_at__isnull=False)
    stood.update(adopted_at=None, dispatch="")


def _follow_all(run: Run, cursors: Cursors) -> tuple[dict[str, Stopped], list[Stopped]]:
    """The troubles of sources. One stops that source alone, unless the shop does not answer: then it answers none. And
    what Shopping Feed said in vain, which is no source's trouble: nothing else is asked in this run."""
    troubles: dict[str, Stopped] = {}
    refused: list[Stopped] = []
    away: Stopped | None = None
    for source in sources(run.store, run.shop, run.feed, run.clock, run.journal.say):
        if away:
            troubles[source.name] = away
        elif not cursors.rests(source):
            began = time.monotonic()
            error = _trouble(run, cursors, source)
            stopped = stopped_by(error) if error else None
            if stopped and isinstance(error, ShoppingFeedError):
                refused.append(stopped)
                continue
            cursors.followed(source, time.monotonic() - began, stopped, getattr(error, "code", ""))
            troubles |= {source.name: stopped} if stopped else {}
            away = stopped if isinstance(error, ShopUnavailable) else None
    return troubles, refused


def _trouble(run: Run, cursors: Cursors, source: Source) -> Exception | None:
    """Follow it: what stopped it, if anything did. What it noticed before is kept."""
    try:
        _follow(run, cursors, source)
    except (ShopError, ShoppingFeedError) as error:
        run.journal.forget()
        return diagnosed(run.shop, error)
    return None


def _judged(run: Run, troubles: dict[str, Stopped]) -> Found:
    """Without any list of marketplace orders nothing can be sent, for what an order is may be another thing by now. One
    list of several is missed by nobody as long as orders are known."""
    own = run.shop.sources
    lists = {each.name for each in own if each.lists}
    stops = {each.name for each in own if each.needed}
    sendable = not lists or bool(lists - troubles.keys())
    if not sendable or (lists & troubles.keys() and not Order.objects.filter(store=run.store).exists()):
        stops |= lists
    its = [each for name, each in troubles.items() if name in stops]
    return Found(troubles, list(dict.fromkeys(its)), sendable)


def _follow(run: Run, cursors: Cursors, source: Source) -> None:
    orders = Known(run.store, run.clock(), timedelta(days=run.conf.sweep_days), run.policy.mapping)
    position, asked_at = cursors.position(source.name), run.clock()
    for noticed in source.after(position, orders):
        run.lease.beat(source.name)
        if noticed.restarted and position is not None:
            raise _WentBack(noticed.restarted)
        _Page(run, cursors, source, orders, noticed, asked_at).keep()
        if source.share >= 1 and run.stop(0):
            return
        asked_at = run.clock()


@dataclass(frozen=True, slots=True)
class _Page:
    """What a source noticed, on its way into our tables. `asked_at`: no later than that the shop was asked for it."""

    run: Run
    cursors: Cursors
    source: Source
    orders: Known
    noticed: Noticed
    asked_at: datetime

    def keep(self) -> None:
        listings = [*self.noticed.listings, *self._strangers()]
        known = self.orders.known(self.noticed.touched)
        seen = self._seen(listings, known)
        removed = self._removed(seen)
        if missing := known - seen.keys():
            self._miss(missing)
        if listings:
            self._keep_with(listings, seen, removed)
        else:
            self._keep_changes(list(self._changes(seen, removed)))

    def _keep_with(self, listings: Sequence[Listing], seen: Mapping[OrderKey, Seen], removed: Collection[int]) -> None:
        """Orders that are new to us have a row to hang changes on only once they are registered."""
        if seen:
            learn_names(self.run)
        with self.run.lease.writing(self.source.name):
            register(self.run, listings, linked=self.noticed.linked)
            self.orders.forget()
            save(self.run, list(self._changes(seen, removed)))
            self._keep_cursor()
        self.orders.forget()

    def _keep_changes(self, changes: list[Change]) -> None:
        """More of them than are good for one transaction are saved in several, the cursor with the last one."""
        if changes:
            learn_names(self.run)
        while len(changes) > SAVED:
            with self.run.lease.writing(self.source.name):
                save(self.run, changes[:SAVED])
            changes = changes[SAVED:]
        if changes or self.noticed.cursor is not None:
            with self.run.lease.writing(self.source.name):
                save(self.run, changes)
                self._keep_cursor()
            self.orders.forget()

    def _keep_cursor(self) -> None:
        if self.noticed.cursor is not None:
            self.cursors.keep(self.source.name, self.noticed.cursor)

    def _strangers(self) -> Sequence[Listing]:
        """Orders that are not known, though a list of the shop may have them."""
        mentioned = self.noticed.touched.keys() | self.noticed.sightings.keys()
        unknown = mentioned - self.orders.known(mentioned) - {each.key for each in self.noticed.listings}
        return self.run.shop.listed(unknown) if unknown else []

    def _seen(self, listings: Sequence[Listing], known: AbstractSet[OrderKey]) -> dict[OrderKey, Seen]:
        """How those stand now that are ours, or are about to be."""
        noticed, listed = self.noticed, {each.key for each in listings}
        touched = listed & noticed.touched.keys() | {*known}
        return {**noticed.sightings, **(self.run.shop.reader.look(touched) if touched else {})}

    def _miss(self, keys: Collection[OrderKey]) -> None:
        """Before the cursor moves on: nothing tells of them again. Of most nothing comes, in one look after another."""
        if looks := looks_without(self.run, keys):
            with self.run.lease.writing(self.source.name):
                look_again(self.run, looks)

    def _removed(self, seen: Mapping[OrderKey, Seen]) -> Collection[int]:
        """The rows of their histories that the shop has no more."""
        last = self.orders.last_seen(seen).items()
        lost = {each.version for key, each in last if seen[key].version < each.version}
        return self.run.shop.reader.removed(lost) if lost else ()

    def _changes(self, seen: Mapping[OrderKey, Seen], removed: Collection[int]) -> Iterator[Change]:
        """Of orders that are not as they were last seen, or took a status since."""
        for key, last in self.orders.last_seen(seen).items():
            history, now = self.noticed.touched.get(key, ()), seen[key]
            if history or last.differs(now):
                shorter = None if now.version >= last.version else self._shortened(now, last, removed)
                yield change(now, last, history, self.run.lease.taken_at if history else None, shorter)

    def _shortened(self, now: Seen, last: LastSeen, removed: Collection[int]) -> Answer | None:
        if self.noticed.certain:
            return None
        sure = is_sure(last.doubted_at, self.asked_at)
        return shortened(now.version, last.version, removed, sure=sure)
