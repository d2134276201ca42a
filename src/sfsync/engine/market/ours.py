"""What we know of orders that Shopping Feed shows: what they were told, and whether the shop still prepares them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from sfsync.db.among import among
from sfsync.domain.mapping import Policy
from sfsync.domain.operations import is_numbered, kind_of, names
from sfsync.domain.reconciliation import Here
from sfsync.models import MarketplaceOrder, Order, Store, Told
from sfsync.models.marketplace_order import FulfilledBy


@dataclass(frozen=True, slots=True)
class Ours:
    """A marketplace order of ours, the status that it was seen in there last, and what we know of it."""

    pk: int
    feed_id: int
    seen_there: str
    here: Here
    deadline: tuple[datetime | None, str]


def read_ours(store: Store, feed_ids: Collection[int], policy: Policy) -> list[Ours]:
    """Three statements, however many orders."""
    known = MarketplaceOrder.objects.filter(store=store, feed_id__in=among(feed_ids)).order_by()
    columns = (
        "pk",
        "feed_id",
        "seen_there",
        "ship_by",
        "ship_by_from",
        "ticket_at",
        "fulfilled_by",
        "confirmed_operation",
    )
    rows = list(known.values_list(*columns))
    told = _told([row[0] for row in rows if row[-1]])
    untold = [pk for pk, *_, fulfilled_by, _last in rows if pk not in told and fulfilled_by != FulfilledBy.CHANNEL]
    preparing = _prepared(untold, policy)
    return [
        Ours(pk, feed_id or 0, seen, _here(told.get(pk, {}), ticket_at, pk in preparing), (ship_by, source))
        for pk, feed_id, seen, ship_by, source, ticket_at, *_ in rows
    ]


def oldest_prepared(store: Store, since: datetime) -> datetime | None:
    """When the oldest of the orders came that the shop still prepares, and that were told nothing; None without any.
    What ended on a marketplace before that concerns nobody."""
    young = Order.objects.filter(store=store, open=True, created_at__gte=since)
    oldest = young.filter(marketplace_order__confirmed_operation="").aggregate(at=Min("created_at"))["at"]
    return oldest if isinstance(oldest, datetime) else None


ToldAt = Mapping[str, datetime]
"""Operation → when it was told last."""


def _told(orders: list[int]) -> dict[int, dict[str, datetime]]:
    found: dict[int, dict[str, datetime]] = defaultdict(dict)
    rows = Told.objects.filter(order__in=among(orders), operation__in=names()).order_by("at")
    for order, operation, at in rows.values_list("order", "operation", "at"):
        found[order][operation] = at
    return found


def _prepared(orders: list[int], policy: Policy) -> set[int]:
    """Those of which the shop calls off nothing."""
    rows = Order.objects.filter(marketplace_order__in=among(orders), open=True).values_list(
        "marketplace_order", "seen_status"
    )
    asked = ((order, policy.mapping.get(status)) for order, status in rows)
    return {order for order, operation in asked if not (operation and kind_of(operation).calls_off)}


def _here(told: ToldAt, ticket_at: datetime | None, preparing: bool) -> Here:
    if any(kind_of(operation).calls_off for operation in told):
        return Here()
    shipped_at = max((at for operation, at in told.items() if is_numbered(operation)), default=None)
    return Here(shipped_at, ticket_at if shipped_at else None, preparing)
