"""What looking at the marketplaces works with: the store, Shopping Feed, the lease, the journal and the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice

from sfsync.domain.mapping import Policy
from sfsync.engine.kit.journal import Journal
from sfsync.engine.kit.lease import Clock, Lease
from sfsync.models import Store
from shoppingfeed import InvalidRequestError, OrderFilters
from shoppingfeed import Order as FeedOrder
from shoppingfeed import Store as Feed

MOST, ALWAYS = 1000, 200
"""Orders asked for in one request: as many as there can be, or as many as the API certainly takes."""
EARLIER = timedelta(days=14)
"""A marketplace order is older than the shop's copy of it, by days where the import was held up."""


@dataclass(frozen=True, slots=True)
class Market:
    """`policy`: what the shop's statuses mean. `since`: older orders are left alone."""

    store: Store
    policy: Policy
    feed: Feed
    lease: Lease
    journal: Journal
    clock: Clock
    since: datetime

    def pages(self, filters: OrderFilters) -> Iterator[list[FeedOrder]]:
        """The orders that match, a thousand at a time: as many requests, or five times as many where the API takes no
        more than 200 in one."""
        filters = {"since": self.since - EARLIER, **filters}
        try:
            orders = self.feed.orders(limit=MOST, **filters)
            first = list(islice(orders, 1))
        except InvalidRequestError:
            orders, first = self.feed.orders(limit=ALWAYS, **filters), []
        shown = chain(first, orders)
        while page := list(islice(shown, MOST)):
            yield page
