"""The one decision that matters: what, if anything, must the marketplace be told about this order now?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sfsync.domain.errors import Failure
from sfsync.domain.mapping import Policy
from sfsync.domain.orders import Known, Operation, Snapshot
from sfsync.domain.tracking_numbers import same_number


class Because(StrEnum):
    """Why there is nothing to send."""

    NOT_MAPPED = "not-mapped"
    """R6: the status means nothing to a marketplace."""
    ALREADY_CONFIRMED = "already-confirmed"
    """R3, R11: the marketplace knows."""
    WENT_BACK = "went-back"
    """R8: the status went back, what was sent cannot be taken back, the merchant is warned once."""
    UNSUPPORTED = "unsupported"
    """R9: this marketplace does not offer the operation, the merchant is told once."""
    FULFILLED_BY_CHANNEL = "fulfilled-by-channel"
    """R13b: the marketplace ships this order itself."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send `operation`; `wanted` is what the status asks for in the end (a deliver sends its ship first, R13a)."""

    operation: Operation
    wanted: Operation | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Decide again at `until`: the merchant has that long to fill in the tracking number (R4)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Nothing:
    """Send nothing. `operation` is the one that is not offered, or what the marketplace believes."""

    because: Because
    operation: Operation | None = None


@dataclass(frozen=True, slots=True)
class Fail:
    """The update cannot be made, and the merchant must know."""

    failure: Failure
    operation: Operation | None = None


Decision = Send | Wait | Nothing | Fail

_ENDS = (Operation.REFUND, Operation.CANCEL)


def decide(order: Snapshot | None, known: Known, policy: Policy, *, since: datetime, now: datetime) -> Decision:
    """Judge an order by its *current* state (R6). `since` is when its change was seen, for the delay of R4."""
    if order is None:
        return Fail(Failure.ORDER_GONE)
    wanted = policy.wanted(order)
    if wanted in _ENDS:
        return _end(wanted, known)
    if known.canceled or known.refunded:
        return _after_the_end(order, wanted, known)
    news = bool(order.tracking_number) and not same_number(order.tracking_number, known.ship_tracking or "")
    if known.fulfilled_by_channel and (news or wanted):
        return Nothing(Because.FULFILLED_BY_CHANNEL, wanted or Operation.SHIP)
    if news:
        return Send(Operation.SHIP, wanted)
    if wanted and not known.shipped:
        return _ship_untracked(order, wanted, policy, since, now)
    return _after_the_ship(order, wanted, known, policy)


def believed(known: Known) -> Operation | None:
    """The furthest state that the marketplace confirmed."""
    return next((each for each in (*_ENDS, Operation.DELIVER, Operation.SHIP) if each in known.told), None)


def _end(wanted: Operation, known: Known) -> Decision:
    if wanted in known.told:
        return Nothing(Because.ALREADY_CONFIRMED, wanted)
    if wanted in known.unsupported:
        return Nothing(Because.UNSUPPORTED, wanted)
    return Send(wanted, wanted)


def _after_the_end(order: Snapshot, wanted: Operation | None, known: Known) -> Decision:
    """Cancelled or refunded for the marketplace, and no longer so for the shop."""
    if wanted or order.paid_status or order.shipped_status:
        return Nothing(Because.WENT_BACK, believed(known))
    return Nothing(Because.NOT_MAPPED)


def _ship_untracked(order: Snapshot, wanted: Operation, policy: Policy, since: datetime, now: datetime) -> Decision:
    """R4: shipped or delivered, never told, and no tracking number."""
    if now < since + policy.delay:
        return Wait(since + policy.delay)
    if policy.may_ship_untracked(order):
        return Send(Operation.SHIP, wanted)
    return Fail(Failure.NO_TRACKING, Operation.SHIP)


def _after_the_ship(order: Snapshot, wanted: Operation | None, known: Known, policy: Policy) -> Decision:
    if wanted is Operation.DELIVER and not known.delivered:
        return Send(Operation.DELIVER, wanted)
    if _went_back(order, wanted, known, policy):
        return Nothing(Because.WENT_BACK, believed(known))
    return Nothing(Because.ALREADY_CONFIRMED, wanted) if wanted else Nothing(Because.NOT_MAPPED)


def _went_back(order: Snapshot, wanted: Operation | None, known: Known, policy: Policy) -> bool:
    """R8: an earlier status said what the marketplace believes, and the current one takes it back.

    An unmapped status that the shop itself counts as shipped ("delivered", "archived") takes nothing back.
    """
    if wanted is Operation.SHIP:
        return known.delivered
    if wanted or order.shipped_status:
        return False
    past = [*order.statuses[:-1], *([known.status] if known.status is not None else [])]  # plain SQL leaves no history
    earlier = {policy.mapping.get(status) for status in past}
    return not known.told.isdisjoint(earlier)
