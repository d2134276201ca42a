"""Tickets: what becomes of every item that was accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shoppingfeed.sandbox.answers import ProblemError
from shoppingfeed.sandbox.clock import iso
from shoppingfeed.sandbox.ledger import Accepted
from shoppingfeed.sandbox.orders import Order

NEVER = float("inf")

TYPES = {
    "acknowledge": "order.acknowledge",
    "unacknowledge": "order.unacknowledge",
    "accept": "order.notify.acceptance",
    "refuse": "order.notify.refusal",
    "cancel": "order.notify.cancellation",
    "ship": "order.notify.shipment",
    "refund": "order.notify.refund",
    "upload-documents": "order.notify.upload-documents",
    "deliver": "order.notify.delivery",  # the API documents no type for deliver; this one is ours
}

OPEN = ("scheduled", "running")
DONE = ("succeed", "failed", "canceled")
_MACROS = {"processing": OPEN, "processed": DONE}


@dataclass(slots=True, eq=False)
class Ticket:
    """One item's ticket. It is `scheduled` for half of `seconds`, `running` for the other half, then done.

    `outcome` and `message` may be set beforehand, by a fault; `finished_at` is NEVER while the ticket is open. A
    `stuck` ticket runs until it is released. An `unseen` one succeeds, and its order stays as it was; `refused_after`
    is in how many seconds the marketplace says that it refused it, with `refusal`. `listed_at` is when lists begin to
    show it, `forgotten_at` when the API knows it no longer, `left_out` the keys its payload lacks.
    """

    accepted: Accepted
    order: Order
    seconds: float
    outcome: str = ""
    message: str = ""
    stuck: bool = False
    unseen: bool = False
    refused_after: float | None = None
    refusal: str = ""
    listed_at: float = 0.0
    forgotten_at: float = NEVER
    finished_at: float = NEVER
    left_out: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its id: 32 hexadecimal digits."""
        return self.accepted.ticket_id

    @property
    def type(self) -> str:
        """Its type, such as `order.notify.shipment`."""
        return TYPES[self.accepted.operation]

    @property
    def open(self) -> bool:
        """Whether it is still being processed."""
        return self.finished_at == NEVER

    def state(self, now: float) -> str:
        """One of the five states of api.md, *Tickets*."""
        if not self.open:
            return self.outcome
        return "running" if now >= self._starts_at() else "scheduled"

    def document(self, now: float) -> dict[str, Any]:
        """The ticket as the API shows it."""
        state = self.state(now)
        done = state in DONE
        link = f"/v1/store/{self.accepted.store}/ticket/{self.id}"
        return {
            "id": self.id,
            "batchId": self.accepted.batch_id,
            "type": self.type,
            "state": state,
            "scheduledAt": iso(self.accepted.at),
            "startedAt": iso(self._starts_at()) if state != "scheduled" else None,
            "finishedAt": iso(self.finished_at) if done else None,
            "payload": self._payload(),
            "result": {"message": self.message, "data": None} if done else None,
            "_links": {"self": {"href": link}},
        }

    def _starts_at(self) -> float:
        return self.accepted.at + self.seconds / 2

    def _payload(self) -> dict[str, Any]:
        order = self.order
        payload = {**self.accepted.item, "id": order.id, "reference": order.reference, "channelName": order.channel}
        return {key: value for key, value in payload.items() if key not in self.left_out}


class Book:
    """The tickets of one store, found by id, batch, order and state without walking through all of them."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._open: dict[str, Ticket] = {}
        self._done: dict[str, dict[str, Ticket]] = {state: {} for state in DONE}
        self._by_batch: dict[str, list[Ticket]] = {}
        self._by_order: dict[int, list[Ticket]] = {}

    def add(self, ticket: Ticket) -> None:
        """Open a ticket."""
        self._tickets[ticket.id] = self._open[ticket.id] = ticket
        self._by_batch.setdefault(ticket.accepted.batch_id, []).append(ticket)
        self._by_order.setdefault(ticket.order.id, []).append(ticket)

    def finish(self, ticket: Ticket, outcome: str, message: str, now: float) -> None:
        """Close a ticket."""
        ticket.outcome, ticket.message, ticket.finished_at = outcome, message, now
        del self._open[ticket.id]
        self._done[outcome][ticket.id] = ticket

    def find(self, ticket_id: str, now: float) -> Ticket | None:
        """The ticket of that id, unless it was forgotten."""
        ticket = self._tickets.get(ticket_id)
        return ticket if ticket and ticket.forgotten_at > now else None

    def of_order(self, order_id: int) -> list[Ticket]:
        """The tickets of an order, oldest first."""
        return list(self._by_order.get(order_id, ()))

    def all(self) -> list[Ticket]:
        """Every ticket, oldest first, the forgotten ones included."""
        return list(self._tickets.values())

    def stuck(self) -> list[Ticket]:
        """Those that run until they are released."""
        return [ticket for ticket in self._open.values() if ticket.stuck]

    def count_states(self, now: float) -> Counter[str]:
        """How many tickets are in each state."""
        counts = Counter({state: len(tickets) for state, tickets in self._done.items()})
        counts.update(ticket.state(now) for ticket in self._open.values())
        return +counts

    def select(self, query: Mapping[str, str], now: float) -> list[Ticket]:
        """The tickets that the filters of a list ask for (api.md, *Tickets*)."""
        states, operations, order_id = _states(query), _operations(query), _payload_id(query)
        return [
            ticket
            for ticket in self._candidates(query, states, order_id)
            if ticket.listed_at <= now < ticket.forgotten_at
            and (not query.get("batchId") or ticket.accepted.batch_id == query["batchId"])
            and (states is None or ticket.state(now) in states)
            and ticket.accepted.operation in operations
        ]

    def _candidates(self, query: Mapping[str, str], states: set[str] | None, order_id: int | None) -> Iterable[Ticket]:
        if order_id is not None:
            return self._by_order.get(order_id, ())
        if batch_id := query.get("batchId"):
            return self._by_batch.get(batch_id, ())
        if states is None:
            return self._tickets.values()
        if states <= set(OPEN):
            return self._open.values()
        if len(states) == 1 and states <= set(DONE):
            return self._done[next(iter(states))].values()
        return self._tickets.values()


def _states(query: Mapping[str, str]) -> set[str] | None:
    if not (text := query.get("state")):
        return None
    asked = {state for name in text.split(",") for state in _MACROS.get(name, (name,))}
    if unknown := asked - {*OPEN, *DONE}:
        raise ProblemError(400, f"'state' has no value '{sorted(unknown)[0][:40]}'; it takes {', '.join(OPEN + DONE)}.")
    return asked


def _operations(query: Mapping[str, str]) -> set[str]:
    """Those whose tickets are of the type that is asked for, or of one below it."""
    kind = query.get("type", "")
    return {each for each, type_ in TYPES.items() if not kind or type_ == kind or type_.startswith(f"{kind}.")}


def _payload_id(query: Mapping[str, str]) -> int | None:
    if not (text := query.get("payloadId")):
        return None
    if query.get("type", "").partition(".")[0] != "order":
        raise ProblemError(400, "'payloadId' needs 'type=order'.")
    if not text.isdecimal() or len(text) > 18:
        raise ProblemError(400, f"'payloadId' is the id of an order, not '{text[:40]}'.")
    return int(text)
