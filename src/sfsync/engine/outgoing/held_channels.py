"""Hold back what a marketplace in trouble would only refuse, try one of it now and then, and let everything go when it
is taken again (R36). Other marketplaces go on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from sfsync.domain.channel_trouble import EVERY, Streak, after, alike
from sfsync.domain.errors import Failure
from sfsync.engine.kit.context import Run
from sfsync.engine.outgoing.conclude import Failed, tell
from sfsync.models import Action, ChannelTrouble, MarketplaceOrder, Notice, Task
from sfsync.models.held_task import HeldTask
from sfsync.models.log import Level
from sfsync.models.task import TaskQuerySet

ANSWERED = (Failure.TICKET_FAILED, Failure.TICKET_CANCELED)
"""The failures that are a marketplace's answer."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """Failures: those that are an order's own, and those `of_channel`, for which no order is to blame."""

    alone: list[Failed] = field(default_factory=list)
    of_channel: list[Failed] = field(default_factory=list)


def weigh(run: Run, confirmed: Iterable[HeldTask], failed: Sequence[Failed]) -> Weighed:
    """What the tickets just read say of their marketplaces. A few statements for each that refuses, or did."""
    taken = _taken(run, confirmed)
    if not failed and not run.channels.troubles:
        return Weighed()
    refused = _refused(run, failed)
    for channel in sorted(taken & run.channels.troubles.keys()):
        _over(run, run.channels.troubles[channel])
    for channel in sorted(refused):
        _weigh(run, channel, refused[channel])
    return _sorted(run, failed)


def _taken(run: Run, confirmed: Iterable[HeldTask]) -> set[str]:
    """The marketplaces that have taken an update since they last refused one."""
    newest, channels = run.channels.taken, set()
    for task in confirmed:
        if task.sent_at:
            newest[task.channel] = max(newest[task.channel], task.sent_at)
            channels.add(task.channel)
    return {channel for channel in channels if newest[channel] >= run.channels.refused[channel]}


def _refused(run: Run, failed: Iterable[Failed]) -> dict[str, list[Failed]]:
    """By marketplace, the oldest first: what it has refused since it last took an update."""
    newest, refused = run.channels.refused, defaultdict(list)
    for each in sorted(failed, key=lambda each: each.task.pk):
        channel, sent_at = each.task.channel, each.task.sent_at
        if each.failure in ANSWERED and channel and sent_at and sent_at > run.channels.taken[channel]:
            newest[channel] = max(newest[channel], sent_at)
            refused[channel].append(each)
    return refused


def _sorted(run: Run, failed: Iterable[Failed]) -> Weighed:
    held, weighed = {each.channel: each.answer for each in run.channels.held}, Weighed()
    for each in failed:
        same = each.failure in ANSWERED and alike(each.message) == held.get(each.task.channel)
        (weighed.of_channel if same else weighed.alone).append(each)
    return weighed


def _weigh(run: Run, channel: str, refused: list[Failed]) -> None:
    before = run.channels.troubles.get(channel)
    said = [(each.task.order_id, each.message) for each in refused]
    streak = after(before.streak if before else None, said)
    if before and before.held_at:
        _try_later(run, before)
    elif streak:
        _keep(run, channel, streak, refused[-1].message, before)


def _try_later(run: Run, trouble: ChannelTrouble) -> None:
    trouble.try_at = run.clock() + EVERY
    ChannelTrouble.objects.filter(pk=trouble.pk).update(try_at=trouble.try_at)


def _keep(run: Run, channel: str, streak: Streak, message: str, before: ChannelTrouble | None) -> None:
    now = run.clock()
    same = before if before and before.answer == streak.answer else None
    kept: dict[str, Any] = {"answer": streak.answer, "orders": list(streak.orders), "message": message}
    kept["since"] = same.since if same else now
    held = {"held_at": now, "try_at": now + EVERY} if streak.is_trouble else {}
    trouble, _made = ChannelTrouble.objects.update_or_create(
        store=run.store, channel=channel, defaults={**kept, **held}
    )
    run.channels.troubles[channel] = trouble
    if held:
        _begin(run, trouble)


def _begin(run: Run, trouble: ChannelTrouble) -> None:
    """One mail: what was to be mailed of its single orders is not."""
    of_orders = Notice.objects.filter(store=run.store, order__in=trouble.orders, mailed_at=None)
    of_orders.filter(code__in=[each.value for each in ANSWERED]).delete()
    said = trouble.said
    run.journal.say(Level.ERROR, "channel-held", None, **said)
    tell(run.store, run.clock(), [(None, _key(trouble, "held"), "channel-held", dict(said))])


def _over(run: Run, trouble: ChannelTrouble) -> None:
    del run.channels.troubles[trouble.channel]
    orders = release(trouble, run.clock())
    run.tally.touched = run.tally.touched or bool(orders)
    if trouble.held_at:
        run.journal.say(Level.INFO, "channel-freed", None, orders=orders, **trouble.said)
        tell(run.store, run.clock(), [(None, _key(trouble, "freed"), "channel-freed", dict(trouble.said))])


def _key(trouble: ChannelTrouble, what: str) -> str:
    return f"channel-{what}:{trouble.pk}:{trouble.since.timestamp()}"


def release(trouble: ChannelTrouble, now: datetime) -> int:
    """Everything of the marketplace that was held, or is to be tried again, is due now. Returns of how many orders."""
    trouble_pk, held = trouble.pk, trouble.held_at
    ChannelTrouble.objects.filter(pk=trouble_pk).delete()
    if held is None:
        return 0
    queue = _of(trouble)
    waiting = queue.filter(action=Action.SYNC, held=True)
    refused = queue.aside().filter(failed_at=None, failure__in=[each.value for each in ANSWERED])
    orders = (waiting | refused).values("order").distinct().count()
    waiting.update(held=False, update_at=now, date_upd=now)
    refused.update(update_at=now, date_upd=now)
    return orders


def hold(run: Run) -> None:
    """Before updates are claimed: those of marketplaces in trouble are not due, but for one when it is time."""
    if not run.channels.held:
        return
    run.channels.read()
    for trouble in run.channels.held:
        _hold(trouble, run.clock())


def _hold(trouble: ChannelTrouble, now: datetime) -> None:
    due, until = _of(trouble).filter(action=Action.SYNC, update_at__lte=now, lease=""), trouble.try_at or now
    if until <= now:
        until = now + EVERY
        first = [] if _is_trying(trouble, now) else _first(trouble, now)
        _of(trouble).filter(pk__in=first).update(held=False)
        due = due.exclude(pk__in=first)
    due.update(held=True, update_at=until)


def _is_trying(trouble: ChannelTrouble, now: datetime) -> bool:
    """One that left since it was time has no answer yet."""
    since = max(trouble.try_at or now, now - EVERY)
    return _of(trouble).in_flight().filter(sent_at__gte=since).exists()


def _first(trouble: ChannelTrouble, now: datetime) -> list[int]:
    """The one to try, if any. One that was refused before is certain to be sent; else the oldest."""
    refused = Task.objects.aside().filter(order=OuterRef("order"), failure__in=[each.value for each in ANSWERED])
    due = _of(trouble).due(now).annotate(refused=Exists(refused))
    return list(due.order_by("-refused", "since", "id").values_list("pk", flat=True)[:1])


def _of(trouble: ChannelTrouble) -> TaskQuerySet:
    """The tasks of its marketplace. Its orders are a query of their own: rows joined in cannot be updated."""
    orders = MarketplaceOrder.objects.filter(store=trouble.store_id, channel=trouble.channel)
    return Task.objects.filter(store=trouble.store_id, order__in=orders)
