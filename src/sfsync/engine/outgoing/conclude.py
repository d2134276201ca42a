"""The ends of an attempt, written in bulk: confirmed, failed, or back in the queue. Every write is compare-and-set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sfsync.db.bulk import compare_and_set, delete_rows, insert_rows, update_rows
from sfsync.domain.backoff import retry_after
from sfsync.domain.errors import Failure, NextStep
from sfsync.domain.orders import Operation
from sfsync.engine.find.outbox import queue
from sfsync.engine.kit.context import Run
from sfsync.engine.kit.day_figures import note
from sfsync.models import Action, MarketplaceOrder, Notice, Order, Store, Task
from sfsync.models.log import Level


@dataclass(frozen=True, slots=True)
class Back:
    """A task on its way back to the queue, to be decided again at `at`, or parked."""

    task: Task
    at: datetime
    failure: str = ""
    error: str = ""
    parked: bool = False
    attempts: int = 0
    split: int = 0
    silences: int = 0


_BACK = (
    *("id", "action", "lease", "request_key", "batch_id", "looks", "date_upd"),
    *("update_at", "failure", "last_error", "failed_at", "attempts", "split", "silences"),
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
    plan = (back.at, back.failure, back.error, failed_at, back.attempts, back.split, back.silences)
    return (back.task.pk, *fresh, *plan)


def _as_read(task: Task) -> tuple[str, str, str]:
    return (str(task.action), task.lease, task.request_key)


def drop(run: Run, tasks: Iterable[Task]) -> set[int]:
    """Delete tasks that are still as they were read. Returns the ids that went."""
    return set(delete_rows(Task, ("id", *_UNCHANGED), [(task.pk, *_as_read(task)) for task in tasks]))


@dataclass(frozen=True, slots=True)
class Failed:
    """One order's update that failed, with the evidence."""

    task: Task
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
    return Back(task, at, failed.failure.value, failed.message, parked, attempts, task.split, task.silences)


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


CONFIRMED_AT = {
    Operation.SHIP: "shipped_at",
    Operation.DELIVER: "delivered_at",
    Operation.CANCEL: "canceled_at",
    Operation.REFUND: "refunded_at",
}
"""Where an order keeps since when the marketplace knows of each operation."""


def confirm(run: Run, tasks: list[Task]) -> None:
    """R15: the task goes, the order remembers. A deliver whose ship had to go first is queued next (R13a)."""
    gone = drop(run, tasks)
    confirmed = [task for task in tasks if task.pk in gone]
    for operation in {task.operation for task in confirmed}:
        _remember(run, Operation(operation), [task for task in confirmed if task.operation == operation])
    for task in confirmed:
        run.journal.say(Level.INFO, "confirmed", task.order_id, operation=task.operation, ticket=task.ticket_number)
    rest = [task.order_id for task in confirmed if task.wanted not in ("", task.operation)]
    queue(run, rest, conflict="ON CONFLICT (store_id, order_id, action) DO NOTHING")
    run.counts.confirmed += len(confirmed)
    note(run, confirmed=confirmed)


def _remember(run: Run, operation: Operation, tasks: list[Task]) -> None:
    same = dict.fromkeys((CONFIRMED_AT[operation], "confirmed_at"), run.clock()) | {
        "confirmed_operation": operation.value
    }
    names = ["id", "confirmed_ticket", "ticket_at", "confirmed_status"]
    rows: list[tuple[object, ...]] = [
        (task.order_id, task.ticket_number, task.order.ticket_at, task.status) for task in tasks
    ]
    if operation is Operation.SHIP:
        names.append("ship_tracking")
        rows = [(*row, task.tracking_number) for row, task in zip(rows, tasks, strict=True)]
    update_rows(MarketplaceOrder, names, rows, same=same)
    if operation in ENDS:
        close_orders(task.order_id for task in tasks)


ENDS = (Operation.DELIVER, Operation.CANCEL, Operation.REFUND)
"""After these no change of the shop is looked for."""


def close_orders(ended: Iterable[int]) -> None:
    """The shop's side of marketplace orders that have ended."""
    Order.objects.filter(marketplace_order__in=list(ended)).update(open=False)
