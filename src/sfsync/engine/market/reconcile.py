"""Once a day: what the marketplaces show is compared with what they were told (R32). Few requests, by sets of statuses:
one per thousand orders that still wait, or that have ended otherwise while the shop may prepare them; never one per
order."""

from __future__ import annotations

import logging
from collections.abc import Container, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from sfsync.conf import conf
from sfsync.db.bulk import update_rows
from sfsync.domain.reconciliation import CANCELLED, GRACE, REFUNDED, WAITING, Difference, last_due
from sfsync.engine.kit.connections import Connections
from sfsync.engine.kit.day_figures import note_answers
from sfsync.engine.kit.journal import Journal
from sfsync.engine.kit.lease import Busy, Clock, Lease, take
from sfsync.engine.kit.trouble import Stopped, stopped_by
from sfsync.engine.market.context import ALWAYS, EARLIER, Market
from sfsync.engine.market.findings import close_others, keep
from sfsync.engine.market.look import look
from sfsync.engine.market.ours import oldest_prepared
from sfsync.engine.outgoing.prepare import policy_of
from sfsync.models import Finding, MarketplaceOrder, Process, Store
from sfsync.models.log import Level
from sfsync.models.marketplace_order import NOT_WAITING
from sfsync.models.process import RECONCILE
from shoppingfeed import Order as FeedOrder
from shoppingfeed import Store as Feed

logger = logging.getLogger("sfsync.process")
AGAIN = timedelta(hours=1)
"""After one that could not be done."""


@dataclass(slots=True)
class Counts:
    """Orders compared, differences that are new, and those that have gone."""

    compared: int = 0
    found: int = 0
    closed: int = 0
    requests: int = 0


def reconcile_store(
    store: Store, connections: Connections, *, grace: timedelta = GRACE, clock: Clock = timezone.now
) -> Stopped | None:
    """Compare one store now. Returns what stopped it: it is tried again an hour later. Raises `Busy`."""
    lease = take(store, clock, timedelta(seconds=conf().lease_seconds), RECONCILE)
    journal, counts, stopped = Journal(store, RECONCILE, lease.token, clock), Counts(), None
    feed: Feed | None = None
    try:
        feed = connections.client(store).store(store.feed_store_id)
        reconcile(_market(store, feed, lease, journal), grace, counts)
    except Exception as error:  # whatever it is, the store's other processes go on
        journal.forget()
        stopped = stopped_by(error)
        logger.warning("%s: the comparison with the marketplaces stopped", store.name, exc_info=error)
    finally:
        connections.done(store)
    _finish(lease, journal, counts, stopped, feed)
    return stopped


def _market(store: Store, feed: Feed, lease: Lease, journal: Journal) -> Market:
    since = lease.clock() - timedelta(days=conf().sweep_days)
    return Market(store, policy_of(store), feed, lease, journal, lease.clock, since)


def reconcile(market: Market, grace: timedelta, counts: Counts) -> None:
    began, waiting = market.clock(), set[int]()
    seen: set[tuple[int, str]] = set()
    for waits, page in _pages(market):
        with market.lease.writing("compare"):
            looked = look(market, page, grace)
            counts.found += keep(market, looked.found)
            market.journal.flush()
        counts.compared += len(looked.orders)
        seen |= {(order, each.difference.value) for order, each in looked.found}
        waiting |= set(looked.orders) if waits else set()
    with market.lease.writing("compare"):
        _no_longer_waiting(market, began, waiting)
        seen |= _as_it_was_found(market.store, waiting - {order for order, _kind in seen})
        counts.closed += close_others(market, seen, Finding.objects.all())
        market.journal.flush()
        market.store.state.reconciled_at = began
        market.store.state.save(update_fields=["reconciled_at"])


def _pages(market: Market) -> Iterator[tuple[bool, list[FeedOrder]]]:
    """All that wait on the marketplaces, and all that ended there otherwise, as far as the shop may still prepare them;
    whether they wait."""
    for page in waiting_orders(market):
        yield True, page
    if oldest := oldest_prepared(market.store, market.since):
        for page in market.pages({"status": CANCELLED + REFUNDED, "since": oldest - EARLIER}):
            yield False, page


def waiting_orders(market: Market) -> Iterator[list[FeedOrder]]:
    """Where it takes several requests, the list is read twice: an order that leaves it meanwhile moves another one to a
    page that was read already, which would pass for seen by its marketplace."""
    read: set[int] = set()
    for page in market.pages({"status": WAITING}):
        read |= {each.id for each in page}
        yield page
    for page in market.pages({"status": WAITING}) if len(read) >= ALWAYS else ():
        if missed := [each for each in page if each.id not in read]:
            yield missed


def _no_longer_waiting(market: Market, began: datetime, waiting: Container[int]) -> None:
    """What was told before this look, and is not among those that wait: the marketplace has seen it."""
    told = MarketplaceOrder.objects.filter(store=market.store, created_at__gte=market.since, feed_id__isnull=False)
    told = told.filter(confirmed_at__lte=began, seen_there__in=("", *WAITING)).exclude(confirmed_operation="")
    gone_on = [(pk,) for pk in told.values_list("pk", flat=True) if pk not in waiting]
    update_rows(MarketplaceOrder, ("id",), gone_on, same={"seen_there": NOT_WAITING, "seen_there_at": began})


def _as_it_was_found(store: Store, waiting: Container[int]) -> set[tuple[int, str]]:
    """What an earlier look with a shorter grace found, and still waits: too young for this one, and not over."""
    young = Finding.objects.open().filter(store=store, kind=Difference.NOT_SEEN, since=F("order__confirmed_at"))
    return {(order, kind) for order, kind in young.values_list("order", "kind") if order in waiting}


def _finish(lease: Lease, journal: Journal, counts: Counts, stopped: Stopped | None, feed: Feed | None) -> None:
    now, answers = lease.clock(), feed.answers if feed else {}
    counts.requests = sum(answers.values())
    if stopped:
        journal.say(Level.ERROR, "run-troubled", message=stopped.detail, trouble=stopped.trouble)
    elif counts.found or counts.closed:
        journal.say(Level.INFO, "reconciled", **asdict(counts))
    journal.flush()
    note_answers(lease.store, answers)
    lease.release(
        now,
        outcome=stopped.trouble if stopped else "ok",
        error=stopped.detail if stopped else "",
        counts=asdict(counts),
        next_run_at=now + AGAIN if stopped else next_due(lease.store, now),
    )


def next_due(store: Store, now: datetime) -> datetime:
    return last_due(timezone.localtime(now), store.reconcile_hour) + timedelta(days=1)


def is_due(store: Store, now: datetime) -> bool:
    """Its hour has come since the last one, and it has not just been tried in vain. One in a time to come was written
    by a clock that has been put back since."""
    last = store.state.reconciled_at or store.created_at
    if last_due(timezone.localtime(now), store.reconcile_hour) <= last <= now + AGAIN:
        return False
    tried = Process.objects.filter(store=store, name=RECONCILE, next_run_at__gt=now, next_run_at__lte=now + AGAIN)
    return not tried.exists()


def reconcile_if_due(store: Store, connections: Connections, clock: Clock) -> None:
    """At the end of a run, which its outcome does not touch; one that another process is at is left to it."""
    try:
        if is_due(store, clock()):
            reconcile_store(store, connections, clock=clock)
    except Busy:
        return
