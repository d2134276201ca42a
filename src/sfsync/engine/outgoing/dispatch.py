"""Claim what is due, judge it, write down what needs no request, and send the rest."""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction
from django.db.models import Exists, OuterRef

from sfsync.db.bulk import update_rows
from sfsync.domain.decide import Because, Fail, Nothing, Wait
from sfsync.domain.errors import Failure
from sfsync.domain.groups import Decided
from sfsync.engine.find.register import register
from sfsync.engine.kit.context import Run
from sfsync.engine.outgoing.conclude import Failed, NoticeRow, drop, fail, tell
from sfsync.engine.outgoing.lookup import adopt, find_feed_ids, learn_fulfilment
from sfsync.engine.outgoing.prepare import Plan, prepare, told_of
from sfsync.engine.outgoing.reading import Reading, read
from sfsync.engine.outgoing.send import send
from sfsync.models import Action, MarketplaceOrder, Task, Told
from sfsync.models.held_task import HeldTask, held
from sfsync.models.log import Level
from sfsync.models.task import TaskQuerySet

CLAIM = 1000
"""Tasks in hand at once: ten full requests, and flat memory however long the queue is."""


def dispatch(run: Run) -> None:
    """Process what is saved until nothing is due (R6, R7). Whatever stops it, nothing stays claimed."""
    queue = Task.objects.filter(store=run.store)
    if not queue.due(run.clock()).exists():
        return
    run.touched = True
    try:
        adopt(run)
        learn_fulfilment(run)
        while nameless := _process_all(run, queue):
            _process_nameless(run, nameless)
    finally:
        queue.filter(lease=run.lease.token).update(lease="")


def _process_all(run: Run, queue: TaskQuerySet) -> dict[int, str]:
    """All that is due. Returns the nameless (`_process`): what they turn out to be may be due then."""
    nameless: dict[int, str] = {}
    while not run.stop(0) and (tasks := queue.claim(run.lease.token, run.clock(), CLAIM)):
        nameless |= _process(run, tasks)
    return nameless


def _process(run: Run, tasks: list[HeldTask]) -> dict[int, str]:
    """Judge, write down, send. Returns the tasks whose order has no Shopping Feed id yet: their ids and operations."""
    run.lease.beat("send")
    reading = read(run.shop, {task.order_id: task.claim for task in tasks})
    if reading.other:
        tasks = _without_moved(run, tasks, reading)
    plan = prepare(tasks, reading, told_of(tasks), run.policy, run.clock())
    settle_without_request(run, plan)
    send(run, plan.send)
    return {task.pk: operation for task, operation in plan.nameless}


def _without_moved(run: Run, tasks: list[HeldTask], reading: Reading) -> list[HeldTask]:
    """R39: the shop says that an order is another one, so nothing is sent before that is looked at too."""
    with run.lease.writing("orders"):
        changed = register(run, reading.other)
        Task.objects.filter(lease=run.lease.token, order__in=changed, action=Action.SYNC).update(lease="")
    return [task for task in tasks if task.order_id not in changed]


def _process_nameless(run: Run, nameless: dict[int, str]) -> None:
    """R13b, last of all: one request an order must not hold up the others."""
    claimed = Task.objects.filter(lease=run.lease.token, action=Action.SYNC)
    task_ids = list(nameless)
    for start in range(0, len(task_ids), CLAIM):
        if run.stop(0):
            return
        some = claimed.filter(pk__in=task_ids[start : start + CLAIM])
        missing = find_feed_ids(run, list(held(some)))
        with transaction.atomic():
            fail(run, [Failed(task, Failure.NO_FEED_ID, message, nameless[task.pk]) for task, message in missing])
            run.journal.flush()
        learn_fulfilment(run)
        _process(run, list(held(some.all())))  # read again: the lookups have changed the orders


def settle_without_request(run: Run, plan: Plan) -> None:
    """Waits, needless tasks and failures."""
    with transaction.atomic():
        _snooze(run, plan.wait)
        _remove(run, plan.nothing)
        fail(run, [_failed(task, decision) for task, decision in plan.fail])
        _tell_called_off(run, plan.called_off)
        _nothing_by_hand(plan)
        run.journal.flush()


def _snooze(run: Run, waits: list[tuple[HeldTask, Wait]]) -> None:
    rows = [(task.pk, wait.until, "", run.lease.token) for task, wait in waits]
    update_rows(Task, ("id", "update_at", "lease"), rows, expect=("lease",))
    for task, wait in waits:
        run.journal.say(Level.INFO, "waiting", task.order_id, until=wait.until.isoformat(timespec="seconds"))


def _remove(run: Run, needless: list[tuple[HeldTask, Nothing]]) -> None:
    gone = drop(run, [task for task, _ in needless])
    kept = [(task, nothing) for task, nothing in needless if task.pk in gone]
    for task, nothing in kept:
        level = Level.WARNING if _told(nothing) else Level.INFO
        operation = nothing.operation or ""
        run.journal.say(level, f"nothing-{nothing.because.value}", task.order_id, operation=operation)
    tell(run.store, run.clock(), (_notice(task, nothing) for task, nothing in kept if _told(nothing)))
    _leave_to_people(kept)
    run.counts.removed += len(kept)


def _tell_called_off(run: Run, tasks: list[tuple[HeldTask, Decided]]) -> None:
    """R38: once for the same orders."""
    notices: list[NoticeRow] = []
    for task, decided in tasks:
        others = ", ".join(each.key for each in decided.called_off)
        params = {"shop_order": decided.order.key if decided.order else "", "others": others}
        run.journal.say(Level.WARNING, "part-called-off", task.order_id, **params)
        key = f"part-called-off:{task.order_id}:{others}"
        notices.append((task.order_id, key, "part-called-off", {"operation": "", **params}))
    tell(run.store, run.clock(), notices)


def _leave_to_people(needless: list[tuple[HeldTask, Nothing]]) -> None:
    """R9: what the marketplace does not take from us stays to be done by hand, unless somebody has just done it."""
    left: dict[str, list[int]] = defaultdict(list)
    for task, nothing in needless:
        if nothing.because is Because.UNSUPPORTED and nothing.operation:
            left[nothing.operation].append(task.order_id)
    for operation, orders in left.items():
        done = Told.objects.filter(order=OuterRef("pk"), operation=operation)
        MarketplaceOrder.objects.filter(~Exists(done), pk__in=orders).update(by_hand=operation)


_SAYS_NOTHING_NEW = (Because.UNSUPPORTED, Because.NOT_MAPPED)
"""What was to be done by hand still is: a status that means nothing ("archived") takes nothing back."""


def _nothing_by_hand(plan: Plan) -> None:
    """The shop has gone on to something else, so what was to be done by hand need not be."""
    on = [each.task for each in plan.send] + [task for task, _ in plan.wait]
    on += [task for task, fail in plan.fail if fail.failure is not Failure.ORDER_GONE]
    on += [task for task, nothing in plan.nothing if nothing.because not in _SAYS_NOTHING_NEW]
    freed = [task.order_id for task in on if task.by_hand]
    if freed:
        MarketplaceOrder.objects.filter(pk__in=freed).update(by_hand="")


def _told(nothing: Nothing) -> bool:
    """R8, R9, R39: the merchant hears of these, once."""
    return nothing.because in (Because.WENT_BACK, Because.UNSUPPORTED, Because.TOLD_UNCLAIMED)


def _notice(task: HeldTask, nothing: Nothing) -> NoticeRow:
    operation = nothing.operation or ""
    key = f"{nothing.because.value}:{task.order_id}:{operation}"
    return (task.order_id, key, nothing.because.value, {"operation": operation})


def _failed(task: HeldTask, decision: Fail) -> Failed:
    return Failed(task, decision.failure, operation=decision.operation or "")
