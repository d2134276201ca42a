"""The state of an order's update in the merchant's words, and how to find the orders that are in one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sfsync import texts
from sfsync.backoffice.kit.reader_texts import Said, advice, told
from sfsync.domain.task_state import TaskState
from sfsync.engine.people import acts
from sfsync.engine.watch.stage import difference
from sfsync.models import Finding, Order, Store, Task
from sfsync.refusal_texts import advice as step
from sfsync.refusal_texts import cause, refusal_of


class State(models.TextChoices):
    """The first that applies is the order's."""

    FAILED = "failed", gettext_lazy("Action needed")
    BY_HAND = "by-hand", gettext_lazy("To do on the marketplace")
    WENT_BACK = "went-back", gettext_lazy("To check")
    DIFFERS = "differs", gettext_lazy("Difference")
    SENT = "sent", gettext_lazy("Sent, awaiting confirmation")
    HELD = "held", gettext_lazy("Held back")
    RETRYING = "retrying", gettext_lazy("Will be retried")
    WAITING = "waiting", gettext_lazy("Waiting to be sent")
    GIVEN_UP = "given-up", gettext_lazy("Dismissed")
    CONFIRMED = "confirmed", gettext_lazy("Confirmed")
    QUIET = "quiet", gettext_lazy("No update needed")


PENDING = (State.FAILED, State.SENT, State.HELD, State.RETRYING, State.WAITING)
"""The states of an order that has a task."""


OF_THOSE_BACK = ("marketplace_order__told", "marketplace_order__shop_orders")
"""What `standing` reads of an order that went back: to be prefetched for many."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An order's state, with the sentence that explains it and since when."""

    state: State
    operation: str
    sentence: str
    since: datetime | None

    @property
    def operation_label(self) -> str:
        return texts.label(self.operation) if self.operation else ""


def standing(order: Order, tasks: Iterable[Task]) -> Standing:
    """From the order and all its tasks."""
    rows = sorted(tasks, key=lambda task: PENDING.index(OF_TASK[task.state]))
    there = order.marketplace_order
    if there.by_hand and not any(task.state.needs_person for task in rows):
        return Standing(State.BY_HAND, there.by_hand, texts.by_hand(there.by_hand, there.channel), order.seen_at)
    if rows:
        task = rows[0]
        return Standing(OF_TASK[task.state], task.operation, _sentence(task, there.channel), _since(task))
    if there.contradicted:
        said = texts.contradiction(there.contradiction, there.confirmed_operation, there.channel)
        return Standing(State.WENT_BACK, there.confirmed_operation, said, order.seen_at)
    if found := [each for each in there.findings.all() if each.is_unsettled]:
        return Standing(State.DIFFERS, there.confirmed_operation, difference(found[0], there), found[0].since)
    if given_up := acts.given_up(order):
        return Standing(State.GIVEN_UP, "", given_up, there.given_up_at)
    if there.confirmed_operation:
        sentence = texts.sentence("confirmed", {"operation": there.confirmed_operation, "channel": there.channel})
        return Standing(State.CONFIRMED, there.confirmed_operation, sentence, there.confirmed_at)
    return Standing(State.QUIET, "", _("Nothing to send to the marketplace so far."), None)


OF_TASK = {
    TaskState.FAILED: State.FAILED,
    TaskState.ON_ITS_WAY: State.SENT,
    TaskState.UNANSWERED: State.SENT,
    TaskState.IN_FLIGHT: State.SENT,
    TaskState.RETRYING: State.RETRYING,
    TaskState.HELD: State.HELD,
    TaskState.WAITING: State.WAITING,
}
"""What a merchant is told of an update."""


def _since(task: Task) -> datetime | None:
    return task.failed_at or (task.sent_at if task.state.sent else task.since)


def _sentence(task: Task, channel: str) -> str:
    if task.state.sent:
        return texts.joined(texts.update_sent(task.operation), _("Awaiting confirmation."))
    if task.state is TaskState.HELD:
        return texts.held_back(channel)
    if task.state.failed:
        return reason_of(task, channel).text
    return _("Queued for the next sync (after %(at)s).") % {"at": texts.moment(task.update_at.isoformat())}


def reason_of(task: Task, channel: str) -> Said:
    """Why it failed, as the marketplace or the shop put it, and what to do."""
    params = {"operation": task.operation, "message": task.last_error, "channel": channel}
    said, known = told(f"failed-{task.failure}", params), refusal_of(task.failure, params)
    if known is None:
        return replace(said, advice=advice(task.failure))
    return replace(said, text=texts.joined(said.text, cause(known)), advice=step(task.failure, known))


def in_state(orders: QuerySet[Order], store: Store, state: str, operation: str = "") -> QuerySet[Order]:
    """The orders in a state. `operation`: what is under way or to be done, or what was confirmed last."""
    if state in PENDING:
        tasks = tasks_in(store, State(state))
        tasks = tasks.filter(operation=operation) if operation else tasks
        return orders.filter(marketplace_order__in=tasks.values("order"))
    if state == State.BY_HAND:
        by_hand = Q(marketplace_order__by_hand=operation) if operation else ~Q(marketplace_order__by_hand="")
        left = orders.filter(by_hand)
        return left.exclude(Exists(tasks_in(store, State.FAILED).filter(order=OuterRef("marketplace_order"))))
    if operation:
        orders = orders.filter(marketplace_order__confirmed_operation=operation)
    if state in AT_REST:
        orders = orders.filter(AT_REST[State(state)], marketplace_order__by_hand="")
    return (
        orders.exclude(Exists(Task.objects.living().filter(order=OuterRef("marketplace_order")))) if state else orders
    )


_UNTOLD, _WENT_BACK = Q(marketplace_order__confirmed_operation=""), Q(marketplace_order__contradicted=True)
_DIFFERS = Q(Exists(Finding.objects.unsettled().filter(order=OuterRef("marketplace_order"))))
_WELL = ~_WENT_BACK & ~_DIFFERS
AT_REST = {
    State.WENT_BACK: _WENT_BACK,
    State.DIFFERS: _DIFFERS & ~_WENT_BACK,
    State.GIVEN_UP: acts.GIVEN_UP & _WELL,
    State.CONFIRMED: ~_UNTOLD & ~acts.GIVEN_UP & _WELL,
    State.QUIET: _UNTOLD & ~acts.GIVEN_UP & _WELL,
}
"""The states of an order that has no task and nothing to be done by hand."""


def tasks_in(store: Store, state: State) -> QuerySet[Task]:
    return Task.objects.filter(store=store).in_state(*(each for each, shown in OF_TASK.items() if shown == state))
