"""Shop orders that are one marketplace order, split or imported twice, are decided together (R38)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sfsync.domain.decide import (
    Because,
    Decided,
    Decision,
    Fail,
    Lack,
    Nothing,
    Wait,
    arranged,
    believed,
    decide,
    judged,
)
from sfsync.domain.errors import Failure
from sfsync.domain.mapping import Policy
from sfsync.domain.operations import OperationKind, kind_of
from sfsync.domain.orders import Known, Snapshot
from sfsync.domain.tracking_numbers import same_number
from sfsync.domain.value import value

PATIENCE = timedelta(minutes=15)
"""For how long an order may be missing in the shop's list before its update fails: the list may be away for a while."""
LIST_LOOK = timedelta(minutes=5)
Asked = tuple[Snapshot, OperationKind | None]
"""A shop order, and what its status asks for."""


@value
class Group:
    """The shop orders of one marketplace order as the shop shows them, the first one first.

    `living` are those that the shop has, and lists as orders of a marketplace; `unlisted`: it has others that it does
    not list any more, for the first time `unlisted_at`, or now. `claimed`: there is a shop order at all that hangs on
    it (R39).
    """

    living: tuple[Snapshot, ...] = ()
    unlisted: bool = False
    unlisted_at: datetime | None = None
    claimed: bool = True


@value
class Together:
    """What is decided, the shop order that speaks for all, and those that are called off while it goes on."""

    decided: Decided
    order: Snapshot | None = None
    called_off: tuple[Snapshot, ...] = ()


def decide_together(group: Group, known: Known, policy: Policy, *, since: datetime, now: datetime) -> Together:
    """Judge a marketplace order by the current state of all its shop orders (R6, R38). `since`: see `decide`."""
    if group.unlisted and now < (group.unlisted_at or now) + PATIENCE:
        return Together(Decided((Wait(now + LIST_LOOK, Lack.LISTING),)))
    if not group.living:
        return Together(arranged([_nobody(group, known)], known, since))
    if len(group.living) == 1:
        return Together(decide(group.living[0], known, policy, since=since, now=now), group.living[0])
    asked = [(each, _kind(policy.wanted(each))) for each in group.living]
    going = [(order, kind) for order, kind in asked if not (kind and kind.calls_off)]
    order, wanted = _of_going(going, known) if going else _of_ended(asked, known)
    decided = judged(order, wanted.name if wanted else None, known, policy, since=since, now=now)
    called_off = (
        tuple(each for each, kind in asked if kind and kind.calls_off) if going and _ships(order, wanted) else ()
    )
    return Together(decided, order, called_off)


def _nobody(group: Group, known: Known) -> Decision:
    """No shop order is left to judge it by."""
    if not group.claimed:
        told = believed(known)
        return Nothing(Because.TOLD_UNCLAIMED if told else Because.UNCLAIMED, told)
    return Fail(Failure.UNLISTED if group.unlisted else Failure.ORDER_GONE)


def _kind(wanted: str | None) -> OperationKind | None:
    return kind_of(wanted) if wanted else None


def _of_ended(asked: Sequence[Asked], known: Known) -> Asked:
    """Nothing goes on. Ended in several ways, it is what can follow a shipment that was told, else what can be instead
    of one."""
    shipped = any(kind_of(name).numbered for name in known.operations)
    choose = max if shipped else min
    return choose(asked, key=lambda each: each[1].rank if each[1] else 0)


def _of_going(going: Sequence[Asked], known: Known) -> Asked:
    """The one that is shipped speaks for all, and goes on doing so once the marketplace was told of it. What ends the
    order counts when all of them say so."""
    order = min(going, key=lambda each: _silence(each[0], each[1], known))[0]
    kinds = [kind if kind is None or _all_say(kind, going) else _before(kind) for _, kind in going]
    own = next(kind for (each, _), kind in zip(going, kinds, strict=True) if each is order)
    return order, own or next(filter(None, kinds), None)


def _silence(order: Snapshot, kind: OperationKind | None, known: Known) -> tuple[bool, ...]:
    """The less, the sooner it speaks for all."""
    return (
        not (_ships(order, kind) and order.key == known.teller),
        not (order.tracking_number and _was_told(order, known)),
        not order.tracking_number,
        not _ships(order, kind),
        order.key != known.teller,
    )


def _was_told(order: Snapshot, known: Known) -> bool:
    return any(same_number(order.tracking_number, key) for name, key in known.told if kind_of(name).numbered)


def _ships(order: Snapshot, kind: OperationKind | None) -> bool:
    """It is shipped, or must be before what it asks for (R2, R13a)."""
    if order.tracking_number:
        return True
    return kind is not None and any(each.numbered for each in (kind, *map(kind_of, kind.after)))


def _all_say(kind: OperationKind, going: Sequence[Asked]) -> bool:
    return not kind.ends_order or all(each == kind for _, each in going)


def _before(kind: OperationKind) -> OperationKind | None:
    return kind_of(kind.after[-1]) if kind.after else None
