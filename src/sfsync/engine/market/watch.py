"""Once an hour: which orders the marketplaces have cancelled (R33), before they are packed and a shipment is sent; and
by when new ones must be shipped (R25), after that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.models import Exists, Max, Min, OuterRef

from sfsync.domain.deadlines import Source
from sfsync.domain.reconciliation import CANCELLED, GRACE, WAITING, Difference
from sfsync.engine.kit.context import Run
from sfsync.engine.kit.future_dates import passed
from sfsync.engine.market.context import EARLIER, Market
from sfsync.engine.market.findings import close_others, keep
from sfsync.engine.market.look import look
from sfsync.engine.market.ours import oldest_prepared
from sfsync.engine.market.told_in_time import PLACED_BEFORE, count_those_shipped_before
from sfsync.models import Finding, MarketplaceOrder, Task
from sfsync.models.log import Level
from shoppingfeed import NotFoundError

EVERY, AGAIN = timedelta(hours=1), timedelta(minutes=10)
"""How often, and how soon after a look that failed: one that cannot be had must not hold up what is to be sent."""
HORIZON = timedelta(days=30)
"""The age of the oldest orders that are listed."""


def watch(run: Run) -> bool:
    """Before anything is sent: one request for all that were cancelled or refused, where the shop prepares any order at
    all. Returns whether it was due."""
    if not passed(run.store.state.watched_at or min(run.store.created_at, run.clock()), run.clock(), EVERY):
        return False
    with _looking(run) as market:
        if oldest := oldest_prepared(market.store, market.since):
            _look(market, oldest - EARLIER)
    return True


def learn_deadlines(run: Run) -> None:
    """R25: after all that could be sent, for what the marketplaces know by then needs no deadline any more."""
    with _looking(run) as market:
        _learn_deadlines(market)
        count_those_shipped_before(market)


@contextmanager
def _looking(run: Run) -> Iterator[Market]:
    """One that fails is had again soon."""
    state, now = run.store.state, run.clock()
    watched_at = now - EVERY + AGAIN
    try:
        yield Market(run.store, run.policy, run.feed, run.lease, run.journal, run.clock, now - HORIZON)
        watched_at = now
    finally:
        state.watched_at = watched_at
        state.save(update_fields=["watched_at"])


def _look(market: Market, since: datetime) -> None:
    """An API without a list of orders tells nothing, and stops nothing."""
    seen: set[tuple[int, str]] = set()
    try:
        for page in market.pages({"status": CANCELLED, "since": since}):
            with market.lease.writing("watch"):
                found = look(market, page, GRACE).found
                keep(market, found)
                market.journal.flush()
            seen |= {(order, each.difference.value) for order, each in found}
    except NotFoundError as error:
        market.journal.say(Level.WARNING, "orders-unlistable", message=str(error))
        return
    with market.lease.writing("watch"):
        young = Finding.objects.filter(kind=Difference.CANCELLED_THERE.value, order__created_at__gte=market.since)
        close_others(market, seen, young)
        market.journal.flush()


def _learn_deadlines(market: Market) -> None:
    """Of orders that are new since the last look and not on their way, from a list of those that wait; each is asked
    for once."""
    known = MarketplaceOrder.objects.filter(store=market.store, created_at__gte=market.since, feed_id__isnull=False)
    flying = Task.objects.in_flight().filter(order=OuterRef("pk"))
    new = known.filter(~Exists(flying), ship_by_from=Source.UNKNOWN, confirmed_operation="")
    oldest, newest = new.aggregate(oldest=Min("created_at"), newest=Max("id")).values()
    if oldest is None:
        return
    try:
        for page in market.pages({"status": WAITING, "since": oldest - PLACED_BEFORE}):
            with market.lease.writing("watch"):
                keep(market, look(market, page, GRACE).found)
                market.journal.flush()
    except NotFoundError as error:
        market.journal.say(Level.WARNING, "orders-unlistable", message=str(error))
        return
    new.filter(id__lte=newest).update(ship_by_from=Source.NONE)
