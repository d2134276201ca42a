"""How far each source of the shop was followed in this run and before, and what a shop that went back does to it."""

from __future__ import annotations

from typing import Any

from sfsync.engine.kit.context import Run
from sfsync.models import Cursor, Order
from sfsync.models.log import Level

Position = dict[str, Any]


class Cursors:
    """The store's cursors, read once a run. A cursor belongs to the shop that it was made with."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.identity = run.store.shop_identity or ""
        self.rows = {each.name: each for each in Cursor.objects.filter(store=run.store)}
        if any(each.identity != self.identity for each in self.rows.values()):
            self.start_anew("shop-replaced")

    def position(self, name: str) -> Position | None:
        """None where the source was never followed, or is to be followed from its beginning."""
        return self.rows[name].position if name in self.rows else None

    def keep(self, name: str, position: Position) -> None:
        """In a transaction that holds the lease, with what was found on the way there."""
        row = self.rows.setdefault(name, Cursor(store=self.run.store, name=name))
        row.position, row.identity = position, self.identity
        row.save()

    def start_anew(self, code: str) -> None:
        """What was seen may never have been, and versions count from the beginning: every open order is looked at."""
        with self.run.lease.writing("cursors"):
            Cursor.objects.filter(store=self.run.store).delete()
            Order.objects.filter(store=self.run.store).update(seen_version=0)
            Order.objects.filter(store=self.run.store, open=True).update(look_again=True)
            self.run.journal.say(Level.WARNING, code)
            self.run.journal.flush()
        self.rows = {}
