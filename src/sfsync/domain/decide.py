"""The one decision that matters: what, if anything, must the marketplace be told about this order now?

What the operations want, less what was told: which operation that is, is never asked by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sfsync.domain.errors import Failure
from sfsync.domain.mapping import Policy
from sfsync.domain.operations import OperationKind, kind_of, numbered_kinds
from sfsync.domain.orders import Known, Snapshot
from sfsync.domain.tracking_numbers import same_number


class Because(StrEnum):
    """Why there is nothing to send."""

    NOT_MAPPED = "not-mapped"
    """R6: the status means nothing to a marketplace."""
    ALREADY_CONFIRMED = "already-confirmed"
    """R3, R11: the marketplace knows."""
    TOLD_BEFORE = "told-before"
    """R11: the order went back to an earlier tracking number, which the marketplace knows; it keeps the newest."""
    WENT_BACK = "went-back"
    """R8: the status went back, what was sent cannot be taken back, the merchant is warned once."""
    UNSUPPORTED = "unsupported"
    """R9: this marketplace does not offer the operation, the merchant is told once."""
    FULFILLED_BY_CHANNEL = "fulfilled-by-channel"
    """R13b: the marketplace ships this order itself."""
    UNCLAIMED = "unclaimed"
    """R39: no shop order is this marketplace order any more."""
    TOLD_UNCLAIMED = "told-unclaimed"
    """R39: the same, and it was told something: the merchant hears of it once."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send `operation`; `wanted` is what the status asks for in the end (a deliver sends its ship first, R13a)."""

    operation: str
    wanted: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Decide again at `until`: the merchant has that long to fill in the tracking number (R4)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Nothing:
    """Send nothing. `operation` is the one that is not offered, or what the marketplace believes."""

    because: Because
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class Fail:
    """The update cannot be made, and the merchant must know."""

    failure: Failure
    operation: str | None = None


Decision = Send | Wait | Nothing | Fail


def decide(order: Snapshot | None, known: Known, policy: Policy, *, since: datetime, now: datetime) -> Decision:
    """Judge an order by its *current* state (R6). `since` is when its change was seen, for the delay of R4."""
    if order is None:
        return Fail(Failure.ORDER_GONE)
    return judged(order, policy.wanted(order), known, policy, since=since, now=now)


def judged(
    order: Snapshot, wanted: str | None, known: Known, policy: Policy, *, since: datetime, now: datetime
) -> Decision:
    """The same of an order that asks for `wanted`."""
    asked = kind_of(wanted) if wanted else None
    if asked and asked.calls_off:
        return _offered(asked, asked, known) if asked.name not in known.operations else _known_already(asked)
    if known.told and any(kind_of(each).calls_off for each in known.operations):
        return _after_the_end(order, wanted, known)
    news = _news(order, known)
    if known.fulfilled_by_channel and (news or asked):
        return Nothing(Because.FULFILLED_BY_CHANNEL, wanted or (news.name if news else None))
    if news:
        return Send(news.name, wanted)
    for kind in _needed(asked):
        if kind.name in known.operations:
            continue
        if kind.numbered:
            return _unnumbered(order, Send(kind.name, wanted), policy, since, now)
        return _offered(kind, asked, known)
    return _nothing_new(order, asked, known, policy)


def believed(known: Known) -> str | None:
    """The furthest state that the marketplace confirmed."""
    return max(known.operations, key=lambda name: kind_of(name).rank, default=None)


def _news(order: Snapshot, known: Known) -> OperationKind | None:
    """R2: a tracking number that was never told, whatever the status says."""
    if not order.tracking_number:
        return None
    return next((kind for kind in numbered_kinds() if not _were_told(order, kind, known)[0]), None)


def _were_told(order: Snapshot, kind: OperationKind, known: Known) -> tuple[bool, bool]:
    """Whether its present number was told, ever and last."""
    number = kind.key(order)
    same = [same_number(number, key) for name, key in known.told if name == kind.name]
    return any(same), bool(same) and same[-1]


def _needed(asked: OperationKind | None) -> tuple[OperationKind, ...]:
    """What the status asks for, after what must be told before it (R13a)."""
    return (*map(kind_of, asked.after), asked) if asked else ()


def _offered(kind: OperationKind, asked: OperationKind | None, known: Known) -> Decision:
    """R9."""
    if kind.name in known.unsupported:
        return Nothing(Because.UNSUPPORTED, kind.name)
    return Send(kind.name, asked.name if asked else None)


def _known_already(kind: OperationKind) -> Nothing:
    return Nothing(Because.ALREADY_CONFIRMED, kind.name)


def _after_the_end(order: Snapshot, wanted: str | None, known: Known) -> Decision:
    """Called off for the marketplace, and no longer so for the shop."""
    if wanted or order.paid_status or order.shipped_status:
        return Nothing(Because.WENT_BACK, believed(known))
    return Nothing(Because.NOT_MAPPED)


def _unnumbered(order: Snapshot, send: Send, policy: Policy, since: datetime, now: datetime) -> Decision:
    """R4: asked for, never told, and no tracking number."""
    if now < since + policy.delay:
        return Wait(since + policy.delay)
    if policy.may_ship_untracked(order):
        return send
    return Fail(Failure.NO_TRACKING, send.operation)


def _nothing_new(order: Snapshot, asked: OperationKind | None, known: Known, policy: Policy) -> Nothing:
    if _went_back(order, asked, known, policy):
        return Nothing(Because.WENT_BACK, believed(known))
    if (earlier := _earlier_number(order, known)) and (asked is None or asked.numbered):
        return Nothing(Because.TOLD_BEFORE, earlier)
    return _known_already(asked) if asked else Nothing(Because.NOT_MAPPED)


def _earlier_number(order: Snapshot, known: Known) -> str | None:
    """R11: the operation whose key was told, and another one since."""
    if not order.tracking_number:
        return None
    return next((kind.name for kind in numbered_kinds() if _were_told(order, kind, known) == (True, False)), None)


def _went_back(order: Snapshot, asked: OperationKind | None, known: Known, policy: Policy) -> bool:
    """R8: an earlier status said what the marketplace believes, and the current one takes it back.

    An unmapped status that the shop itself counts as shipped ("delivered", "archived") takes nothing back.
    """
    told = [kind_of(name) for name in known.operations]
    if asked:
        return any(asked.name in kind.after for kind in told)
    if order.shipped_status:
        return False
    past = [*order.statuses[:-1], *([known.status] if known.status else [])]  # plain SQL leaves no history
    earlier = {policy.mapping.get(status) for status in past}
    return any(kind.goes_back and kind.name in earlier for kind in told)
