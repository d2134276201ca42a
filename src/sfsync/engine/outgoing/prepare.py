"""Judge claimed tasks by what the shop says now (R6), and put together what will be sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sfsync.db.among import among
from sfsync.domain.carriers import dressed, read_book, wants_return
from sfsync.domain.decide import Decided, Decision, Fail, Lack, Nothing, Send, Wait, is_fresh
from sfsync.domain.errors import Failure
from sfsync.domain.groups import Together, decide_together
from sfsync.domain.mapping import Policy, status_mapping
from sfsync.domain.odd_numbers import OddNumber, odd_number
from sfsync.domain.operations import OperationKind, all_kinds, is_numbered, kind_of, names, register
from sfsync.domain.orders import Fact, Flying, Known, SetAside, Snapshot
from sfsync.domain.reconciliation import CANCELLED
from sfsync.domain.value import value
from sfsync.engine.find.outbox import Look
from sfsync.engine.outgoing.reading import Reading
from sfsync.models import Action, MarketplaceOrder, Store, Task, Told
from sfsync.models.held_task import FactRow, HeldTask, fact_rows
from sfsync.models.marketplace_order import FulfilledBy
from sfsync.models.store import StatePolicy
from sfsync.shops.keys import OrderKey
from shoppingfeed import OrderOperation, ReturnInfo, channels


@value
class Prepared:
    """An intention, the fact that it becomes, the item that goes to the API for it, and the shop's status then.

    `before`: the row of that fact where it was set aside. `look`: the order is to be looked at again meanwhile.
    """

    task: HeldTask
    item: OrderOperation
    send: Send
    status: str
    shop_order_id: int
    before: FactRow | None = None
    look: Look | None = None


@dataclass(slots=True)
class Plan:
    """What became of the claimed intentions: each is sent, kept for another look, nameless, or over.

    What is to be said of their orders (`wait`, `nothing`, `fail`) may concern any but the nameless. `needless`:
    set-aside facts that nothing asks for any more. `pks`: the shop's order → our row of it.
    """

    now: datetime
    pks: Mapping[OrderKey, int]
    policy: Policy
    send: list[Prepared] = field(default_factory=list)
    keep: list[tuple[HeldTask, Look]] = field(default_factory=list)
    over: list[HeldTask] = field(default_factory=list)
    wait: list[tuple[HeldTask, Wait]] = field(default_factory=list)
    nothing: list[tuple[HeldTask, Nothing]] = field(default_factory=list)
    fail: list[tuple[HeldTask, Fail, FactRow | None]] = field(default_factory=list)
    shown: list[Prepared] = field(default_factory=list)
    """Refused before, and the marketplace shows it all the same (R34): told."""
    nameless: list[tuple[HeldTask, Send, FactRow | None]] = field(default_factory=list)
    """What is to be told of orders without a Shopping Feed id (R13b): the API must be asked for it first."""
    needless: list[FactRow] = field(default_factory=list)

    odd: list[tuple[HeldTask, OddNumber]] = field(default_factory=list)
    """Sent, with a number that may not be the one that is meant: said once for each number."""
    called_off: list[tuple[HeldTask, Together]] = field(default_factory=list)
    """Shipped, while another shop order of the same marketplace order is called off (R38)."""

    @property
    def sends_only(self) -> bool:
        """Nothing is to be written down but the requests themselves."""
        marked = any(each.task.by_hand or each.task.contradicted for each in self.send)
        return not (marked or self.shown or self.over or self.keep or self.fail or self.needless)

    @property
    def awaited(self) -> list[HeldTask]:
        """Those whose order asks for something that the shop has yet to complete."""
        return [task for task, wait in self.wait if wait.lack is not Lack.LISTING]

    def add(self, task: HeldTask, together: Together, facts: Facts) -> None:
        decided, order = together.decided, together.order
        sends = [each for each in decided.decisions if isinstance(each, Send)]
        if together.called_off:
            self.called_off.append((task, together))
        if sends and task.feed_id is None:
            self.nameless.append((task, sends[0], facts.get((sends[0].operation, sends[0].key))))
            return
        self.needless += [facts[fact] for fact in decided.needless]
        for decision in decided.decisions:
            self._say(task, decision, facts)
        look = self._look(task, decided, sends[1:])
        if sends and order:
            self._send(task, sends[0], order, facts.get((sends[0].operation, sends[0].key)), look)
        else:
            self._rest(task, look)

    def _say(self, task: HeldTask, decision: Decision, facts: Facts) -> None:
        match decision:
            case Wait():
                self.wait.append((task, decision))
            case Nothing():
                self.nothing.append((task, decision))
            case Fail():
                self.fail.append((task, decision, facts.get((decision.operation, decision.key))))

    def _look(self, task: HeldTask, decided: Decided, others: list[Send]) -> Look | None:
        """When the order is to be looked at again, whatever becomes of what is sent now."""
        until = [each.until for each in decided.decisions if isinstance(each, Wait)]
        if others:
            return Look(task.order_id, task.since, self.now, kind_of(others[0].operation).lane)
        if until:
            return Look(task.order_id, task.since, until[0])
        return Look(task.order_id, task.since, self.now, decided.lane) if decided.lane else None

    def _rest(self, task: HeldTask, look: Look | None) -> None:
        if look:
            self.keep.append((task, look))
        else:
            self.over.append(task)

    def _send(self, task: HeldTask, send: Send, order: Snapshot, before: FactRow | None, look: Look | None) -> None:
        """A fact that may have been told, or that the client refuses to name, fails alone: it stops neither its store
        nor other facts."""
        if task.unsure_at and not kind_of(send.operation).is_shown:
            self._fail(task, Fail(Failure.MAYBE_TOLD, send.operation, send.key), before, look, more=send.more)
            return
        try:
            item = build(send.operation, task.feed_id or 0, order, task.channel, self.policy)
        except ValueError as error:
            failed = Fail(Failure.UNPREPARABLE, send.operation, send.key, str(error))
            self._fail(task, failed, before, look, more=send.more)
        else:
            _carry_on(task, before)
            if send.key and not before and (odd := odd_number(order)):
                self.odd.append((task, odd))
            self.send.append(Prepared(task, item, send, order.status, self.pks[order.key], before, look))

    def show(self, prepared: Prepared) -> None:
        """R34: what the marketplace shows is told, and is not sent again."""
        self.shown.append(prepared)
        self.needless += [prepared.before] if prepared.before else []
        self._rest(prepared.task, _afterwards(prepared, self.now))

    def refuse(self, prepared: Prepared, failure: Failure, message: str) -> None:
        """R34: what cannot be done any more on the marketplace is not sent again."""
        send, look = prepared.send, _afterwards(prepared, self.now)
        self.fail.append((prepared.task, Fail(failure, send.operation, send.key, message), prepared.before))
        self._rest(prepared.task, look)

    def _fail(self, task: HeldTask, failed: Fail, before: FactRow | None, look: Look | None, *, more: bool) -> None:
        self.fail.append((task, failed, before))
        self._rest(task, look or (Look(task.order_id, task.since, self.now) if more else None))


def _afterwards(prepared: Prepared, now: datetime) -> Look | None:
    """The order is looked at again where something else of it is to be told."""
    task = prepared.task
    return prepared.look or (Look(task.order_id, task.since, now) if prepared.send.more else None)


def _carry_on(task: HeldTask, row: FactRow | None) -> None:
    """A fact that was set aside goes on with its tries, unless its order has changed since (R16)."""
    if row:
        task.former_ticket, task.episode = row.settled_ticket, row.episode
    if row and not is_fresh(SetAside(row.fact, row.since), task.since):
        task.attempts, task.split, task.silences = row.attempts, row.split, row.silences


def prepare(tasks: Collection[HeldTask], reading: Reading, told: ToldOf, policy: Policy, now: datetime) -> Plan:
    plan, facts = Plan(now, reading.pks, policy), facts_of(tasks)
    unsupported = {channel: unsupported_by(channel) for channel in {task.channel for task in tasks}}
    for task in tasks:
        its = facts.get(task.order_id, NO_FACTS)
        known = _known(told.get(task.order_id, ()), task.fulfilled_by, unsupported[task.channel])
        known = replace(known, called_off_there=True) if is_called_off(task) else known
        known = replace(known, wants_return=True) if policy.knows_returns and wants_return(task.channel) else known
        known = _with_facts(known, its, now) if its else known
        plan.add(task, decide_together(reading.groups[task.order_id], known, policy, since=task.since, now=now), its)
    return plan


def is_called_off(task: HeldTask) -> bool:
    """R33: the marketplace was seen to have cancelled it, and nobody has said since that it is shipped all the same."""
    return task.seen_there in CANCELLED and task.agreed_at is None


def build(operation: str, feed_id: int, order: Snapshot, channel: str, policy: Policy) -> OrderOperation:
    """The API's item (api.md, *Operations on orders*), as this marketplace wants it. Raises `ValueError` for what the
    API would misunderstand."""
    kind = kind_of(operation)
    given = dict(kind.fields(order))
    if kind.numbered:
        given = dressed(given, carriers_of(order), channel, policy.carriers)
        if back := given.pop("return_info", None):
            given["return_info"] = ReturnInfo(*back)
    if kind.gives_reason and (reason := policy.reasons.get(order.status)):
        given["reason"] = reason
    return ITEMS[kind.verb](feed_id, **given)


def carriers_of(order: Snapshot) -> list[str]:
    """The keys of the carrier that goes out: that of its parcel, then those of the order."""
    parcel = [order.parcels[0].carrier_id] if order.parcels else []
    return [each for each in (*parcel, order.carrier_id, order.carrier_reference) if each]


ITEMS: dict[str, Callable[..., OrderOperation]] = {each.operation: each for each in OrderOperation.__subclasses__()}
"""The API's verbs."""


def register_operation(kind: OperationKind) -> None:
    """Have another operation of the API sent. Raises `ValueError` where the API has none of this verb, or where the
    name or the settings' word is taken."""
    if kind.verb not in ITEMS:
        known = ", ".join(sorted(ITEMS))
        raise ValueError(f"The API has no operation “{kind.verb}”; it has {known}.")
    register(kind)


def policy_of(store: Store) -> Policy:
    """The store's settings that decide (R4, R6)."""
    without: Any = store.ship_without_tracking
    return Policy(
        mapping=status_mapping(store.statuses),
        delay=timedelta(minutes=store.delay_minutes),
        latest_mapped=store.state_policy == StatePolicy.LATEST_MAPPED,
        ship_without_tracking=without if isinstance(without, bool) else frozenset(without),
        carriers=read_book(store.carriers),
        reasons=store.reasons,
        knows_returns=store.knows_returns,
    )


ToldRow = tuple[str, str, str, str | None]
"""Operation, key, and the shop's status that asked for it, and of which of its orders."""
ToldOf = Mapping[int, Sequence[ToldRow]]
"""Marketplace order → what it was told, the oldest first."""


def told_of(tasks: Iterable[HeldTask]) -> ToldOf:
    orders = {task.order_id for task in tasks if task.confirmed_operation}
    rows = Told.objects.filter(order__in=among(orders)).order_by("id")
    found: dict[int, list[ToldRow]] = defaultdict(list)
    names = ("order_id", "operation", "key", "status", "shop_order__key")
    for order_id, *row in rows.values_list(*names):
        found[order_id].append(tuple(row))
    return found


Facts = Mapping[Fact, FactRow]
FactsOf = Mapping[int, Facts]
"""Marketplace order → what of it is set aside or in flight."""
NO_FACTS: Facts = {}


def facts_of(tasks: Iterable[HeldTask]) -> FactsOf:
    rows = Task.objects.filter(order__in=among({task.order_id for task in tasks})).exclude(action=Action.SYNC)
    found: dict[int, dict[Fact, FactRow]] = defaultdict(dict)
    for row in fact_rows(rows):
        found[row.order_id][row.fact] = row
    return found


def known_of(order: MarketplaceOrder) -> Known:
    """What the marketplace was told of one order, as if nothing of it were set aside: a person may ask for it again.
    Reads its `told` rows, so prefetch them for many."""
    told = [(each.operation, each.key, each.status, _number(each)) for each in order.told.all()]
    known = _known(told, order.fulfilled_by, unsupported_by(order.channel))
    return replace(known, wants_return=wants_return(order.channel))


def _number(told: Told) -> str | None:
    return told.shop_order.key if told.shop_order else None


def _with_facts(known: Known, facts: Facts, now: datetime) -> Known:
    aside = [SetAside(each.fact, each.since, each.due(now)) for each in facts.values() if each.aside]
    flying = [Flying(each.fact, each.lane, each.since) for each in facts.values() if not each.aside]
    return replace(known, aside=tuple(aside), flying=tuple(flying))


def _known(told: Sequence[ToldRow], fulfilled_by: str, unsupported: frozenset[str]) -> Known:
    if not told:
        return _untold(fulfilled_by, unsupported)
    registered = names()
    return Known(
        told=tuple((operation, key) for operation, key, *_ in told if operation in registered),
        status=told[-1][2],
        fulfilled_by_channel=fulfilled_by == FulfilledBy.CHANNEL,
        unsupported=unsupported,
        teller=next((row[3] for row in reversed(told) if is_numbered(row[0])), None),
    )


@lru_cache(maxsize=256)
def _untold(fulfilled_by: str, unsupported: frozenset[str]) -> Known:
    return Known(fulfilled_by_channel=fulfilled_by == FulfilledBy.CHANNEL, unsupported=unsupported)


def unsupported_by(channel: str) -> frozenset[str]:
    """The operations that a channel is known not to offer (R9); an unknown channel is tried."""
    asked = [kind for kind in all_kinds() if kind.feature]
    return frozenset(kind.name for kind in asked if channels.supports(channel, channels.Feature(kind.feature)) is False)
