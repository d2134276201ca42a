"""Tickets: what became of each order of a request (API page, Tickets)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shoppingfeed import _json
from shoppingfeed._errors import ShoppingFeedError

OPERATIONS = {
    "order.acknowledge": "acknowledge",
    "order.unacknowledge": "unacknowledge",
    "order.notify.acceptance": "accept",
    "order.notify.refusal": "refuse",
    "order.notify.cancellation": "cancel",
    "order.notify.shipment": "ship",
    "order.notify.refund": "refund",
    "order.notify.upload-documents": "upload-documents",
}


class TicketState(StrEnum):
    """The documented states. A ticket keeps any other one as the text it came with; it counts as not done."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    SUCCEED = "succeed"
    FAILED = "failed"
    CANCELED = "canceled"


DONE = frozenset({TicketState.SUCCEED, TicketState.FAILED, TicketState.CANCELED})


@dataclass(frozen=True, slots=True)
class Ticket:
    """One order's ticket. `message` says why it failed, if it did. State `canceled` means that it was refused."""

    id: str
    batch_id: str
    type: str
    state: str
    scheduled_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    payload: Mapping[str, object] = field(default_factory=dict, repr=False, hash=False)
    message: str = ""

    @property
    def done(self) -> bool:
        return self.state in DONE

    @property
    def succeeded(self) -> bool:
        return self.state == TicketState.SUCCEED

    @property
    def order_id(self) -> int | None:
        """The order's id at Shopping Feed; None when the payload does not name it: match by reference then (R14)."""
        return _json.identifier(self._sent("id"))

    @property
    def reference(self) -> str:
        return _json.text(self._sent("reference"))

    @property
    def channel(self) -> str:
        return _json.text(self._sent("channelName"))

    @property
    def tracking_number(self) -> str:
        """What was sent as the tracking number; empty for anything but a ship with one."""
        return _json.text(self._sent("trackingNumber"))

    @property
    def operation(self) -> str | None:
        """`ship`, `cancel` …, by the type; None for an unknown type (none is documented for deliver)."""
        known = OPERATIONS.get(self.type)
        return known or ("deliver" if self.type.startswith("order.") and ".deliver" in self.type else None)

    def _sent(self, key: str) -> object:
        """The payload holds the order's item, or holds it under `order` (alone, or as a list of one)."""
        if key in self.payload:
            return self.payload[key]
        nested = self.payload.get("order")
        if isinstance(nested, list) and len(nested) == 1:
            nested = nested[0]
        return _json.mapping(nested).get(key)


def parse_ticket(answer: object) -> Ticket:
    body = _json.mapping(answer)
    ticket_id = _json.text(body.get("id"))
    if not ticket_id:
        raise _json.UnexpectedShapeError("a ticket with an id")
    return Ticket(
        id=ticket_id,
        batch_id=_json.text(body.get("batchId")),
        type=_json.text(body.get("type")),
        state=_json.text(body.get("state")),
        scheduled_at=_json.moment(body.get("scheduledAt")),
        started_at=_json.moment(body.get("startedAt")),
        finished_at=_json.moment(body.get("finishedAt")),
        payload=_json.mapping(body.get("payload")),
        message=_json.text(_json.mapping(body.get("result")).get("message")),
    )


@dataclass(frozen=True, slots=True)
class TicketList:
    """A list of tickets. `items` reads the further pages as it goes, once; the rest is known from the first page.

    `processing`: is any of these tickets still being processed? None when the API did not say. `total`: how many
    there are.
    """

    items: Iterator[Ticket]
    processing: bool | None
    total: int | None


@dataclass(frozen=True, slots=True)
class BatchTickets:
    """All tickets of one batch, or the error that kept us from reading them (`tickets` is None then)."""

    batch_id: str
    tickets: tuple[Ticket, ...] | None
    error: ShoppingFeedError | None = None
