"""The marketplaces behind the API: stores, their orders and tickets, and what time does to them."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import uuid4

from shoppingfeed.sandbox.effects import RefusedError, carry_out
from shoppingfeed.sandbox.faults import Fault, Kind
from shoppingfeed.sandbox.ledger import Accepted, Belief, Ignored, Ledger
from shoppingfeed.sandbox.operations import Named
from shoppingfeed.sandbox.orders import Order, Shelf
from shoppingfeed.sandbox.settings import Settings
from shoppingfeed.sandbox.tickets import Book, Ticket
from shoppingfeed.sandbox.timeline import Timeline
from shoppingfeed.sandbox.warehouses import Warehouses

_FIRST_INVENTED_ID = 9_000_000_001


@dataclass(slots=True, eq=False)
class Store:
    """A merchant's account at Shopping Feed. `status` is `active`, `demo`, `deleted` or `suspended`."""

    id: int
    name: str
    token: str = field(repr=False)
    country: str = "FR"
    status: str = "active"
    shelf: Shelf = field(default_factory=Shelf)
    book: Book = field(default_factory=Book)
    timeline: Timeline = field(default_factory=Timeline)
    warehouses: Warehouses = field(default_factory=Warehouses)


class Batch(NamedTuple):
    """What became of one accepted request: a ticket for each item, or a line in the report when it was ignored."""

    id: str
    tickets: list[Ticket]
    report: list[dict[str, Any]]


Strike = Callable[[int], list[Fault]]


class Market:
    """Stores, orders, tickets. Knows nothing of HTTP; whoever calls it holds the lock and gives the time."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.stores: dict[int, Store] = {}
        self._due: list[tuple[float, int, Ticket]] = []
        self._sequence = itertools.count()
        self._invented = itertools.count(_FIRST_INVENTED_ID)

    def opened_by(self, token: str) -> list[Store]:
        """The stores that a token opens."""
        return [store for store in self.stores.values() if store.token == token]

    def clear(self) -> None:
        """Forget orders and tickets; the stores stay."""
        for store in self.stores.values():
            store.shelf, store.book, store.timeline = Shelf(), Book(), Timeline()
        self._due.clear()

    def find_order(self, order_id: int, store: int | None = None) -> Order | None:
        """The order of that id, in one store or in any."""
        stores = self.stores.values() if store is None else filter(None, [self.stores.get(store)])
        return next((order for one in stores if (order := one.shelf.find(order_id))), None)

    def believe(self, order_id: int, store: int | None = None) -> Belief | None:
        """What the marketplace believes of an order."""
        order = self.find_order(order_id, store)
        return order.belief() if order else None

    def accept(
        self, store: Store, operation: str, items: Iterable[Named], strike: Strike, *, now: float, rules: Settings
    ) -> Batch:
        """Accept the items of one request. `strike` tells the faults that strike the item of an order."""
        batch = Batch(uuid4().hex, [], [])
        for named in items:
            order = self._find_named(store, named, strict=rules.strict, now=now)
            order_id = order.id if order else named.order_id or 0
            faults = strike(order_id)
            ignored = next((fault for fault in faults if fault.kind == Kind.IGNORE), None)
            if order and not ignored:
                accepted = Accepted(now, store.id, order.id, operation, named.item, batch.id, uuid4().hex)
                batch.tickets.append(self._open_ticket(store, order, accepted, faults, rules.ticket_seconds))
                continue
            message = (ignored.message if ignored else "") or f"The order {named} was not found."
            batch.report.append(_ignored_line(order_id, named, order, message))
            self.ledger.ignored.append(Ignored(now, store.id, order_id, operation, message))
        return batch

    def _find_named(self, store: Store, named: Named, *, strict: bool, now: float) -> Order | None:
        """The order that an item names. One that is unknown is made up, unless `strict`; id 0 never exists."""
        if named.order_id is not None:
            found = store.shelf.find(named.order_id)
        else:
            found = store.shelf.named(named.reference, named.channel)
        if found or strict or (named.order_id is not None and named.order_id <= 0):
            return found
        return self._invent(store, named, now)

    def make_test(
        self, store: Store, channel: tuple[int, str], items: Iterable[Mapping[str, Any]], *, reference: str, now: float
    ) -> Order:
        """A test order on a channel (its id and its name)."""
        order_id, (channel_id, name) = next(self._invented), channel
        order = Order(order_id, store.id, reference or f"TEST-{order_id}", name, "waiting_shipment", now)
        order.channel_id, order.is_test, order.items = channel_id, True, tuple(items)
        store.shelf.put(order)
        return order

    def _invent(self, store: Store, named: Named, now: float) -> Order:
        order_id = next(self._invented) if named.order_id is None else named.order_id
        channel = named.channel or "Sandbox"
        reference = named.reference or f"SF-{order_id}"
        order = Order(order_id, store.id, reference, channel, "waiting_shipment", now)
        store.shelf.put(order)
        return order

    def _open_ticket(
        self, store: Store, order: Order, accepted: Accepted, faults: Iterable[Fault], seconds: float
    ) -> Ticket:
        ticket = Ticket(accepted, order, seconds)
        for fault in faults:
            _afflict(ticket, fault)
        self.ledger.note_accepted(accepted)
        store.book.add(ticket)
        if accepted.operation == "upload-documents":
            order.note_documents(accepted.batch_id, accepted.item["documents"], accepted.at)
        if not ticket.stuck:
            heapq.heappush(self._due, (accepted.at + seconds, next(self._sequence), ticket))
        return ticket

    def settle(self, now: float, *, late_cancel: bool) -> None:
        """Carry out every ticket whose time has come, in the order they are due."""
        while self._due and self._due[0][0] <= now:
            at, _, ticket = heapq.heappop(self._due)
            if ticket.open:
                self._finish(ticket, at, late_cancel=late_cancel)
            else:
                ticket.order.note_error(ticket.accepted.operation, ticket.refusal, at)

    def _finish(self, ticket: Ticket, now: float, *, late_cancel: bool) -> None:
        accepted, order = ticket.accepted, ticket.order
        store = self.stores[accepted.store]
        outcome, message = ticket.outcome, ticket.message
        if ticket.unseen:
            outcome, message = "succeed", "The update was accepted."
            self.ledger.note_refused(accepted)
        elif not outcome:
            outcome, message = _try(order, accepted, now, late_cancel=late_cancel)
        if outcome != "succeed":
            order.note_error(accepted.operation, message, now)
            self.ledger.note_refused(accepted)
        elif accepted.operation == "acknowledge":
            store.shelf.rename(order, (order.changes or {}).get("storeReference", order.store_reference))
        if accepted.operation == "upload-documents":
            order.settle_documents(accepted.batch_id, "sent" if outcome == "succeed" else "failed")
        store.book.finish(ticket, outcome, message, now)
        store.timeline.note(now)
        if ticket.refused_after is not None:
            heapq.heappush(self._due, (now + ticket.refused_after, next(self._sequence), ticket))

    def release(self, now: float) -> int:
        """Let the stuck tickets end now; how many there were."""
        tickets = [ticket for store in self.stores.values() for ticket in store.book.stuck()]
        for ticket in tickets:
            ticket.stuck = False
            heapq.heappush(self._due, (now, next(self._sequence), ticket))
        return len(tickets)

    def forget_tickets(self, now: float) -> int:
        """Make the API forget every ticket it has, done or not; the operations still take their course."""
        tickets = [ticket for store in self.stores.values() for ticket in store.book.all()]
        for ticket in tickets:
            ticket.forgotten_at = min(ticket.forgotten_at, now)
        return len(tickets)


def _try(order: Order, accepted: Accepted, now: float, *, late_cancel: bool) -> tuple[str, str]:
    try:
        return "succeed", carry_out(order, accepted.operation, accepted.item, now, late_cancel=late_cancel)
    except RefusedError as refusal:
        return "failed", str(refusal)


def _afflict(ticket: Ticket, fault: Fault) -> None:
    """Let a fault strike a ticket as it is opened."""
    now = ticket.accepted.at
    match fault.kind:
        case Kind.REFUSE:
            ticket.outcome, ticket.message = "failed", fault.message or "The marketplace refused the operation."
        case Kind.CANCEL_TICKET:
            ticket.outcome, ticket.message = "canceled", fault.message or "The task was refused."
        case Kind.STUCK:
            ticket.stuck = True
        case Kind.UNSEEN:
            ticket.unseen = True
        case Kind.REFUSE_LATER:
            ticket.unseen, ticket.refused_after = True, fault.seconds
            ticket.refusal = fault.message or "The marketplace refused the operation."
        case Kind.PURGE:
            ticket.forgotten_at = now + fault.seconds
        case Kind.LATE:
            ticket.listed_at = now + fault.seconds
        case Kind.NO_REFERENCE:
            ticket.left_out += ("reference",)
        case Kind.NO_ID:
            ticket.left_out += ("id",)


def _ignored_line(order_id: int, named: Named, order: Order | None, message: str) -> dict[str, Any]:
    return {
        "id": order_id,
        "channelName": order.channel if order else named.channel,
        "reference": order.reference if order else named.reference,
        "state": "ignored",
        "message": message,
    }
