"""The one decision that matters: what, if anything, must the marketplace be told about this order now?

What the operations want, less what was told or set aside: which operation that is, is never asked by name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sfsync.domain.errors import Failure
from sfsync.domain.mapping import Policy
from sfsync.domain.operations import OperationKind, kind_of, names, numbered_kinds
from sfsync.domain.operations.kind import ORDER
from sfsync.domain.orders import Fact, Known, SetAside, Snapshot
from sfsync.domain.tracking_numbers import is_earlier, same_number
from sfsync.domain.value import value


class Because(StrEnum):
    """Why there is nothing to send."""

    NOT_MAPPED = "not-mapped"
    """R6: the status means nothing to a marketplace."""
    ALREADY_CONFIRMED = "already-confirmed"
    """R3, R11: the marketplace knows."""
    TOLD_BEFORE = "told-before"
    """R11: the order went back to an earlier tracking number, and the marketplace keeps the newest: the merchant is
    warned once."""
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
    SET_ASIDE = "set-aside"
    """What is left to tell waits for its next try, for a person, or for an answer."""


@value
class Send:
    """Send a fact. `more`: something else is to be told once it is confirmed (a deliver sends its ship first, R13a)."""

    operation: str
    key: str = ""
    more: bool = False


class Lack(StrEnum):
    """What the shop does not say yet; the value is the code of the sentence that says so."""

    TRACKING_NUMBER = "waiting"
    RETURN_NUMBER = "waiting-return"
    LISTING = "waiting-listing"
    """R39: that the shop lists the order as a marketplace's. Until then nothing is said of what it asks for."""


RETURN_LOOK = timedelta(hours=1)
"""How often an order is looked at that still lacks its return number: no source tells of one."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Decide again at `until`: the shop may say by then what is lacking (R4, R27, R39). `late`: the operation that is
    held up although there was time for it, or none."""

    until: datetime
    lack: Lack = Lack.TRACKING_NUMBER
    late: str = ""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Send nothing. `operation` is the one that is not offered, or what the marketplace believes."""

    because: Because
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class Fail:
    """The fact cannot be told, and the merchant must know: it is set aside. `message`: what is wrong with it."""

    failure: Failure
    operation: str = ""
    key: str = ""
    message: str = ""


Decision = Send | Wait | Nothing | Fail


@value
class Decided:
    """What is to be done about an order: at least one decision, and at most one `Send` a lane.

    `needless`: set-aside facts that nothing asks for any more. `lane`: what is on its way in it was decided by an older
    state of the order, so the order must be looked at again when that is done.
    """

    decisions: tuple[Decision, ...]
    needless: tuple[Fact, ...] = ()
    lane: str = ""

    @property
    def first(self) -> Decision:
        return self.decisions[0]


def decide(order: Snapshot | None, known: Known, policy: Policy, *, since: datetime, now: datetime) -> Decided:
    """Judge an order by its *current* state (R6). `since` is when its change was seen, for the delay of R4."""
    if order is None:
        return arranged([Fail(Failure.ORDER_GONE)], known, since)
    return judged(order, policy.wanted(order), known, policy, since=since, now=now)


def judged(
    order: Snapshot, wanted: str | None, known: Known, policy: Policy, *, since: datetime, now: datetime
) -> Decided:
    """The same of an order that asks for `wanted`."""
    asked = kind_of(wanted) if wanted else None
    return arranged(_untold(order, asked, known, policy, since=since, now=now), known, since)


def is_open(aside: SetAside, since: datetime) -> bool:
    """It may be sent: its time has come, or the order changed after it was decided."""
    return aside.due or is_fresh(aside, since)


def is_fresh(aside: SetAside, since: datetime) -> bool:
    """A change seen since opens it again with all its tries (R16)."""
    operation, _key = aside.fact
    return since > aside.since and (operation not in names() or kind_of(operation).reopened_by_change)


def _untold(
    order: Snapshot, asked: OperationKind | None, known: Known, policy: Policy, *, since: datetime, now: datetime
) -> list[Decision]:
    """What the operations want, less what was told; in the order in which it goes out."""
    if asked and asked.calls_off:
        return [_known_already(asked) if asked.name in known.operations else _offered(asked, known)]
    if known.told and any(kind_of(each).calls_off for each in known.operations):
        return [_after_the_end(order, asked, known)]
    news = _news(order, known)
    if known.fulfilled_by_channel and (kind := asked or news):
        return [Nothing(Because.FULFILLED_BY_CHANNEL, kind.name)]
    facts: list[Decision] = [Send(news.name, news.key(order))] if news else []
    for kind in _needed(asked):
        if kind.name not in known.operations and kind is not news:
            facts.append(_unnumbered(order, kind, policy, since, now) if kind.numbered else _offered(kind, known))
    if known.called_off_there:
        facts = [_held_back(each) for each in facts]
    if known.wants_return and policy.knows_returns and not order.return_number:
        facts = [_awaiting_return(each, policy, since, now) for each in facts]
    return facts or [_nothing_new(order, asked, known, policy)]


def _awaiting_return(decision: Decision, policy: Policy, since: datetime, now: datetime) -> Decision:
    """R27: a shipment goes out with its return number, however long that takes to come."""
    if isinstance(decision, Send) and kind_of(decision.operation).numbered:
        late = now >= since + policy.delay
        until = now + RETURN_LOOK if late else since + policy.delay
        return Wait(until, Lack.RETURN_NUMBER, decision.operation if late else "")
    return decision


def _held_back(decision: Decision) -> Decision:
    """R33: a shipment of an order that the marketplace cancelled waits for a person's word."""
    if isinstance(decision, Send) and kind_of(decision.operation).numbered:
        return Fail(Failure.CALLED_OFF_THERE, decision.operation, decision.key)
    return decision


def arranged(wanted: list[Decision], known: Known, since: datetime) -> Decided:
    """Without what is set aside or on its way, and without what must wait for that or for one another."""
    if not known.aside and not known.flying and len(wanted) == 1:  # nearly always
        return Decided((wanted[0],))
    held = {each.fact for each in known.aside if not is_open(each, since)} | {each.fact for each in known.flying}
    busy = {each.lane for each in known.flying}
    ready: list[Decision] = []
    later: list[OperationKind] = []
    for each in wanted:
        lanes = busy | {kind_of(sent.operation).lane for sent in ready if isinstance(sent, Send)}
        if _fact(each) in held:
            continue
        if not isinstance(each, Send):
            ready += [each] if ORDER not in busy else []
        elif kind_of(each.operation).lane in lanes or not known.operations.issuperset(kind_of(each.operation).after):
            later.append(kind_of(each.operation))
        else:
            ready.append(each)
    decisions = tuple(_with_more(each, later) for each in ready) or (Nothing(Because.SET_ASIDE),)
    return Decided(decisions, _needless(wanted, known, busy), _lane_to_await(known, later, since))


def _fact(decision: Decision) -> Fact | None:
    match decision:
        case Send() | Fail():
            return (decision.operation, decision.key)
        case Nothing(because=Because.UNSUPPORTED):
            return (decision.operation or "", "")
    return None


def _with_more(decision: Decision, later: list[OperationKind]) -> Decision:
    if not isinstance(decision, Send):
        return decision
    lane = kind_of(decision.operation).lane
    follows = any(kind.lane == lane or decision.operation in kind.after for kind in later)
    return replace(decision, more=follows)


def _needless(wanted: list[Decision], known: Known, busy: set[str]) -> tuple[Fact, ...]:
    """While the order itself is being told of, what it asks for is not certain. What this version does not know, a
    person has to see first."""
    facts = {_fact(each) for each in wanted}
    unasked = [each for each in known.aside if each.fact not in facts and ORDER not in busy]
    return tuple(each.fact for each in unasked if each.due or each.fact[0] in names() or not each.fact[0])


def _lane_to_await(known: Known, later: list[OperationKind], since: datetime) -> str:
    lanes = {kind.lane for kind in later}
    return next((each.lane for each in known.flying if each.since < since or each.lane in lanes), "")


def believed(known: Known) -> str | None:
    """The furthest state that the marketplace confirmed."""
    return max(known.operations, key=lambda name: kind_of(name).rank, default=None)


def _news(order: Snapshot, known: Known) -> OperationKind | None:
    """R2: a tracking number that was never told, whatever the status says."""
    if not order.tracking_number:
        return None
    return next((kind for kind in numbered_kinds() if not _was_told(order, kind, known)), None)


def _was_told(order: Snapshot, kind: OperationKind, known: Known) -> bool:
    number = kind.key(order)
    return any(same_number(number, key) for key in _keys(kind, known))


def _needed(asked: OperationKind | None) -> tuple[OperationKind, ...]:
    """What the status asks for, after what must be told before it (R13a)."""
    return (*map(kind_of, asked.after), asked) if asked else ()


def _offered(kind: OperationKind, known: Known) -> Decision:
    """R9."""
    if kind.name in known.unsupported:
        return Nothing(Because.UNSUPPORTED, kind.name)
    return Send(kind.name)


def _known_already(kind: OperationKind) -> Nothing:
    return Nothing(Because.ALREADY_CONFIRMED, kind.name)


def _after_the_end(order: Snapshot, asked: OperationKind | None, known: Known) -> Decision:
    """Called off for the marketplace, and no longer so for the shop."""
    if asked or order.paid_status or order.shipped_status:
        return Nothing(Because.WENT_BACK, believed(known))
    return Nothing(Because.NOT_MAPPED)


def _unnumbered(order: Snapshot, kind: OperationKind, policy: Policy, since: datetime, now: datetime) -> Decision:
    """R4: asked for, never told, and no tracking number."""
    if now < since + policy.delay:
        return Wait(since + policy.delay)
    if order.spoilt:
        return Fail(Failure.SPOILT_TRACKING, kind.name, message=order.spoilt)
    if policy.may_ship_untracked(order):
        return Send(kind.name)
    return Fail(Failure.NO_TRACKING, kind.name)


def _nothing_new(order: Snapshot, asked: OperationKind | None, known: Known, policy: Policy) -> Nothing:
    if _went_back(order, asked, known, policy):
        return Nothing(Because.WENT_BACK, believed(known))
    if (earlier := _earlier_number(order, known)) and (asked is None or asked.numbered):
        return Nothing(Because.TOLD_BEFORE, earlier)
    return _known_already(asked) if asked else Nothing(Because.NOT_MAPPED)


def _earlier_number(order: Snapshot, known: Known) -> str | None:
    """R11: the operation whose key was told, and another one since that the order does not show any more."""
    numbers = [each.tracking_number for each in order.parcels]
    return next((kind.name for kind in numbered_kinds() if is_earlier(numbers, _keys(kind, known))), None)


def _keys(kind: OperationKind, known: Known) -> list[str]:
    return [key for name, key in known.told if name == kind.name]


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
