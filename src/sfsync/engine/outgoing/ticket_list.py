"""What the store's list of tickets says of many batches at once, so that not each of them has to be asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from sfsync.domain.tickets import Verdict, judge
from shoppingfeed import BatchTickets, ShoppingFeedError, Store, Ticket

PAGE = 200
"""Tickets listed in one request: two full batches, or very many small ones."""

SPARE = 1
"""Pages that may end none: where the API lists the oldest first, the newest page is hardly ever full."""

OpenOrders = dict[str, set[int | None]]
"""Batch id → the Shopping Feed ids of the orders whose tickets in it are open; None for one that does not say."""


def open_orders(feed: Store) -> OpenOrders | None:
    """What is still being processed, or None where that is more than one page tells. One request."""
    listing = feed.tickets(state="processing", limit=PAGE)
    if listing.total is not None and listing.total > PAGE:
        return None
    orders: OpenOrders = defaultdict(set)
    for ticket in listing.items:
        if judge(ticket.state) is Verdict.OPEN:
            orders[ticket.batch_id].add(ticket.order_id)
    return orders


def done_batches(feed: Store, batches: Mapping[str, int]) -> Iterator[list[BatchTickets]]:
    """Of these batches, with how many tickets each of them has to tell of, those of which the list has so many that are
    done: what each page of it ends, the newest page first.

    It is read for as long as its pages end as many batches, and not for longer than it takes to ask for those that are
    left: another page is no cheaper than a batch by itself, and there what troubles the API is met again.
    """
    found: dict[str, list[Ticket]] = {batch: [] for batch in batches}
    in_vain = 0
    try:
        for number, page in enumerate(_newest(feed), start=1):
            full = _full(page, found, batches)
            yield [BatchTickets(batch, tuple(found.pop(batch))) for batch in full]
            in_vain = 0 if full else in_vain + 1
            ended = len(batches) - len(found)
            if not found or number > ended + SPARE or in_vain > len(found):
                return
    except ShoppingFeedError:
        return


def _full(page: Iterable[Ticket], found: Mapping[str, list[Ticket]], batches: Mapping[str, int]) -> list[str]:
    """Add its tickets to those that were found. Returns the batches that are told of with them."""
    its = [ticket for ticket in page if ticket.batch_id in found]
    for ticket in its:
        found[ticket.batch_id].append(ticket)
    there = dict.fromkeys(ticket.batch_id for ticket in its)
    return [batch for batch in there if len(found[batch]) >= batches[batch]]


def _newest(feed: Store) -> Iterator[tuple[Ticket, ...]]:
    return feed.newest_tickets(type="order", state="processed", limit=PAGE)
