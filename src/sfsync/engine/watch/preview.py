"""What would be sent if a run took place now, without sending anything: shown before a person says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.conf import conf
from sfsync.domain.decide import Decision, Fail, Nothing, Send, Wait
from sfsync.domain.groups import Group, decide_together
from sfsync.domain.mapping import Policy
from sfsync.domain.odd_numbers import odd_number
from sfsync.domain.orders import Snapshot
from sfsync.engine.outgoing.prepare import build, known_of
from sfsync.engine.outgoing.reading import read
from sfsync.models import Action, Order, Store, Task
from sfsync.shops.base import OpenShop
from sfsync.shops.keys import StatusKey

MOST = 1000
"""Waiting orders that are judged for the effect of a change of settings."""


@dataclass(frozen=True, slots=True)
class Preview:
    """One order: what would become of it, as a sentence. `payload`: what would be sent; `reason`: why nothing would;
    `warning`: what to look at before it is sent."""

    order: Order
    sends: bool
    sentence: str
    payload: dict[str, Any] | None = None
    reason: str = ""
    warning: str = ""


def preview(orders: Iterable[Order], shop: OpenShop, policy: Policy, now: datetime) -> list[Preview]:
    """Reads the shop: raises `ShopError`. Reads the tasks of their marketplace orders, so prefetch them."""
    rows = list(orders)
    groups = read(shop, {order.marketplace_order_id: order.marketplace_order.claim for order in rows}).groups
    return [
        preview_of(order, list(order.marketplace_order.tasks.all()), groups[order.marketplace_order_id], policy, now)
        for order in rows
    ]


def preview_of(order: Order, tasks: list[Task], group: Group, policy: Policy, now: datetime) -> Preview:
    """The same of one order that was read already, with those that are the same marketplace order."""
    flying = next((task for task in tasks if task.state.sent), None)
    if flying:
        text = texts.sentence("in-flight-first", {"operation": flying.operation})
        return Preview(order, False, text, reason=text)
    since = next((task.since for task in tasks), now)
    there = order.marketplace_order
    together = decide_together(group, known_of(there), policy, since=since, now=now)
    decision, payload, warning = together.decided.first, None, ""
    if isinstance(decision, Send) and together.order:
        warning = warning_of(decision, together.order)
        if there.feed_id:
            payload = build(decision.operation, there.feed_id, together.order, there.channel, policy).payload()
    said = texts.joined(say(decision, there.channel), warning)
    return Preview(order, isinstance(decision, Send), said, payload, reason_of(decision, there.channel), warning)


def warning_of(send: Send, order: Snapshot) -> str:
    """That the number to be sent may not be the one that is meant; empty where nothing is odd."""
    odd = odd_number(order) if send.key else None
    return texts.sentence(odd.code, odd.params) if odd else ""


def say(decision: Decision, channel: str) -> str:
    """A decision as a sentence of the active language."""
    match decision:
        case Send():
            return texts.sentence("to-be-sent", {"operation": decision.operation})
        case Wait():
            return reason_of(decision, channel)
        case _:
            return _("Will not be sent. %(reason)s") % {"reason": reason_of(decision, channel)}


def reason_of(decision: Decision, channel: str) -> str:
    """Why nothing is sent now, in the active language; empty for what is sent."""
    match decision:
        case Send():
            return ""
        case Wait():
            return texts.sentence(decision.lack.value, {"until": decision.until.isoformat(), "channel": channel})
        case Nothing():
            return texts.reason(decision.because.value, {"operation": decision.operation or "", "channel": channel})
        case Fail():
            params = {"operation": decision.operation, "message": decision.message, "channel": channel}
            return texts.reason(decision.failure.value, params)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of settings does. `moved`: (before, after) → how many waiting orders, as operations or "".

    `standing`: shop status → how many orders stand in it that the change alone does not send. `cut`: there are more
    waiting orders than were looked at.
    """

    moved: dict[tuple[str, str], int]
    standing: dict[StatusKey, int]
    looked_at: int
    cut: bool


def effect(store: Store, shop: OpenShop, before: Policy, after: Policy) -> Effect:
    """Judge the waiting orders by both policies. Reads the shop: raises `ShopError`."""
    now = timezone.now()
    waiting = Task.objects.filter(store=store).living().exclude(action=Action.CHECK).order_by("id")
    tasks = list({task.order_id: task for task in waiting.select_related("order")[: MOST + 1]}.values())
    cut, tasks = len(tasks) > MOST, tasks[:MOST]
    groups = read(shop, {task.order_id: task.order.claim for task in tasks}).groups if tasks else {}
    moved: Counter[tuple[str, str]] = Counter()
    for task in tasks:
        group = groups[task.order_id]
        pair = (_outcome(task, group, before, now), _outcome(task, group, after, now))
        if pair[0] != pair[1]:
            moved[pair] += 1
    return Effect(dict(moved), _standing(store, newly_mapped(before, after), now), len(tasks), cut)


def _outcome(task: Task, group: Group, policy: Policy, now: datetime) -> str:
    """What becomes of it in the end: a wait for a tracking number is thought through (R4)."""
    known = known_of(task.order)
    decision = decide_together(group, known, policy, since=task.since, now=now).decided.first
    if isinstance(decision, Wait):
        decision = decide_together(group, known, policy, since=task.since, now=decision.until).decided.first
    match decision:
        case Send():
            return decision.operation
        case Fail():
            return "fail"
        case _:
            return ""


def newly_mapped(before: Policy, after: Policy) -> list[StatusKey]:
    return sorted(set(after.mapping) - set(before.mapping))


def _standing(store: Store, statuses: Sequence[StatusKey], now: datetime) -> dict[StatusKey, int]:
    """Open orders that were seen in these statuses and have nothing waiting: their change is past."""
    if not statuses:
        return {}
    orders = Order.objects.filter(store=store).open_since(now - timedelta(days=conf().sweep_days))
    seen = orders.filter(
        seen_status__in=statuses, marketplace_order__confirmed_operation="", marketplace_order__tasks=None
    )
    return dict(Counter(seen.values_list("seen_status", flat=True)[: MOST * 10]))
