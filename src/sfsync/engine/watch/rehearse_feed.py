"""A rehearsal with a test order (R37): proof that token, store and rights are right, before the first real update.

It is made at Shopping Feed, shipped, followed to its ticket, and removed. What fails is said with what to do, and no
test order is left behind unmentioned: they go by themselves after 30 days, wherever nothing removes them before.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from sfsync.db.secrets import SecretUnreadable
from sfsync.domain.tickets import Verdict as TicketVerdict
from sfsync.domain.tickets import judge
from sfsync.engine.kit.connections import Connections
from sfsync.engine.kit.trouble import stopped_by
from sfsync.engine.watch.finding import Finding, Verdict
from sfsync.models import Store, StoreState
from shoppingfeed import AmbiguousError, InvalidRequestError, Ship, ShoppingFeedError, TestItem, Ticket
from shoppingfeed import Order as FeedOrder
from shoppingfeed import Store as Feed

WAIT = 60.0
"""Seconds for which a ticket is waited for, where nobody says otherwise."""
LONGEST_PAUSE = 8.0
ITEM = TestItem("SFSYNC-REHEARSAL")


@dataclass(slots=True)
class Rehearsal:
    """One test order on its way. `pause` waits for so many seconds."""

    store: Store
    feed: Feed
    pause: Callable[[float], None] = time.sleep
    reference: str = field(default_factory=lambda: f"SFSYNC-{secrets.token_hex(4).upper()}")

    def found(self, code: str, verdict: Verdict = Verdict.OK, **params: Any) -> Finding:
        return Finding("feed", verdict, code, {"reference": self.reference, **params}, self.store.name)

    def failed(self, code: str, error: Exception | None = None, **params: Any) -> Iterator[Finding]:
        """What failed, then why."""
        yield self.found(code, Verdict.WRONG, **params)
        if isinstance(error, InvalidRequestError):
            yield self.found("rehearsal-answer", Verdict.WRONG, message=error.detail or error.title)
        elif error:
            stopped = stopped_by(error)
            yield self.found(stopped.trouble, Verdict.WRONG, message=stopped.detail)


def rehearse(
    store: Store,
    connections: Connections,
    *,
    channel_id: int | None = None,
    wait: float = WAIT,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Finding]:
    """Each step as it is done. `channel_id`: the marketplace of the test order, that of the store's newest order if
    None. About seven requests; nothing of the store's own is changed."""
    try:
        feed = connections.client(store).store(store.feed_store_id)
    except (ShoppingFeedError, SecretUnreadable) as error:
        stopped = stopped_by(error)
        yield Finding("feed", Verdict.WRONG, stopped.trouble, {"message": stopped.detail}, store.name)
        return
    rehearsal = Rehearsal(store, feed, pause)
    order = yield from _make(rehearsal, channel_id)
    if order is None:
        return
    yield rehearsal.found("rehearsal-made", feed_id=order.id)
    removed: list[Finding] = []
    try:
        yield from _ship(rehearsal, order, wait)
    finally:
        removed += _remove(rehearsal, order)
    yield from removed


def _make(rehearsal: Rehearsal, channel_id: int | None) -> Generator[Finding, None, FeedOrder | None]:
    """Returns the order; None where there is none, which was said."""
    try:
        channel_id = channel_id or _newest_channel(rehearsal.feed)
    except ShoppingFeedError as error:
        yield from rehearsal.failed("rehearsal-not-made", error)
        return None
    if channel_id is None:
        yield from rehearsal.failed("rehearsal-no-channel")
        return None
    try:
        return rehearsal.feed.create_test_order(channel_id, [ITEM], reference=rehearsal.reference)
    except AmbiguousError as error:
        return (yield from _look_for(rehearsal, error))
    except ShoppingFeedError as error:
        yield from rehearsal.failed("rehearsal-not-made", error)
    return None


def _newest_channel(feed: Feed) -> int | None:
    newest = next(feed.orders(limit=1), None)
    return newest.channel_id if newest else None


def _look_for(rehearsal: Rehearsal, error: Exception) -> Generator[Finding, None, FeedOrder | None]:
    """The answer never came: the order may be there."""
    try:
        found = next(rehearsal.feed.orders(limit=1, is_test=True, reference=rehearsal.reference), None)
    except ShoppingFeedError:
        yield from rehearsal.failed("rehearsal-maybe-made", error)
        return None
    if found is None:
        yield from rehearsal.failed("rehearsal-maybe-made", error)
    return found


def _ship(rehearsal: Rehearsal, order: FeedOrder, wait: float) -> Iterator[Finding]:
    number = rehearsal.reference
    try:
        accepted = rehearsal.feed.send([Ship(order.id, carrier="sfsync", tracking_number=number)])
    except ShoppingFeedError as error:
        yield from rehearsal.failed("rehearsal-not-shipped", error)
        return
    if accepted.ignored:
        yield from rehearsal.failed("rehearsal-ignored", message=accepted.ignored[0].message)
        return
    yield rehearsal.found("rehearsal-shipped", batch=accepted.batch_id)
    yield from _follow(rehearsal, accepted.batch_id, wait)


def _follow(rehearsal: Rehearsal, batch_id: str, wait: float) -> Iterator[Finding]:
    """Asks again after 1, 2, 4, 8, 8 ... seconds."""
    waited, pause = 0.0, 1.0
    while True:
        try:
            ticket = next(rehearsal.feed.tickets(batch_id=batch_id).items, None)
        except ShoppingFeedError as error:
            yield from rehearsal.failed("rehearsal-ticket-unread", error)
            return
        if ticket and judge(ticket.state) is not TicketVerdict.OPEN:
            _remember(rehearsal.store, ticket)
            yield from _ended(rehearsal, ticket, waited)
            return
        if waited >= wait:
            yield rehearsal.found("rehearsal-ticket-open", Verdict.WARNING, seconds=f"{waited:.0f}", batch=batch_id)
            return
        rehearsal.pause(pause)
        waited, pause = waited + pause, min(2 * pause, LONGEST_PAUSE)


def _ended(rehearsal: Rehearsal, ticket: Ticket, waited: float) -> Iterator[Finding]:
    if judge(ticket.state) is TicketVerdict.CONFIRMED:
        yield rehearsal.found("rehearsal-confirmed", seconds=f"{max(waited, 1):.0f}", ticket=ticket.id)
    else:
        yield from rehearsal.failed("rehearsal-refused", message=ticket.message, ticket=ticket.id)


def _remember(store: Store, ticket: Ticket) -> None:
    """So that the next sync does not take it for the work of a stranger."""
    state = StoreState.objects.get(pk=store.pk)
    state.known_tickets = [*state.known_tickets, ticket.id]
    state.save(update_fields=["known_tickets"])


def _remove(rehearsal: Rehearsal, order: FeedOrder) -> Iterator[Finding]:
    try:
        rehearsal.feed.delete_test_order(order.id)
    except ShoppingFeedError as error:
        yield from rehearsal.failed("rehearsal-left", error, feed_id=order.id)
        return
    yield rehearsal.found("rehearsal-removed")
