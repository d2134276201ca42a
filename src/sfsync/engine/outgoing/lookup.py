"""What only Shopping Feed can tell about orders before anything is sent: each question asked once, and in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain, islice
from typing import Any

from django.db import transaction
from django.db.models import Exists, Min, OuterRef
from django.utils import translation
from django.utils.translation import gettext as _

from sfsync.db.bulk import update_rows
from sfsync.domain.orders import Operation
from sfsync.engine.kit.context import Run
from sfsync.engine.outgoing.conclude import ENDS, close_orders
from sfsync.models import Action, MarketplaceOrder, Task
from sfsync.models.log import Level
from sfsync.models.marketplace_order import FulfilledBy
from shoppingfeed import ContractError, InvalidRequestError, NotFoundError
from shoppingfeed import Order as FeedOrder

_SETTLED = {"shipped": Operation.SHIP, "cancelled": Operation.CANCEL, "refunded": Operation.REFUND}
_EARLIER = timedelta(days=14)
"""A marketplace order is older than the shop's copy of it, by days where the import was held up."""
ASKED = 3
PAGE = 500


def adopt(run: Run) -> None:
    """Once in a store's life, before its first send: what the marketplace has been told already is not told again.

    An order that Shopping Feed shows as shipped counts as shipped with the number that the shop has now; a later number
    is news (R2). Costs one request, and one more for every 200 orders that then need none.
    """
    if run.store.adopted_at:
        return
    since = run.clock() - timedelta(days=run.conf.sweep_days)
    settled = _orders(run, status=list(_SETTLED), since=since) or iter(())
    for page in _pages(order for order in settled if order.status in _SETTLED):
        run.lease.beat("adopt")
        _remember(run, {order.id: _SETTLED[order.status] for order in page})
    run.store.adopted_at = run.clock()
    run.store.save(update_fields=["adopted_at"])


def _remember(run: Run, settled: dict[int, Operation]) -> None:
    now = run.clock()
    unknown = MarketplaceOrder.objects.filter(store=run.store, feed_id__in=settled, confirmed_operation="")
    orders = list(unknown.select_related("shop_order"))
    with transaction.atomic():
        for order in orders:
            operation = settled[order.feed_id or 0]
            run.journal.say(Level.INFO, "adopted", order.pk, operation=operation.value)
            _tell_apart(order, operation, now)
        fields = ("ship_tracking", "shipped_at", "canceled_at", "refunded_at", "confirmed_operation", "confirmed_at")
        rows = [(order.pk, *(getattr(order, field) for field in fields)) for order in orders]
        update_rows(MarketplaceOrder, ("id", *fields), rows)
        close_orders(order.pk for order in orders if settled[order.feed_id or 0] in ENDS)
        run.journal.flush()


def _tell_apart(order: MarketplaceOrder, operation: Operation, now: Any) -> None:
    order.confirmed_operation, order.confirmed_at = operation.value, now
    if operation is Operation.SHIP:
        order.ship_tracking, order.shipped_at = order.shop_order.seen_tracking, now
    elif operation is Operation.CANCEL:
        order.canceled_at = now
    else:
        order.refunded_at = now


def learn_fulfilment(run: Run) -> None:
    """R13b: which of the queued orders the marketplace ships itself. One request for all those not yet known."""
    queued = Task.objects.filter(order_id=OuterRef("pk"), action=Action.SYNC)
    unknown = MarketplaceOrder.objects.filter(Exists(queued), store=run.store, fulfilled_by="", feed_id__isnull=False)
    oldest = unknown.aggregate(oldest=Min("created_at"))["oldest"]
    if oldest is None:
        return
    theirs = _orders(run, fulfilled_by="channel", since=oldest - _EARLIER)
    if theirs is None:
        return
    for page in _pages(order for order in theirs if order.fulfilled_by == FulfilledBy.CHANNEL):
        unknown.filter(feed_id__in=[order.id for order in page]).update(fulfilled_by=FulfilledBy.CHANNEL)
    unknown.update(fulfilled_by=FulfilledBy.STORE)


def find_feed_ids(run: Run, tasks: list[Task]) -> list[tuple[Task, str]]:
    """R13b: the Shopping Feed id of orders that the shop has none for: by what the shop says now, else by the API.

    Answers the tasks whose order still has none, with the reason.
    """
    listings = run.shop.listings_of([task.order.shop_order.shop_order_id for task in tasks])
    ids = {each.order_id: each.feed_id for each in listings if each.feed_id}
    known = [(task.order_id, ids[shop_id]) for task in tasks if (shop_id := task.order.shop_order.shop_order_id) in ids]
    update_rows(MarketplaceOrder, ("id", "feed_id"), known)
    missing: list[tuple[Task, str]] = []
    for task in (each for each in tasks if each.order.shop_order.shop_order_id not in ids):
        run.lease.beat("lookup")
        if reason := _ask_by_reference(run, task.order):
            missing.append((task, reason))
    return missing


def _ask_by_reference(run: Run, order: MarketplaceOrder) -> str:
    """Ask the API for the order by its reference, and keep what it says. Returns why not, where it does not know."""
    found, reason = _by_reference(run, order)
    if found is None:
        return reason
    fulfilled_by = found.fulfilled_by if found.fulfilled_by in FulfilledBy.values else ""
    MarketplaceOrder.objects.filter(pk=order.pk).update(feed_id=found.id, fulfilled_by=fulfilled_by)
    if found.status in _SETTLED:
        _remember(run, {found.id: _SETTLED[found.status]})
    return ""


def _by_reference(run: Run, order: MarketplaceOrder) -> tuple[FeedOrder | None, str]:
    with translation.override(run.store.language):
        if not order.reference:
            return None, _("the shop has no marketplace reference for it")
        try:
            listed = list(run.feed.orders(reference=order.reference))
        except (ContractError, NotFoundError, InvalidRequestError) as error:
            return None, str(error)
        same = [each for each in listed if each.reference == order.reference]
        named = [each for each in same if each.channel.casefold() == order.channel.casefold()]
        candidates = named or ([] if order.channel and any(each.channel for each in same) else same)
        if len(candidates) == 1:
            return candidates[0], ""
        names = {"count": len(candidates), "reference": order.reference, "channel": order.channel}
        return None, _("%(count)s orders have the reference %(reference)s on %(channel)s") % names


def _orders(run: Run, **query: Any) -> Iterator[FeedOrder] | None:
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
            if attempt < ASKED - 1 and run.stop(1.0):
                raise
        else:
            return chain(first, orders)
    return None


def _pages(orders: Iterator[FeedOrder]) -> Iterator[list[FeedOrder]]:
    while page := list(islice(orders, PAGE)):
        yield page
