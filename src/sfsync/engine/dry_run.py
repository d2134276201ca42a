"""A run that sends nothing and leaves nothing behind: its steps are those of a real one, in a transaction undone, and
with SQLite in a copy besides, for its one writer would keep all others waiting as long as the outsides take."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

from django.db import transaction

from sfsync.conf import conf
from sfsync.db.among import among
from sfsync.db.throwaway import on_a_copy
from sfsync.engine.kit.connections import Connections
from sfsync.engine.kit.context import Turn
from sfsync.engine.kit.journal import Journal
from sfsync.engine.kit.judge import judge
from sfsync.engine.kit.lease import Clock, take
from sfsync.engine.kit.opening import read_opening
from sfsync.engine.kit.tally import Counts, Tally
from sfsync.engine.kit.trouble import Stopped
from sfsync.engine.run import open_run
from sfsync.engine.steps import take_steps
from sfsync.models import LogEntry, MarketplaceOrder, Store
from sfsync.models.log import Level
from sfsync.models.process import SYNC
from shoppingfeed import Accepted, OrderOperation, Outcome
from shoppingfeed import Store as Feed


@dataclass(frozen=True, slots=True)
class Unsent:
    """An operation that would have been sent. `order_id` is Shopping Feed's."""

    operation: str
    order_id: int
    reference: str
    channel: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a run would do now. `warnings`: what it would write in the log that people should know, in sentences.
    `cut`: its time was over before it had seen everything."""

    unsent: list[Unsent]
    warnings: list[str]
    counts: Counts
    troubles: list[Stopped]
    cut: bool = False


class ReadOnlyFeed:
    """Shopping Feed as a run knows it. What would change an order is kept, and answered as if it had been taken."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.kept: list[OrderOperation] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.feed, name)

    def send_many(self, batches: Iterable[Sequence[OrderOperation]], **_more: Any) -> Iterator[Outcome]:
        for number, batch in enumerate(batches):
            self.kept.extend(batch)
            yield Outcome(batch, Accepted(f"dry-run-{number}"), None)


def dry_run(
    store: Store, connections: Connections, clock: Clock | None = None, *, seconds: float = math.inf
) -> Rehearsed:
    """The shop and Shopping Feed are read as in a real run, and no mail goes out. `clock` as for `run_store`; after so
    many `seconds` it ends early, like a turn. Raises `Busy`, and what stops the whole store."""
    try:
        with on_a_copy(), transaction.atomic():
            rehearsed = _rehearse(store, connections, clock or judge(), Turn(seconds, _no_pause))
            transaction.set_rollback(True)
    finally:
        connections.done(store)
    return rehearsed


def _rehearse(store: Store, connections: Connections, clock: Clock, turn: Turn) -> Rehearsed:
    lease = take(store, clock, timedelta(seconds=conf().lease_seconds))
    opening, tally = read_opening(store, clock()), Tally()
    journal = Journal(store, SYNC, lease.token, clock)
    run = open_run(store, connections, lease, opening, journal=journal, tally=tally, turn=turn)
    feed = ReadOnlyFeed(run.feed)
    take_steps(replace(run, feed=cast(Feed, feed)), 0)
    journal.flush()
    warnings = LogEntry.objects.filter(store=store, run=lease.token, level__gte=Level.WARNING).order_by("pk")
    said = [each.message for each in warnings]
    return Rehearsed(list(_named(store, feed.kept)), said, tally.counts, tally.troubles, turn.over)


def _no_pause(_seconds: float) -> bool:
    return False


def _named(store: Store, operations: list[OrderOperation]) -> Iterator[Unsent]:
    ids = {each.order_id for each in operations}
    orders = {each.feed_id: each for each in MarketplaceOrder.objects.filter(store=store, feed_id__in=among(ids))}
    for each in operations:
        order = orders.get(each.order_id)
        named = (order.reference, order.channel) if order else ("", "")
        yield Unsent(each.operation, each.order_id, *named, each.payload())
