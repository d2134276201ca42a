"""R25: an order may be shipped before anybody asked by when it must be. Its deadline is learned afterwards, and it is
counted with the others that were told in time, or too late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from sfsync.db.among import among
from sfsync.db.bulk import update_rows
from sfsync.domain.deadlines import Source, is_in_time
from sfsync.domain.operations import kind_of, names
from sfsync.engine.kit.day_figures import InTime, note_in_time
from sfsync.engine.market.context import MOST, Market
from sfsync.engine.market.look import deadline_of
from sfsync.models import How, MarketplaceOrder, Told

SHOWN, LATELY = timedelta(minutes=30), timedelta(days=1)
"""Since when it was told: lists show it as shipped by then, and what is older is counted no more."""
PLACED_BEFORE = timedelta(days=2)
"""An order may be so much older than the shop's copy of it, where its deadline is to be of use."""


@dataclass(frozen=True, slots=True)
class _Shipped:
    """`sent_at`: by the ticket, which Shopping Feed scheduled when it got the shipment."""

    pk: int
    channel: str
    operation: str
    told_at: datetime
    sent_at: datetime


def count_those_shipped_before(market: Market) -> None:
    """At most one request, for a thousand of them; each is asked for once."""
    shipped = _of_unknown_deadline(market)
    if not shipped:
        return
    oldest = MarketplaceOrder.objects.filter(pk__in=among(each.pk for each in shipped.values()))
    since = oldest.aggregate(at=Min("created_at"))["at"] - PLACED_BEFORE
    page = next(market.pages({"status": ("shipped",), "since": since}), [])
    rules = market.store.ship_hours
    shown = {each.id: deadline_of(each, rules) for each in page if each.id in shipped}
    learned = [(each.pk, *shown.get(feed_id, (None, Source.NONE.value))) for feed_id, each in shipped.items()]
    with market.lease.writing("watch"):
        update_rows(MarketplaceOrder, ("id", "ship_by", "ship_by_from"), learned)
        note_in_time(market.store, _counted(shipped, {feed_id: at for feed_id, (at, _source) in shown.items()}))


def _of_unknown_deadline(market: Market) -> dict[int, _Shipped]:
    """By their ids at Shopping Feed, the newest thousand."""
    known = MarketplaceOrder.objects.filter(store=market.store, feed_id__isnull=False, ship_by_from=Source.UNKNOWN)
    now = market.clock()
    lately = known.filter(confirmed_at__range=(now - LATELY, now - SHOWN)).exclude(confirmed_operation="")
    rows = {pk: rest for pk, *rest in lately.order_by("-confirmed_at").values_list(*_COLUMNS)[:MOST]}
    operations = [each for each in names() if kind_of(each).meets_deadline]
    told = Told.objects.filter(order__in=among(rows), operation__in=operations, how=How.TICKET).order_by("-id")
    first = {order: (operation, at) for order, operation, at in told.values_list("order", "operation", "at")}
    return {
        feed_id: _Shipped(pk, channel, *first[pk], min(ticket_at or first[pk][1], first[pk][1]))
        for pk, (feed_id, channel, ticket_at) in rows.items()
        if pk in first
    }


_COLUMNS = ("pk", "feed_id", "channel", "ticket_at")


def _counted(shipped: Mapping[int, _Shipped], deadlines: Mapping[int, datetime | None]) -> list[InTime]:
    its = ((shipped[feed_id], is_in_time(shipped[feed_id].sent_at, at)) for feed_id, at in deadlines.items())
    return [
        InTime(timezone.localdate(each.told_at), each.channel, each.operation, in_time)
        for each, in_time in its
        if in_time is not None
    ]
