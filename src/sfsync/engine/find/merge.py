"""A marketplace order's Shopping Feed id is learnt: it is set, or the order turns out to be one that we know (R39)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Exists, OuterRef

from sfsync.db.bulk import insert_rows, update_rows
from sfsync.db.conflict import KEEP
from sfsync.domain.operations import ends_order
from sfsync.engine.find.outbox import queue
from sfsync.engine.kit.context import Run
from sfsync.models import LogEntry, MarketplaceOrder, Notice, Order, Task, Told
from sfsync.models.log import Level


def learn(run: Run, ids: Mapping[int, int]) -> None:
    """`ids`: provisional marketplace order → its Shopping Feed id. In a transaction that holds the lease.

    One that has an id is left as it is: two orders that have ids are two orders.
    """
    provisional = MarketplaceOrder.objects.filter(pk__in=ids, feed_id=None).order_by("pk").values_list("pk", flat=True)
    with_id = MarketplaceOrder.objects.filter(store=run.store, feed_id__in=set(ids.values()))
    holders = {feed_id: pk for pk, feed_id in with_id.values_list("pk", "feed_id")}
    known: list[tuple[int, int]] = []
    same: list[tuple[int, int]] = []
    for pk in provisional:
        holder = holders.setdefault(ids[pk], pk)
        (known if holder == pk else same).append((pk, ids[pk]))
    update_rows(MarketplaceOrder, ("id", "feed_id"), known)
    for pk, feed_id in known:
        run.journal.say(Level.INFO, "feed-id-learnt", pk, feed_id=str(feed_id))
    run.journal.flush()  # what was said of an order that goes must be there, to go with it
    for pk, feed_id in same:
        _merge(run, pk, MarketplaceOrder.objects.get(pk=holders[feed_id]))
    run.journal.flush()


def _merge(run: Run, provisional: int, into: MarketplaceOrder) -> None:
    """Nothing was ever sent for a provisional one, so nothing of it is in flight: its update is decided anew, with the
    other's orders and by what the other was told. What a person gave up stays given up."""
    orders = Order.objects.filter(marketplace_order=provisional)
    numbers = ", ".join(orders.order_by("ordinal", "key").values_list("key", flat=True))
    for model in (LogEntry, Notice):
        model.objects.filter(order=provisional).update(order=into)
    _unite_told(provisional, into)
    orders.update(marketplace_order=into, open=not ends_order(into.confirmed_operation))
    its = Task.objects.filter(order=into, operation=OuterRef("operation"), tracking_number=OuterRef("tracking_number"))
    Task.objects.filter(~Exists(its), order=provisional, closed_at__isnull=False).update(order=into)
    Task.objects.filter(order=provisional).delete()
    MarketplaceOrder.objects.filter(pk=provisional).delete()
    run.journal.say(Level.INFO, "order-joined", into.pk, shop_order=numbers)
    queue(run, [into.pk])


def _unite_told(provisional: int, into: MarketplaceOrder) -> None:
    """What a person did by hand while the id was unknown stays done."""
    names = ("operation", "key", "how", "ticket", "status", "at")
    told = Told.objects.filter(order=provisional).values_list(*names)
    rows = [(into.pk, *each) for each in told.order_by("id")]
    insert_rows(Told, ("order", *names), rows, conflict=KEEP)
    if rows and not into.confirmed_operation:
        into.confirmed_operation, into.confirmed_at = rows[-1][1], rows[-1][-1]
        into.save(update_fields=["confirmed_operation", "confirmed_at"])
