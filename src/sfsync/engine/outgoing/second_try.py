"""Read an order at Shopping Feed before a refused update of it is tried a second time (R34): what is shown there is
told, and what cannot be done any more is not tried in vain."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from django.db.models import Min
from django.utils import translation

from sfsync import texts
from sfsync.db.among import among
from sfsync.domain.errors import Failure
from sfsync.domain.operations import kind_of
from sfsync.domain.reconciliation import CANCELLED, GRACE, REFUNDED, WAITING
from sfsync.domain.second_try import Standing, standing
from sfsync.engine.kit.context import Run
from sfsync.engine.market.context import Market
from sfsync.engine.market.findings import keep
from sfsync.engine.market.look import look
from sfsync.engine.outgoing.conclude import ToldFact, remember
from sfsync.engine.outgoing.prepare import Plan, Prepared
from sfsync.models import How, MarketplaceOrder
from sfsync.models.log import Level
from shoppingfeed import NotFoundError, ShoppingFeedError
from shoppingfeed import Order as FeedOrder

FEW = 3
"""So many orders are read one by one; more of them in lists, by their status."""
SENT_ON = ("shipped", "partially_shipped", *CANCELLED, *REFUNDED)


def read_before_second_try(run: Run, plan: Plan) -> None:
    """One request for each of a few orders, or one for every thousand that wait, and that have gone on. An API that
    does not answer this stops nothing."""
    again = [each for each in plan.send if each.before and each.before.settled_ticket]
    if not again:
        return
    there = _read(run, [each.item.order_id for each in again])
    read = [(each, shown) for each in again if (shown := there.get(each.item.order_id))]
    settled = {each.task.pk for each, shown in read if _settles(run, plan, each, shown)}
    plan.send = [each for each in plan.send if each.task.pk not in settled]


def _settles(run: Run, plan: Plan, prepared: Prepared, shown: FeedOrder) -> bool:
    """Whether what is shown makes the second try needless, or vain; the plan says it then."""
    run.journal.say(Level.INFO, "stands-there", prepared.task.order_id, there=shown.status)
    task, send = prepared.task, prepared.send
    told_before = bool(task.confirmed_operation)
    found = standing(kind_of(send.operation), send.key, shown.status, shown.tracking_number, told_before=told_before)
    if found is Standing.SHOWN:
        plan.show(prepared)
        return True
    if found is Standing.ELSEWHERE and not _is_asked_for(prepared):
        with translation.override(run.store.language):
            plan.refuse(prepared, _failure(prepared, shown), texts.there(shown.status))
        return True
    return False


def _is_asked_for(prepared: Prepared) -> bool:
    """By a person, who knows better."""
    return not (prepared.before and prepared.before.failure) or prepared.task.agreed_at is not None


def _failure(prepared: Prepared, shown: FeedOrder) -> Failure:
    """R33 has words of its own for a shipment."""
    called_off = kind_of(prepared.send.operation).numbered and shown.status in CANCELLED
    return Failure.CALLED_OFF_THERE if called_off else Failure.STANDS_ELSEWHERE


def remember_shown(run: Run, plan: Plan) -> None:
    """In the transaction that writes the plan down."""
    facts = [
        ToldFact(each.task.order_id, each.send.operation, each.send.key, "", None, each.status, each.shop_order_id)
        for each in plan.shown
    ]
    remember(run.clock(), How.SEEN, facts)
    for each in facts:
        run.journal.say(Level.INFO, "shown-there", each.order_id, operation=each.operation)
    run.tally.counts.confirmed += len(facts)


def _read(run: Run, feed_ids: Collection[int]) -> Mapping[int, FeedOrder]:
    """The orders as Shopping Feed shows them, compared with ours like those of any look."""
    oldest = MarketplaceOrder.objects.filter(store=run.store, feed_id__in=among(feed_ids)).aggregate(
        at=Min("created_at")
    )["at"]
    market = Market(run.store, run.policy, run.feed, run.lease, run.journal, run.clock, oldest or run.clock())
    found: dict[int, FeedOrder] = {}
    try:
        for page in _pages(market, set(feed_ids)):
            with run.lease.writing("look"):
                keep(market, look(market, page, GRACE).found)
                run.journal.flush()
            found |= {each.id: each for each in page}
    except ShoppingFeedError as error:
        run.journal.say(Level.WARNING, "orders-unlistable", message=str(error))
    return found


def _pages(market: Market, wanted: set[int]) -> Iterator[list[FeedOrder]]:
    """Of the wanted ones, in lists while there are many."""
    for statuses in (WAITING, SENT_ON):
        if len(wanted) <= FEW:
            break
        for page in market.pages({"status": statuses}):
            mine = [each for each in page if each.id in wanted]
            wanted -= {each.id for each in mine}
            yield mine
            if len(wanted) <= FEW:
                break
    for feed_id in sorted(wanted):
        yield _one(market, feed_id)


def _one(market: Market, feed_id: int) -> list[FeedOrder]:
    market.lease.beat("look")
    try:
        order = market.feed.order(feed_id)
    except NotFoundError:
        return []
    return [order] if order.id == feed_id else []
