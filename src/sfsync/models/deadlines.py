"""The orders that somebody still has to ship, and those of them whose deadline is near or past (R25)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from sfsync.domain.deadlines import nearness
from sfsync.domain.reconciliation import CANCELLED, REFUNDED
from sfsync.models.marketplace_order import FulfilledBy, MarketplaceOrder
from sfsync.models.order import Order
from sfsync.models.store import Store
from sfsync.models.task import Task


def to_ship(stores: Collection[Store] | QuerySet[Store]) -> QuerySet[MarketplaceOrder]:
    """With a deadline, an open shop order, and nothing told or on its way; neither ended on the marketplace nor shipped
    by it."""
    shop_orders = Order.objects.filter(marketplace_order=OuterRef("pk"), open=True)
    flying = Task.objects.in_flight().filter(order=OuterRef("pk"))
    dated = MarketplaceOrder.objects.filter(store__in=stores, ship_by__isnull=False, confirmed_operation="", by_hand="")
    theirs = Q(fulfilled_by=FulfilledBy.CHANNEL) | Q(seen_there__in=(*CANCELLED, *REFUNDED))
    return dated.filter(Exists(shop_orders), ~Exists(flying)).exclude(theirs).order_by()


def late(now: datetime) -> Q:
    return Q(ship_by__lte=now)


def at_risk(stores: Collection[Store] | QuerySet[Store], now: datetime) -> Q:
    """By each store's own first step; without any store nobody's. Of a fleet no store is read: its steps are few."""
    near = Q(pk__in=[])
    for nearest, whose in _by_nearness(stores).items():
        near |= whose & Q(ship_by__gt=now, ship_by__lte=now + nearest)
    return near


def _by_nearness(stores: Collection[Store] | QuerySet[Store]) -> dict[timedelta, Q]:
    found: dict[timedelta, Q] = {}
    if isinstance(stores, QuerySet):
        for steps in stores.order_by().values_list("deadline_steps", flat=True).distinct():
            found[nearness(steps)] = found.get(nearness(steps), Q()) | Q(store__deadline_steps=steps)
        return found
    ids: dict[timedelta, list[int]] = defaultdict(list)
    for store in stores:
        ids[nearness(store.deadline_steps)].append(store.pk)
    return {nearest: Q(store__in=its) for nearest, its in ids.items()}
