"""Tasks in a run's hands: read by the thousand, so as slotted rows instead of model instances (a third of the time)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sfsync.domain.identity import Claim

if TYPE_CHECKING:
    from sfsync.models.task import TaskQuerySet


@dataclass(slots=True)
class HeldTask:
    """The columns of a task that its steps read, then those of its marketplace order.

    A step may write down here what it is about to write into the table (`send`), or has just learnt (`settle`).
    """

    pk: int
    order_id: int
    action: str
    lease: str
    request_key: str
    since: datetime
    attempts: int
    split: int
    silences: int
    looks: int
    episode: int
    operation: str
    lane: str
    more: bool
    status: str
    shop_order_id: int | None
    tracking_number: str
    batch_id: str
    ticket_number: str
    sent_at: datetime | None
    failure: str
    last_error: str
    feed_id: int | None
    reference: str
    channel: str
    fulfilled_by: str
    by_hand: str
    contradicted: bool
    confirmed_operation: str
    confirmed_ticket: str
    ticket_at: datetime | None
    unsure_at: datetime | None
    seen_there: str
    agreed_at: datetime | None
    ship_by: datetime | None
    payload: dict[str, Any] | None = None
    """What goes out for it: known while it is sent, and read where its answer never came (`ask`)."""

    @property
    def claim(self) -> Claim:
        """Which marketplace order it is of."""
        return Claim(self.feed_id, self.reference, self.channel)


_OF_ORDER = (
    *("feed_id", "reference", "channel", "fulfilled_by", "by_hand", "contradicted"),
    *("confirmed_operation", "confirmed_ticket", "ticket_at", "unsure_at", "seen_there", "agreed_at", "ship_by"),
)
_COLUMNS = [f"order__{each.name}" if each.name in _OF_ORDER else each.name for each in fields(HeldTask)[:-1]]


def held(tasks: TaskQuerySet) -> Iterator[HeldTask]:
    return (HeldTask(*row) for row in tasks.values_list(*_COLUMNS))


@dataclass(frozen=True, slots=True)
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
