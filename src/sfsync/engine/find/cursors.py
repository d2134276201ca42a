"""How far each source of the shop was followed in this run and before, and what a shop that went back does to it."""

from __future__ import annotations

from datetime import timedelta

from sfsync.engine.kit.connections import MEMORY
from sfsync.engine.kit.context import Run
from sfsync.engine.kit.trouble import Stopped
from sfsync.models import Cursor, Order
from sfsync.models.log import Level
from sfsync.models.store import Mode
from sfsync.shops.base import Json, Source

SHORT = 1.0
"""Seconds of rest that are not worth writing down."""
USUAL, LONGER = 3.0, 4
"""Seconds that following a source may take at any time, and how many times as long as before it may take."""
CLOCKS = timedelta(hours=1)
"""A rest that ends later than this after any that could be was written by a wrong clock."""


class Cursors:
    """The store's cursors, as they were when the run began. A cursor belongs to the shop that it was made with."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.identity = run.store.shop_identity or ""
        self.rows = {each.name: each for each in run.opening.cursors}
        if any(each.identity != self.identity for each in self.rows.values()):
            self.start_anew("shop-replaced", replaced=True)

    @property
    def fresh(self) -> bool:
        """No source was ever followed in this shop."""
        return all(each.position is None for name, each in self.rows.items() if name != MEMORY)

    def position(self, name: str) -> Json | None:
        """None where the source was never followed, or is to be followed from its beginning."""
        return self.rows[name].position if name in self.rows else None

    def rests(self, source: Source) -> bool:
        """It was followed a moment ago. Its share of the time counts in a store that is looked at every second."""
        row, now = self.rows.get(source.name), self.run.clock()
        if row is None or row.not_before is None or not self._may_rest(source):
            return False
        longest = source.every + timedelta(seconds=rest(row.cost, source.share)) + CLOCKS
        return now < row.not_before <= now + longest

    def _may_rest(self, source: Source) -> bool:
        """In batches the schedule is rest enough."""
        return bool(source.every) or self.run.store.mode == Mode.REALTIME

    def keep(self, name: str, position: Json) -> None:
        """In a transaction that holds the lease, with what was found on the way there."""
        row = self._row(name)
        row.position = position
        row.save()

    def followed(self, source: Source, seconds: float, trouble: Stopped | None, cause: str = "") -> None:
        """What it took to follow it, and what stopped it; written where the next run needs to know. Raises
        `LeaseLost`: a run that was held up puts nothing back where a later one has come further."""
        row = self._row(source.name)
        row.cost = believed(seconds, row.cost)
        wait = max(rest(row.cost, source.share), source.every.total_seconds() - seconds)
        rests = wait >= SHORT and self._may_rest(source)
        row.not_before = self.run.clock() + timedelta(seconds=wait) if rests else None
        if trouble or row.trouble:
            self._note_trouble(row, trouble, cause)
        elif row.not_before is None:
            return
        with self.run.lease.writing(source.name):
            row.save()

    def remember(self, memory: Json | None) -> None:
        """What the shop wants to know when it is opened again."""
        if memory is not None and memory != self.position(MEMORY):
            with self.run.lease.writing(MEMORY):
                self.keep(MEMORY, memory)

    def start_anew(self, code: str, *, replaced: bool = False) -> None:
        """What was seen may never have been, and versions count from the beginning: every open order is looked at."""
        gone = Cursor.objects.filter(store=self.run.store)
        with self.run.lease.writing("cursors"):
            (gone if replaced else gone.exclude(name=MEMORY)).delete()
            Order.objects.filter(store=self.run.store).update(seen_version=0, doubted_at=None)
            Order.objects.filter(store=self.run.store, open=True).update(look_again=True)
            self.run.journal.say(Level.WARNING, code)
            self.run.journal.flush()
        self.rows = {name: each for name, each in self.rows.items() if name == MEMORY and not replaced}

    def _row(self, name: str) -> Cursor:
        row = self.rows.setdefault(name, Cursor(store=self.run.store, name=name))
        row.identity = self.identity
        return row

    def _note_trouble(self, row: Cursor, trouble: Stopped | None, cause: str) -> None:
        same = trouble is not None and row.trouble == trouble.trouble
        row.trouble_since = row.trouble_since if same else (self.run.clock() if trouble else None)
        row.trouble, row.trouble_text = (trouble.trouble, trouble.detail) if trouble else ("", "")
        row.cause = cause[:32]


def believed(seconds: float, before: float) -> float:
    """What following a source is taken to cost, by what it cost before: a process that stood still in the middle of it
    would let it rest for twenty times as long. One that has become slower is believed step by step."""
    return min(seconds, max(USUAL, LONGER * before))


def rest(seconds: float, share: float) -> float:
    """So long a source rests that took so many seconds, to have no more than its share of the time."""
    return seconds * (1 / share - 1)
