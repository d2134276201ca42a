"""Tasks in a run's hands: read by the thousand, so as slotted rows instead of model instances (a third of the time)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sfsync.domain.identity import Claim
from sfsync.domain.value import value

if TYPE_CHECKING:
    from sfsync.models.task import TaskQuerySet


@dataclass(slots=True)
class HeldTask:
    """The columns of a task, and of its marketplace order, that its steps read: those of every task; those of a fact in
    flight, which an intention has none of; and those that an intention is decided by.

    A step may write down here what it is about to write into the table (`send`), or has just learnt (`settle`).
    """

    pk: int
    order_id: int
    action: str
    lease: str
    since: datetime
    attempts: int
    split: int
    silences: int
    looks: int
    episode: int
    lane: str
    feed_id: int | None
    reference: str
    channel: str
    confirmed_operation: str

    request_key: str = ""
    operation: str = ""
    more: bool = False
    status: str = ""
    shop_order_id: int | None = None
    tracking_number: str = ""
    batch_id: str = ""
    ticket_number: str = ""
    former_ticket: str = ""
    sent_at: datetime | None = None
    failure: str = ""
    last_error: str = ""
    confirmed_ticket: str = ""
    ticket_at: datetime | None = None
    ship_by: datetime | None = None

    fulfilled_by: str = ""
    by_hand: str = ""
    contradicted: bool = False
    unsure_at: datetime | None = None
    seen_there: str = ""
    agreed_at: datetime | None = None

    payload: dict[str, Any] | None = None
    """What goes out for it: known while it is sent, and read where its answer never came (`ask`)."""

    @property
    def claim(self) -> Claim:
        """Which marketplace order it is of."""
        return Claim(self.feed_id, self.reference, self.channel)


_OF_ORDER = (
    *("feed_id", "reference", "channel", "confirmed_operation", "confirmed_ticket", "ticket_at", "ship_by"),
    *("fulfilled_by", "by_hand", "contradicted", "unsure_at", "seen_there", "agreed_at"),
)
_FIELDS = [each.name for each in fields(HeldTask)]
_COLUMNS = [f"order__{name}" if name in _OF_ORDER else name for name in _FIELDS]
_FLIGHT, _DECIDING, _REST = (_FIELDS.index(name) for name in ("request_key", "fulfilled_by", "payload"))
_NO_FLIGHT = tuple(each.default for each in fields(HeldTask)[_FLIGHT:_DECIDING])


def intentions(tasks: TaskQuerySet) -> Iterator[HeldTask]:
    """Tasks that are to be decided."""
    rows = tasks.values_list(*_COLUMNS[:_FLIGHT], *_COLUMNS[_DECIDING:_REST])
    return (HeldTask(*row[:_FLIGHT], *_NO_FLIGHT, *row[_FLIGHT:]) for row in rows)


def flights(tasks: TaskQuerySet) -> Iterator[HeldTask]:
    """Facts in flight."""
    return (HeldTask(*row) for row in tasks.values_list(*_COLUMNS[:_DECIDING]))


@value
class FactRow:
    """A fact of an order that was set aside, or is in flight: what deciding needs of it, and its next try."""

    pk: int
    order_id: int
    action: str
    operation: str
    tracking_number: str
    lane: str
    since: datetime
    update_at: datetime
    failed_at: datetime | None
    closed_at: datetime | None
    attempts: int
    split: int
    silences: int
    episode: int
    ticket_number: str
    former_ticket: str
    failure: str

    @property
    def settled_ticket(self) -> str:
        """The last ticket that a try of it had; empty where none had one."""
        return self.ticket_number or self.former_ticket

    @property
    def fact(self) -> tuple[str, str]:
        return (self.operation, self.tracking_number)

    @property
    def aside(self) -> bool:
        return self.action == "SET_ASIDE"

    def due(self, now: datetime) -> bool:
        return self.failed_at is None and self.closed_at is None and self.update_at <= now


def fact_rows(tasks: TaskQuerySet) -> Iterator[FactRow]:
    return (FactRow(*row) for row in tasks.values_list(*(each.name for each in fields(FactRow))))
