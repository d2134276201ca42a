"""What only Shopping Feed can tell about orders before anything is sent: each question asked once, and in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import chain, islice
from typing import Any, TypeVar

from django.db.models import Exists, Max, Min, OuterRef
from django.utils import translation
from django.utils.translation import gettext as _

from sfsync.domain.operations import OperationKind, all_kinds
from sfsync.engine.find.merge import learn
from sfsync.engine.kit.context import Run
from sfsync.engine.outgoing.conclude import ToldFact, remember
from sfsync.engine.outgoing.new_carriers import learn_carriers
from sfsync.models import Action, How, MarketplaceOrder, Task
from sfsync.models.held_task import HeldTask
from sfsync.models.log import Level
from sfsync.models.marketplace_order import FulfilledBy
from shoppingfeed import ContractError, InvalidRequestError, NotFoundError, channels
from shoppingfeed import Order as FeedOrder

_EARLIER = timedelta(days=14)
"""A marketplace order is older than the shop's copy of it, by days where the import was held up."""
T = TypeVar("T")
ASKED = 3
PAGE = 500
SHORT_NAME = 4


def adopt(run: Run) -> None:
    """Once in a store's life, before its first send: what the marketplace has been told already is not told again.

    An order that Shopping Feed shows as shipped counts as shipped with the number that the shop has now; a later number
    is news (R2). Costs one request, and one more for every 200 orders that then need none.
    """
    if run.store.state.adopted_at:
        return
    since = run.clock() - timedelta(days=run.conf.sweep_days)
    shown = shown_kinds()
    settled = listed_orders(run, status=list(shown), since=since) or iter(())
    for page in pages_of(order for order in settled if order.status in shown):
        run.lease.beat("adopt")
        _remember(run, {order.id: shown[order.status] for order in page})
        learn_carriers(run, page)
    with run.lease.writing("adopt"):
        run.store.state.adopted_at = run.clock()
        run.store.state.save(update_fields=["adopted_at", "carriers"])


def shown_kinds() -> dict[str, OperationKind]:
    """Status of an order at Shopping Feed → the operation that it was told."""
    return {kind.shows: kind for kind in all_kinds() if kind.shows}


def _remember(run: Run, settled: dict[int, OperationKind]) -> None:
    untold = MarketplaceOrder.objects.filter(store=run.store, feed_id__in=settled, confirmed_operation="")
    with run.lease.writing("adopt"):
        orders = [(order, settled[order.feed_id or 0]) for order in untold.prefetch_related("shop_orders")]
        for order, kind in orders:
            run.journal.say(Level.INFO, "adopted", order.pk, operation=kind.name)
        remember(run.clock(), How.ADOPTED, [adopted_fact(order, kind) for order, kind in orders])
        run.journal.flush()


def adopted_fact(order: MarketplaceOrder, kind: OperationKind) -> ToldFact:
    """What it was told before sfsync came, with the number that the shop has now."""
    numbers = (each.seen_tracking for each in order.shop_orders.all() if kind.numbered)
    return ToldFact(order.pk, kind.name, next(filter(None, numbers), ""))


def learn_fulfilment(run: Run) -> None:
    """R13b: which of the queued orders the marketplace ships itself. One request for all those not yet known; the list
    tells nothing of one that comes meanwhile."""
    queued = Task.objects.filter(order_id=OuterRef("pk"), action=Action.SYNC)
    unknown = MarketplaceOrder.objects.filter(Exists(queued), store=run.store, fulfilled_by="", feed_id__isnull=False)
    oldest, newest = unknown.aggregate(oldest=Min("created_at"), newest=Max("id")).values()
    if oldest is None:
        return
    unknown = unknown.filter(created_at__gte=oldest, id__lte=newest)
    theirs = listed_orders(run, fulfilled_by="channel", since=oldest - _EARLIER)
    if theirs is None:
        return
    for page in pages_of(order for order in theirs if order.fulfilled_by == FulfilledBy.CHANNEL):
        unknown.filter(feed_id__in=[order.id for order in page]).update(fulfilled_by=FulfilledBy.CHANNEL)
    unknown.update(fulfilled_by=FulfilledBy.STORE)


def find_feed_ids(run: Run, tasks: list[HeldTask]) -> list[tuple[HeldTask, str]]:
    """R13b: the API is asked for the Shopping Feed id of orders that the shop has none for.

    Answers the tasks whose order still has none, with the reason.
    """
    missing: list[tuple[HeldTask, str]] = []
    for task in tasks:
        run.lease.beat("lookup")
        if reason := _ask_by_reference(run, task):
            missing.append((task, reason))
    return missing


def _ask_by_reference(run: Run, order: HeldTask) -> str:
    """Ask the API for the order by its reference, and keep what it says. Returns why not, where it does not know."""
    found, reason = _by_reference(run, order)
    if found is None:
        return reason
    fulfilled_by = found.fulfilled_by if found.fulfilled_by in FulfilledBy.values else ""
    with run.lease.writing("lookup"):
        learn(run, {order.order_id: found.id})
        MarketplaceOrder.objects.filter(store=run.store, feed_id=found.id).update(fulfilled_by=fulfilled_by)
    if kind := shown_kinds().get(found.status):
        _remember(run, {found.id: kind})
    return ""


def _by_reference(run: Run, order: HeldTask) -> tuple[FeedOrder | None, str]:
    with translation.override(run.store.language):
        if not order.reference:
            return None, _("the shop has no marketplace reference for it")
        try:
            listed = list(run.feed.orders(reference=order.reference))
        except (ContractError, NotFoundError, InvalidRequestError) as error:
            return None, str(error)
        same = {each.id: each for each in listed if each.reference == order.reference}
        candidates = _on_channel(list(same.values()), order.channel)
        if len(candidates) == 1:
            return candidates[0], ""
        return None, _why_not(order, len(candidates), {each.channel for each in same.values()})


def _on_channel(found: list[FeedOrder], channel: str) -> list[FeedOrder]:
    """Those of the marketplace, which may be called otherwise there than in the shop (`amazonfr`, `Amazon`)."""
    named = [each for each in found if each.channel.casefold() == channel.casefold()]
    alike = named or [each for each in found if each.channel and channel and _same_family(each.channel, channel)]
    return alike or ([] if channel and any(each.channel for each in found) else found)


def _same_family(one: str, other: str) -> bool:
    """One name begins with the other; a short one (`bol`) may begin anything."""
    first, second = sorted((_family(one), _family(other)), key=len)
    return first == second or (len(first) > SHORT_NAME and second.startswith(first))


def _family(channel: str) -> str:
    known = channels.find(channel)
    return known.family if known else "".join(filter(str.isalnum, channel.casefold()))


def _why_not(order: HeldTask, count: int, there: Collection[str]) -> str:
    if count:
        text = _("%(count)s orders have the reference %(reference)s on %(channel)s")
    elif there:
        text = _("the reference %(reference)s is on %(there)s there, not on %(channel)s")
    else:
        text = _("no %(channel)s order has the reference %(reference)s there")
    named = {"count": count, "there": ", ".join(sorted(there)), "channel": order.channel}
    return text % {"reference": order.reference, **named}


def listed_orders(run: Run, **query: Any) -> Iterator[FeedOrder] | None:
    """The orders that match; None, and the log says so, from an API that has no list of orders at all.

    A single 404 proves nothing (a proxy between us, a deployment over there): it is asked three times. Whatever else
    goes wrong is a trouble of the store: nothing is sent on half an answer.
    """
    for attempt in range(ASKED):
        orders = run.feed.orders(**query)
        try:
            first = list(islice(orders, 1))
        except NotFoundError as error:
            run.journal.say(Level.WARNING, "orders-unlistable", message=str(error))
            if attempt < ASKED - 1 and run.pause(1.0):
                raise
        else:
            return chain(first, orders)
    return None


def pages_of(listed: Iterator[T]) -> Iterator[list[T]]:
    while page := list(islice(listed, PAGE)):
        yield page
