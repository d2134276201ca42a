"""What only Shopping Feed can tell about orders before anything is sent: each question asked once, and in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Exists, Min, OuterRef

from sfsync.domain.orders import Operation
from sfsync.engine.context import Run
from sfsync.models import Action, Order, Task
from sfsync.models.bulk import update_rows
from sfsync.models.log import Level
from sfsync.models.order import FulfilledBy
from shoppingfeed import ContractError, NotFoundError
from shoppingfeed import Order as FeedOrder

_SETTLED = {"shipped": Operation.SHIP, "cancelled": Operation.CANCEL, "refunded": Operation.REFUND}
_EARLIER = timedelta(days=2)
"""A marketplace order is a little older than the shop's copy of it."""
PAGE = 500


def adopt(run: Run) -> None:
    """Once in a store's life, before its first send: what the marketplace has been told already is not told again.

    An order that Shopping Feed shows as shipped counts as shipped with the number that the shop has now; a later number
    is news (R2). Costs one request, and one more for every 200 orders that then need none.
    """
    if run.store.adopted_at:
        return
    since = run.clock() - timedelta(days=run.conf.sweep_days)
    settled = _answers(run, lambda: run.feed.orders(status=list(_SETTLED), since=since))
    for page in _pages(order for order in settled if order.status in _SETTLED):
        run.lease.beat("adopt")
        _remember(run, {order.id: _SETTLED[order.status] for order in page})
    run.store.adopted_at = run.clock()
    run.store.save(update_fields=["adopted_at"])


def _remember(run: Run, settled: dict[int, Operation]) -> None:
    now = run.clock()
    orders = list(Order.objects.filter(store=run.store, feed_id__in=settled, confirmed_operation=""))
    with transaction.atomic():
        for order in orders:
            operation = settled[order.feed_id or 0]
            run.journal.say(Level.INFO, "adopted", order.pk, operation=operation.value)
            _tell_apart(order, operation, now)
        fields = ("ship_tracking", "shipped_at", "canceled_at", "refunded_at", "confirmed_operation", "confirmed_at")
        rows = [(order.pk, *(getattr(order, field) for field in fields)) for order in orders]
        update_rows(Order, ("id", *fields), rows)
        run.journal.flush()


def _tell_apart(order: Order, operation: Operation, now: Any) -> None:
    order.confirmed_operation, order.confirmed_at = operation.value, now
    if operation is Operation.SHIP:
        order.ship_tracking, order.shipped_at = order.seen_tracking, now
    elif operation is Operation.CANCEL:
        order.canceled_at = now
    else:
        order.refunded_at = now


def learn_fulfilment(run: Run) -> None:
    """R13b: which of the queued orders the marketplace ships itself. One request for all those not yet known."""
    queued = Task.objects.filter(order_id=OuterRef("pk"), action=Action.SYNC)
    unknown = Order.objects.filter(Exists(queued), store=run.store, fulfilled_by="", feed_id__isnull=False)
    oldest = unknown.aggregate(oldest=Min("created_at"))["oldest"]
    if oldest is None:
        return
    answers = _answers(run, lambda: run.feed.orders(fulfilled_by="channel", since=oldest - _EARLIER))
    for page in _pages(order for order in answers if order.fulfilled_by == FulfilledBy.CHANNEL):
        unknown.filter(feed_id__in=[order.id for order in page]).update(fulfilled_by=FulfilledBy.CHANNEL)
    unknown.update(fulfilled_by=FulfilledBy.STORE)


def find_feed_ids(run: Run, tasks: list[Task]) -> list[tuple[Task, str]]:
    """R13b: the Shopping Feed id of orders that the shop has none for: by what the shop says now, else by the API.

    Answers the tasks whose order still has none, with the reason.
    """
    listed = {each.order_id: each for each in run.shop.listings_of([task.order.shop_order_id for task in tasks])}
    found: list[Task] = []
    missing: list[tuple[Task, str]] = []
    for task in tasks:
        run.lease.beat("lookup")
        listing = listed.get(task.order.shop_order_id)
        feed_id, reason = (listing.feed_id, "") if listing and listing.feed_id else _by_reference(run, task.order)
        if feed_id:
            task.order.feed_id = feed_id
            found.append(task)
        else:
            missing.append((task, reason))
    update_rows(Order, ("id", "feed_id"), [(task.order_id, task.order.feed_id) for task in found])
    return missing


def _by_reference(run: Run, order: Order) -> tuple[int | None, str]:
    if not order.reference:
        return None, "no reference"
    same = [each for each in run.feed.orders(reference=order.reference) if each.reference == order.reference]
    named = [each for each in same if each.channel.casefold() == order.channel.casefold()]
    candidates = named or ([] if order.channel and any(each.channel for each in same) else same)
    if len(candidates) == 1:
        return candidates[0].id, ""
    return None, f"{len(candidates)} orders with reference {order.reference} on {order.channel}"


def _answers(run: Run, question: Callable[[], Iterator[FeedOrder]]) -> Iterator[FeedOrder]:
    """An API that cannot answer this question at all is not a reason to send nothing: it is said, and we go on."""
    try:
        yield from question()
    except (ContractError, NotFoundError) as error:
        run.journal.say(Level.WARNING, "orders-unlistable", message=str(error))


def _pages(orders: Iterator[FeedOrder]) -> Iterator[list[FeedOrder]]:
    while page := list(islice(orders, PAGE)):
        yield page
