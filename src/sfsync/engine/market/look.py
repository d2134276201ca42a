"""Compare orders that Shopping Feed shows with ours, and remember in which status they were seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sfsync.db.bulk import update_rows
from sfsync.domain.deadlines import deadline, hours_of
from sfsync.domain.operations import numbered_kinds
from sfsync.domain.reconciliation import WAITING, Found, There, compare
from sfsync.engine.market.context import Market
from sfsync.engine.market.ours import Ours, read_ours
from sfsync.models import MarketplaceOrder
from shoppingfeed import Order as FeedOrder


@dataclass(frozen=True, slots=True)
class Looked:
    """Orders of ours that were shown (their keys), and where they differ from what we know."""

    orders: list[int]
    found: list[tuple[int, Found]]


def look(market: Market, shown: Iterable[FeedOrder], grace: timedelta) -> Looked:
    """In a transaction that holds the lease. Orders that are not ours, and those made for a test, are left alone."""
    real = {each.id: each for each in shown if not each.is_test}
    there = {feed_id: there_of(each) for feed_id, each in real.items()}
    ours = read_ours(market.store, there, market.policy)
    _remember(market, [(each, there[each.feed_id].status[:32]) for each in ours])
    _remember_deadlines(market, [(each, real[each.feed_id]) for each in ours])
    now = market.clock()
    compared = ((each.pk, compare(there[each.feed_id], each.here, now, grace)) for each in ours)
    return Looked([each.pk for each in ours], [(pk, found) for pk, found in compared if found])


def there_of(order: FeedOrder) -> There:
    """Of several shipments that were refused the newest counts."""
    shipping = {kind.verb for kind in numbered_kinds()}
    refused = [each for each in order.errors if each.type in shipping]
    last = max(refused, key=lambda each: each.occurred_at.timestamp() if each.occurred_at else 0.0, default=None)
    if last is None:
        return There(order.status, updated_at=order.updated_at)
    return There(order.status, last.message, last.occurred_at, order.updated_at)


def _remember(market: Market, seen: Iterable[tuple[Ours, str]]) -> None:
    changed = [(each.pk, status) for each, status in seen if status != each.seen_there]
    update_rows(
        MarketplaceOrder, ("id", "seen_there"), changed, same={"seen_there_at": market.clock(), "agreed_at": None}
    )


def _remember_deadlines(market: Market, seen: Iterable[tuple[Ours, FeedOrder]]) -> None:
    """R25: wherever orders that wait are listed anyway."""
    rules = market.store.ship_hours
    read = [(ours, deadline_of(order, rules)) for ours, order in seen if order.status in WAITING]
    changed = [(ours.pk, *found) for ours, found in read if found != ours.deadline]
    update_rows(MarketplaceOrder, ("id", "ship_by", "ship_by_from"), changed)


def deadline_of(order: FeedOrder, rules: Mapping[str, int]) -> tuple[datetime | None, str]:
    """By when it must be shipped, and the `Source` of that."""
    hours, latest = hours_of(order.channel, rules), order.latest_ship_date
    at, source = deadline(latest, has_zone=order.latest_ship_date_has_zone, placed_at=order.created_at, hours=hours)
    return at, source.value
