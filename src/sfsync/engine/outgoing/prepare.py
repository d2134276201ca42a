"""Judge claimed tasks by what the shop says now (R6), and put together what will be sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sfsync.domain.decide import Decision, Fail, Nothing, Send, Wait, decide
from sfsync.domain.errors import Failure
from sfsync.domain.mapping import Policy, status_mapping
from sfsync.domain.orders import Known, Operation, Snapshot
from sfsync.models import MarketplaceOrder, Store, Task
from sfsync.models.marketplace_order import FulfilledBy
from sfsync.models.store import StatePolicy
from shoppingfeed import Cancel, Deliver, OrderOperation, Refund, Ship, channels


@dataclass(frozen=True, slots=True)
class Prepared:
    """A task, the item that goes to the API for it, and what the decision was based on."""

    task: Task
    item: OrderOperation
    send: Send
    status: int


@dataclass(slots=True)
class Plan:
    """What became of the claimed tasks."""

    send: list[Prepared] = field(default_factory=list)
    wait: list[tuple[Task, Wait]] = field(default_factory=list)
    nothing: list[tuple[Task, Nothing]] = field(default_factory=list)
    fail: list[tuple[Task, Fail]] = field(default_factory=list)
    nameless: list[Task] = field(default_factory=list)
    """Orders without a Shopping Feed id (R13b): the API must be asked for it first."""

    def add(self, task: Task, decision: Decision, order: Snapshot | None) -> None:
        match decision:
            case Wait():
                self.wait.append((task, decision))
            case Nothing():
                self.nothing.append((task, decision))
            case Fail():
                self.fail.append((task, decision))
            case Send() if task.order.feed_id is None or order is None:
                self.nameless.append(task)
            case Send():
                self._build(task, task.order.feed_id, decision, order)

    def _build(self, task: Task, feed_id: int, send: Send, order: Snapshot) -> None:
        """An order that the client refuses to name fails alone; it must not stop its store."""
        try:
            item = build(send.operation, feed_id, order)
        except ValueError:
            self.fail.append((task, Fail(Failure.UNPREPARABLE, send.operation)))
        else:
            self.send.append(Prepared(task, item, send, order.status))


def prepare(tasks: Iterable[Task], orders: dict[int, Snapshot], policy: Policy, now: Any) -> Plan:
    plan = Plan()
    for task in tasks:
        order = orders.get(task.order.shop_order.shop_order_id)
        plan.add(task, decide(order, known(task.order), policy, since=task.since, now=now), order)
    return plan


def build(operation: Operation, feed_id: int, order: Snapshot) -> OrderOperation:
    """The API's item (api.md, *Operations on orders*)."""
    match operation:
        case Operation.SHIP:
            return _ship(feed_id, order)
        case Operation.CANCEL:
            return Cancel(feed_id)
        case Operation.REFUND:
            return Refund(feed_id)
        case Operation.DELIVER:
            return Deliver(feed_id)


def _ship(feed_id: int, order: Snapshot) -> Ship:
    if not order.parcels:
        return Ship(feed_id, carrier=order.carrier_name)
    parcel = order.parcels[0]
    return Ship(
        feed_id,
        carrier=parcel.carrier_name or order.carrier_name,
        tracking_number=parcel.tracking_number,
        tracking_link=parcel.tracking_link,
    )


def policy_of(store: Store) -> Policy:
    """The store's settings that decide (R4, R6)."""
    without: Any = store.ship_without_tracking
    return Policy(
        mapping=status_mapping(store.statuses),
        delay=timedelta(minutes=store.delay_minutes),
        latest_mapped=store.state_policy == StatePolicy.LATEST_MAPPED,
        ship_without_tracking=without if isinstance(without, bool) else frozenset(without),
    )


def known(order: MarketplaceOrder) -> Known:
    """What the marketplace was told of an order, and what its channel offers."""
    return Known(
        ship_tracking=order.ship_tracking,
        delivered=order.delivered_at is not None,
        canceled=order.canceled_at is not None,
        refunded=order.refunded_at is not None,
        status=order.confirmed_status,
        fulfilled_by_channel=order.fulfilled_by == FulfilledBy.CHANNEL,
        unsupported=unsupported_by(order.channel),
    )


_OFFERS = {Operation.REFUND: channels.Feature.REFUND, Operation.CANCEL: channels.Feature.CANCEL}


def unsupported_by(channel: str) -> frozenset[Operation]:
    """The operations that a channel is known not to offer (R9); an unknown channel is tried."""
    return frozenset(each for each, feature in _OFFERS.items() if channels.supports(channel, feature) is False)
