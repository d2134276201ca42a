"""The ends of an attempt, written in bulk: confirmed, failed, or back in the queue. Every write is compare-and-set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sfsync.db.bulk import compare_and_set, delete_rows, insert_rows, update_rows
from sfsync.domain.backoff import retry_after
from sfsync.domain.errors import Failure, NextStep
from sfsync.domain.operations import kind_of
from sfsync.engine.find.outbox import queue
from sfsync.engine.kit.context import Run
from sfsync.engine.kit.day_figures import note
from sfsync.models import Action, How, MarketplaceOrder, Notice, Order, Store, Task, Told
from sfsync.models.held_task import HeldTask
from sfsync.models.log import Level


@dataclass(frozen=True, slots=True)
class Back:
    """A task on its way back to the queue, to be decided again at `at`, or parked."""

    task: HeldTask
    at: datetime
    operation: str = ""
    failure: str = ""
    error: str = ""
    parked: bool = False
    attempts: int = 0
    split: int = 0
    silences: int = 0


_BACK = (
    *("id", "action", "lease", "request_key", "batch_id", "looks", "date_upd"),
    *("update_at", "operation", "failure", "last_error", "failed_at", "attempts", "split", "silences"),
)
_UNCHANGED = ("action", "lease", "request_key")


def requeue(run: Run, backs: list[Back]) -> set[int]:
    """Make tasks intentions again. One whose order has a newer intention is superseded: the newer one decides.

    Returns the ids of the tasks that are in the queue again (or parked).
    """
    orders = [each.task.order_id for each in backs if each.task.action == Action.CHECK]
    newer = (
        set(Task.objects.filter(order_id__in=orders, action=Action.SYNC).values_list("order_id", flat=True))
        if orders
        else set()
    )
    drop(run, [each.task for each in backs if each.task.order_id in newer])
    now = run.clock()
    rows = [(*_row(each, now), *_as_read(each.task)) for each in backs if each.task.order_id not in newer]
    return set(compare_and_set(Task, _BACK, rows, expect=_UNCHANGED))


def _row(back: Back, now: datetime) -> tuple[object, ...]:
    fresh = (Action.SYNC.value, "", "", "", 0, now)
    failed_at = now if back.parked else None
    plan = (
        back.at,
        back.operation or back.task.operation,
        back.failure,
        back.error,
        failed_at,
        back.attempts,
        back.split,
        back.silences,
    )
    return (back.task.pk, *fresh, *plan)


def _as_read(task: HeldTask) -> tuple[str, str, str]:
    return (task.action, task.lease, task.request_key)


def drop(run: Run, tasks: Iterable[HeldTask]) -> set[int]:
    """Delete tasks that are still as they were read. Returns the ids that went."""
    return set(delete_rows(Task, ("id", *_UNCHANGED), [(task.pk, *_as_read(task)) for task in tasks]))


@dataclass(frozen=True, slots=True)
class Failed:
    """One order's update that failed, with the evidence."""

    task: HeldTask
    failure: Failure
    message: str = ""
    operation: str = ""


def fail(run: Run, failures: list[Failed], *, park: bool = False) -> None:
    """R4, R12, R16, R18: try again later, or `park`; the merchant is told once an episode (R20)."""
    backs = {each.task.pk: _back_of(run, each, park) for each in failures}
    kept = requeue(run, list(backs.values()))
    for each in failures:
        if each.task.pk in kept:
            _say(run, each, backs[each.task.pk])
        else:
            run.journal.say(Level.WARNING, "superseded", each.task.order_id, message=each.message)
    told = [each for each in failures if each.task.pk in kept]
    run.counts.failed += len(told)
    note(run, failed=[(each.task, each.operation or each.task.operation, each.failure) for each in told])
    tell(run.store, run.clock(), [_notice(each, backs[each.task.pk]) for each in told])


def _back_of(run: Run, failed: Failed, park: bool) -> Back:
    task, attempts = failed.task, failed.task.attempts
    parked = park or failed.failure.next_step is not NextStep.RETRY or attempts >= run.store.tries
    wait = retry_after(attempts, timedelta(minutes=run.store.retry_minutes))
    at = run.clock() + (timedelta() if parked else wait)
    return Back(
        task, at, failed.operation, failed.failure.value, failed.message, parked, attempts, task.split, task.silences
    )


def _say(run: Run, failed: Failed, back: Back) -> None:
    code = f"failed-{failed.failure.value}"
    operation = failed.operation or failed.task.operation
    run.journal.say(Level.ERROR, code, failed.task.order_id, operation=operation, message=failed.message)
    if not back.parked:
        at = back.at.isoformat(timespec="seconds")
        run.journal.say(Level.INFO, "retry-planned", failed.task.order_id, at=at, attempt=back.attempts + 1)


NoticeRow = tuple[int | None, str, str, dict[str, object]]
"""Order id, key, code, parameters."""


def _notice(failed: Failed, back: Back) -> NoticeRow:
    task = failed.task
    params: dict[str, object] = {
        "operation": failed.operation or task.operation,
        "message": failed.message,
        "parked": back.parked,
        "retry_at": "" if back.parked else back.at.isoformat(timespec="seconds"),
    }
    return (task.order_id, f"failed:{task.order_id}:{task.pk}:{task.episode}", failed.failure.value, params)


def tell(store: Store, now: datetime, notices: Iterable[NoticeRow]) -> None:
    """Keep what the merchant must hear, each once (R8, R9, R20)."""
    rows = [(store.pk, order, key[:128], code, params, now) for order, key, code, params in notices]
    columns = ("store", "order", "key", "code", "params", "created_at")
    insert_rows(Notice, columns, rows, conflict="ON CONFLICT (store_id, key) DO NOTHING")


def confirm(run: Run, tasks: list[HeldTask], how: How = How.TICKET) -> None:
    """R15: the task goes, the order remembers. A deliver whose ship had to go first is queued next (R13a)."""
    gone = drop(run, tasks)
    confirmed = [task for task in tasks if task.pk in gone]
    remember(run.clock(), how, [Fact.of(task) for task in confirmed])
    for task in confirmed:
        run.journal.say(Level.INFO, "confirmed", task.order_id, operation=task.operation, ticket=task.ticket_number)
    rest = [task.order_id for task in confirmed if task.wanted not in ("", task.operation)]
    queue(run, rest, conflict="ON CONFLICT (store_id, order_id, action) DO NOTHING")
    run.counts.confirmed += len(confirmed)
    note(run, confirmed=confirmed)


@dataclass(frozen=True, slots=True)
class Fact:
    """What a marketplace order was told: an operation and its key, by which ticket, and the shop's status then."""

    order_id: int
    operation: str
    key: str = ""
    ticket: str = ""
    ticket_at: datetime | None = None
    status: str = ""
    shop_order_id: int | None = None

    @classmethod
    def of(cls, task: HeldTask) -> Fact:
        ticket = (task.ticket_number, task.ticket_at)
        return cls(task.order_id, task.operation, task.tracking_number, *ticket, task.status, task.shop_order_id)


def remember(now: datetime, how: How, facts: list[Fact]) -> None:
    """Write down what marketplaces know from now on. Orders of which it is the last are closed."""
    names = ("order", "operation", "key", "ticket", "status", "shop_order")
    told = [(each.order_id, each.operation, each.key, each.ticket, each.status, each.shop_order_id) for each in facts]
    insert_rows(Told, names, told, same={"how": how.value, "at": now}, conflict="ON CONFLICT DO NOTHING")
    if how in (How.TICKET, How.SEEN):
        newest = [(each.order_id, each.operation, each.ticket, each.ticket_at) for each in facts]
        columns = ("id", "confirmed_operation", "confirmed_ticket", "ticket_at")
        update_rows(MarketplaceOrder, columns, newest, same={"confirmed_at": now})
    else:
        named = [(each.order_id, each.operation) for each in facts]
        update_rows(MarketplaceOrder, ("id", "confirmed_operation"), named, same={"confirmed_at": now})
    ended = [each.order_id for each in facts if kind_of(each.operation).ends_order]
    if ended:
        Order.objects.filter(marketplace_order__in=ended).update(open=False)
