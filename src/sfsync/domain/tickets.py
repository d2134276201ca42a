"""What a ticket means, and which ticket is whose (R14 to R18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from sfsync.domain.operations import OperationKind
from sfsync.domain.operations.kind import TicketSays
from sfsync.domain.value import value

CLOCKS_DIFFER = timedelta(minutes=15)
"""How far the API's clock may be from ours when a ticket is recognised by its date."""
CLOCKS_DIFFER_FAR = timedelta(hours=12)
"""The same where the tracking number says whose it is, too."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Verdict(StrEnum):
    """What a ticket says of an operation."""

    CONFIRMED = "confirmed"
    FAILED = "failed"
    CANCELED = "canceled"
    OPEN = "open"


_VERDICTS = {"succeed": Verdict.CONFIRMED, "failed": Verdict.FAILED, "canceled": Verdict.CANCELED}
_PREFERENCE = (Verdict.CONFIRMED, Verdict.OPEN, Verdict.FAILED, Verdict.CANCELED)


def judge(state: str) -> Verdict:
    """A ticket's verdict by its state (api.md, *Tickets*). A state from another world is not an end: keep looking."""
    return _VERDICTS.get(state, Verdict.OPEN)


class TicketFacts(TicketSays, Protocol):
    """What is read off a ticket; `shoppingfeed.Ticket` has it all."""

    @property
    def id(self) -> str: ...
    @property
    def batch_id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def scheduled_at(self) -> datetime | None: ...
    @property
    def order_id(self) -> int | None: ...
    @property
    def reference(self) -> str: ...
    @property
    def channel(self) -> str: ...


TicketT = TypeVar("TicketT", bound=TicketFacts)


def newest(tickets: Sequence[TicketT]) -> list[TicketT]:
    """Those that were scheduled last; one without a date may be one of them."""
    latest = max((each.scheduled_at for each in tickets if each.scheduled_at), default=None)
    return [each for each in tickets if each.scheduled_at in (None, latest)]


@value
class InFlight:
    """An operation that was sent and whose ticket is looked for."""

    task_id: int
    feed_id: int
    reference: str
    channel: str
    sent_at: datetime | None = None
    former_tickets: tuple[str, ...] = ()
    ticket_id: str = ""
    settled_until: datetime | None = None
    """When, by the API's clock, the order's last settled ticket was scheduled. One that is older was settled too."""


def of_batch(batch_id: str, tickets: Iterable[TicketT]) -> list[TicketT]:
    """Without those that name another batch: the API may list an order's earlier tickets beside the one asked for."""
    return [ticket for ticket in tickets if ticket.batch_id in ("", batch_id)]


def match(sent: Iterable[InFlight], tickets: Sequence[TicketT]) -> dict[int, TicketT]:
    """Task id → its ticket, among the tickets of the task's own batch (R14): by its own id where that
    is known, by order id, then by reference.

    A reference counts only where the ticket has no order id, where the channel says nothing else, and where one task
    of the batch alone fits it: the same reference on two channels must not mix up two orders.
    """
    by_order: dict[int, list[TicketT]] = defaultdict(list)
    nameless: list[TicketT] = []
    for ticket in tickets:
        if ticket.order_id is None:
            nameless.append(ticket)
        else:
            by_order[ticket.order_id].append(ticket)
    asked, by_id = list(sent), {ticket.id: ticket for ticket in tickets}
    found = {each.task_id: by_id[each.ticket_id] for each in asked if each.ticket_id in by_id}
    rest = [each for each in asked if each.task_id not in found]
    found |= {each.task_id: _best(by_order[each.feed_id]) for each in rest if each.feed_id in by_order}
    return found | _by_reference([each for each in rest if each.task_id not in found], nameless)


def _by_reference(sent: list[InFlight], tickets: list[TicketT]) -> dict[int, TicketT]:
    found: dict[int, list[TicketT]] = defaultdict(list)
    for ticket in tickets:
        fits = [each for each in sent if _is_named(each, ticket)]
        if len(fits) == 1:
            found[fits[0].task_id].append(ticket)
    return {task_id: _best(its) for task_id, its in found.items()}


def _is_named(sent: InFlight, ticket: TicketFacts) -> bool:
    return is_named(ticket, sent.reference, sent.channel)


def is_named(ticket: TicketFacts, reference: str, channel: str) -> bool:
    """The reference is the order's, and the channel may be: `Amazon` and `amazonfr` are one, `Cdiscount` is another."""
    ours, theirs = channel.casefold(), ticket.channel.casefold()
    may_be = ours.startswith(theirs) or theirs.startswith(ours)
    return bool(reference) and reference == ticket.reference and may_be


def _best(tickets: list[TicketT]) -> TicketT:
    return min(tickets, key=lambda ticket: (_PREFERENCE.index(judge(ticket.state)), ticket.id))


def recognise(
    sent: InFlight, tickets: Iterable[TicketT], kind: OperationKind, payload: Mapping[str, Any]
) -> TicketT | None:
    """The ticket of an operation whose answer never came (R13), among all the tickets of its order.

    Its kind recognises it by what went out; it is no older than the send, and not one that was settled before. The
    newest one, where several fit.
    """
    fits = [ticket for ticket in tickets if _is_of(sent, ticket) and kind.recognises(ticket, payload)]
    return max(fits, key=lambda ticket: ticket.scheduled_at or _LONG_AGO, default=None)


def _is_of(sent: InFlight, ticket: TicketFacts) -> bool:
    if ticket.order_id not in (None, sent.feed_id) or ticket.id in sent.former_tickets:
        return False
    if sent.settled_until and ticket.scheduled_at and ticket.scheduled_at < sent.settled_until:
        return False
    allowance = CLOCKS_DIFFER_FAR if ticket.tracking_number else CLOCKS_DIFFER
    return not (sent.sent_at and ticket.scheduled_at and ticket.scheduled_at < sent.sent_at - allowance)
