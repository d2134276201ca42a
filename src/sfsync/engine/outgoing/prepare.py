"""Judge claimed tasks by what the shop says now (R6), and put together what will be sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sfsync.domain.decide import Decision, Fail, Nothing, Send, Wait
from sfsync.domain.errors import Failure
from sfsync.domain.groups import Decided, decide_together
from sfsync.domain.mapping import Policy, status_mapping
from sfsync.domain.operations import all_kinds, is_numbered, kind_of, names
from sfsync.domain.orders import Known, Snapshot
from sfsync.engine.outgoing.reading import Reading
from sfsync.models import MarketplaceOrder, Store, Told
from sfsync.models.held_task import HeldTask
from sfsync.models.marketplace_order import FulfilledBy
from sfsync.models.store import StatePolicy
from sfsync.shops.keys import OrderKey
from shoppingfeed import OrderOperation, channels


@dataclass(frozen=True, slots=True)
class Prepared:
    """A task, the item that goes to the API for it, the key of its fact, and what the decision was based on."""

    task: HeldTask
    item: OrderOperation
    send: Send
    key: str
    status: str
    shop_order_id: int


@dataclass(slots=True)
class Plan:
    """What became of the claimed tasks. `pks`: the shop's order → our row of it."""

    pks: Mapping[OrderKey, int]

    send: list[Prepared] = field(default_factory=list)
    wait: list[tuple[HeldTask, Wait]] = field(default_factory=list)
    nothing: list[tuple[HeldTask, Nothing]] = field(default_factory=list)
    fail: list[tuple[HeldTask, Fail]] = field(default_factory=list)
    nameless: list[tuple[HeldTask, str]] = field(default_factory=list)
    """What is to be told of orders without a Shopping Feed id (R13b): the API must be asked for it first."""

    called_off: list[tuple[HeldTask, Decided]] = field(default_factory=list)
    """Shipped, while another shop order of the same marketplace order is called off (R38)."""

    def add(self, task: HeldTask, decision: Decision, order: Snapshot | None) -> None:
        match decision:
            case Wait():
                self.wait.append((task, decision))
            case Nothing():
                self.nothing.append((task, decision))
            case Fail():
                self.fail.append((task, decision))
            case Send() if task.feed_id is None or order is None:
                self.nameless.append((task, decision.operation))
            case Send():
                self._build(task, task.feed_id, decision, order)

    def _build(self, task: HeldTask, feed_id: int, send: Send, order: Snapshot) -> None:
        """An order that the client refuses to name fails alone; it must not stop its store."""
        try:
            item = build(send.operation, feed_id, order)
        except ValueError:
            self.fail.append((task, Fail(Failure.UNPREPARABLE, send.operation)))
        else:
            self.send.append(
                Prepared(task, item, send, kind_of(send.operation).key(order), order.status, self.pks[order.key])
            )


def prepare(tasks: Collection[HeldTask], reading: Reading, told: ToldOf, policy: Policy, now: datetime) -> Plan:
    plan = Plan(reading.pks)
    unsupported = {channel: unsupported_by(channel) for channel in {task.channel for task in tasks}}
    for task in tasks:
        known = _known(told.get(task.order_id, ()), task.fulfilled_by, unsupported[task.channel])
        decided = decide_together(reading.groups[task.order_id], known, policy, since=task.since, now=now)
        plan.add(task, decided.decision, decided.order)
        if decided.called_off:
            plan.called_off.append((task, decided))
    return plan


def build(operation: str, feed_id: int, order: Snapshot) -> OrderOperation:
    """The API's item (api.md, *Operations on orders*). Raises `ValueError` for what the API would misunderstand."""
    kind = kind_of(operation)
    return ITEMS[kind.verb](feed_id, **kind.fields(order))


ITEMS: dict[str, Callable[..., OrderOperation]] = {each.operation: each for each in OrderOperation.__subclasses__()}
"""The API's verbs."""


def policy_of(store: Store) -> Policy:
    """The store's settings that decide (R4, R6)."""
    without: Any = store.ship_without_tracking
    return Policy(
        mapping=status_mapping(store.statuses),
        delay=timedelta(minutes=store.delay_minutes),
        latest_mapped=store.state_policy == StatePolicy.LATEST_MAPPED,
        ship_without_tracking=without if isinstance(without, bool) else frozenset(without),
    )


ToldRow = tuple[str, str, str, str | None]
"""Operation, key, and the shop's status that asked for it, and of which of its orders."""
ToldOf = Mapping[int, Sequence[ToldRow]]
"""Marketplace order → what it was told, the oldest first."""


def told_of(tasks: Iterable[HeldTask]) -> ToldOf:
    orders = {task.order_id for task in tasks if task.confirmed_operation}
    rows = Told.objects.filter(order__in=orders).order_by("id")
    found: dict[int, list[ToldRow]] = defaultdict(list)
    names = ("order_id", "operation", "key", "status", "shop_order__key")
    for order_id, *row in rows.values_list(*names):
        found[order_id].append(tuple(row))
    return found


def known_of(order: MarketplaceOrder) -> Known:
    """The same of one order; reads its `told` rows, so prefetch them for many."""
    told = [(each.operation, each.key, each.status, _number(each)) for each in order.told.all()]
    return _known(told, order.fulfilled_by, unsupported_by(order.channel))


def _number(told: Told) -> str | None:
    return told.shop_order.key if told.shop_order else None


def _known(told: Sequence[ToldRow], fulfilled_by: str, unsupported: frozenset[str]) -> Known:
    registered = names()
    return Known(
        told=tuple((operation, key) for operation, key, *_ in told if operation in registered),
        status=told[-1][2] if told else "",
        fulfilled_by_channel=fulfilled_by == FulfilledBy.CHANNEL,
        unsupported=unsupported,
        teller=next((row[3] for row in reversed(told) if is_numbered(row[0])), None),
    )


def unsupported_by(channel: str) -> frozenset[str]:
    """The operations that a channel is known not to offer (R9); an unknown channel is tried."""
    asked = [kind for kind in all_kinds() if kind.feature]
    return frozenset(kind.name for kind in asked if channels.supports(channel, channels.Feature(kind.feature)) is False)
