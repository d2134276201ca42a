"""Claim what is due, judge it, write down what needs no request, and send the rest."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from sfsync.db.bulk import delete_rows, update_rows
from sfsync.domain.decide import Because, Fail, Nothing, Send
from sfsync.domain.errors import Failure
from sfsync.domain.groups import Together
from sfsync.engine.find.register import register
from sfsync.engine.kit.context import Run
from sfsync.engine.outgoing.conclude import Failed, NoticeRow, drop, set_aside, tell
from sfsync.engine.outgoing.doubts import decidable
from sfsync.engine.outgoing.held_channels import hold
from sfsync.engine.outgoing.lookup import adopt, find_feed_ids, learn_fulfilment
from sfsync.engine.outgoing.new_carriers import note_carriers
from sfsync.engine.outgoing.prepare import Plan, prepare, told_of
from sfsync.engine.outgoing.reading import Reading, read
from sfsync.engine.outgoing.second_try import read_before_second_try, remember_shown
from sfsync.engine.outgoing.send import send
from sfsync.engine.outgoing.sender import all_sent, may_send
from sfsync.models import Action, MarketplaceOrder, Task, Told
from sfsync.models.held_task import FactRow, HeldTask, intentions
from sfsync.models.log import Level

CLAIM = 1000
"""Tasks in hand at once: ten full requests, and flat memory however long the queue is."""


Nameless = tuple[Send, FactRow | None]
"""What is to be told of an order that has no Shopping Feed id yet, and its row where it was set aside before."""


def dispatch(run: Run) -> None:
    """Process what is saved until nothing is due (R6, R7). Whatever stops it, nothing stays claimed."""
    queue, began = Task.objects.filter(store=run.store), run.clock()
    Task.objects.raise_due(run.store, began)
    if not queue.due(began).exists():
        return
    run.tally.touched = True
    if not may_send(run):
        return
    try:
        adopt(run)
        learn_fulfilment(run)
        if nameless := _process_all(run, began):
            _process_nameless(run, nameless)
            _process_all(run, began)
    finally:
        queue.held_by(run.lease.token).update(lease="")
        all_sent(run)


def _process_all(run: Run, began: datetime) -> dict[int, Nameless]:
    """All that is due. Returns the nameless (`_process`): what they turn out to be may be due then."""
    nameless: dict[int, Nameless] = {}
    while not run.stop(0) and (tasks := _claim(run, began)):
        nameless |= _process(run, tasks)
    return nameless


def _claim(run: Run, began: datetime) -> list[HeldTask]:
    """What is due; where nothing is, what has come back since and is to be tried again at once."""
    queue, now = Task.objects.filter(store=run.store), run.clock()
    hold(run)
    claimed = queue.claim(run.lease.token, now, CLAIM)
    if not claimed and Task.objects.raise_due(run.store, now, written_since=began):
        hold(run)
        claimed = queue.claim(run.lease.token, now, CLAIM)
    return claimed


def _process(run: Run, tasks: list[HeldTask]) -> dict[int, Nameless]:
    """Judge, write down, send. Returns the tasks whose order has no Shopping Feed id yet: their ids and facts."""
    run.lease.beat("send")
    asked_at = run.clock()
    reading = read(run.shop, {task.order_id: task.claim for task in tasks})
    if reading.other:
        tasks = _without_moved(run, tasks, reading)
    tasks = decidable(run, tasks, reading, asked_at)
    plan = prepare(tasks, reading, told_of(tasks), run.policy, run.clock())
    read_before_second_try(run, plan)
    settle_without_request(run, plan)
    send(run, plan.send)
    return {task.pk: (send, row) for task, send, row in plan.nameless}


def _without_moved(run: Run, tasks: list[HeldTask], reading: Reading) -> list[HeldTask]:
    """R39: the shop says that an order is another one, so nothing is sent before that is looked at too."""
    with run.lease.writing("orders"):
        changed = register(run, reading.other)
        Task.objects.filter(lease=run.lease.token, order__in=changed, action=Action.SYNC).update(lease="")
    return [task for task in tasks if task.order_id not in changed]


def _process_nameless(run: Run, nameless: dict[int, Nameless]) -> None:
    """R13b, last of all: one request an order must not hold up the others."""
    claimed = Task.objects.filter(lease=run.lease.token, action=Action.SYNC)
    task_ids = list(nameless)
    for start in range(0, len(task_ids), CLAIM):
        if run.stop(0):
            return
        some = claimed.filter(pk__in=task_ids[start : start + CLAIM])
        missing = find_feed_ids(run, list(intentions(some)))
        with transaction.atomic():
            gone = drop(run, [task for task, _ in missing])
            unknown = [(task, message) for task, message in missing if task.pk in gone]
            set_aside(run, [_unknown(task, message, nameless[task.pk]) for task, message in unknown])
            run.journal.flush()
        learn_fulfilment(run)
        _process(run, list(intentions(some.all())))  # read again: the lookups have changed the orders


def _unknown(task: HeldTask, message: str, wanted: Nameless) -> Failed:
    send, row = wanted
    return Failed(task, Failure.NO_FEED_ID, message, (send.operation, send.key), row)


def settle_without_request(run: Run, plan: Plan) -> None:
    """Waits, needless tasks and failures. What a change has taken back is decided anew, so nothing is said of it; and
    what was decided before another run took over is no longer true of anything. Raises `LeaseLost`."""
    with transaction.atomic() if plan.sends_only else run.lease.writing("send"):
        note_carriers(run, plan.send)
        lost = {task.pk for task in plan.over} - drop(run, plan.over)
        _keep(run, plan)
        delete_rows(Task, ("id", "action", "episode"), [(row.pk, row.action, row.episode) for row in plan.needless])
        _say_nothing(run, [(task, nothing) for task, nothing in plan.nothing if task.pk not in lost])
        set_aside(run, [_failed(*each) for each in plan.fail if each[0].pk not in lost])
        remember_shown(run, plan)
        _tell_called_off(run, plan.called_off)
        for task, odd in plan.odd:
            run.journal.say(Level.WARNING, odd.code, task.order_id, **odd.params)
        _nothing_by_hand(plan)
        _mark_contradicted(plan)
        run.journal.flush()


def _keep(run: Run, plan: Plan) -> None:
    rows = [(task.pk, look.at, look.lane, "", run.lease.token) for task, look in plan.keep]
    update_rows(Task, ("id", "update_at", "lane", "lease"), rows, expect=("lease",))
    for task, wait in plan.wait:
        run.journal.say(Level.INFO, wait.lack.value, task.order_id, until=wait.until.isoformat(timespec="seconds"))
    tell(run.store, run.clock(), [_notice_late(task, wait.late) for task, wait in plan.wait if wait.late])


def _say_nothing(run: Run, needless: list[tuple[HeldTask, Nothing]]) -> None:
    for task, nothing in needless:
        level = Level.WARNING if _told(nothing) else Level.INFO
        operation = nothing.operation or ""
        run.journal.say(level, f"nothing-{nothing.because.value}", task.order_id, operation=operation)
    tell(run.store, run.clock(), (_notice(task, nothing) for task, nothing in needless if _told(nothing)))
    _leave_to_people(needless)
    run.tally.counts.removed += len(needless)


def _tell_called_off(run: Run, tasks: list[tuple[HeldTask, Together]]) -> None:
    """R38: once for the same orders."""
    notices: list[NoticeRow] = []
    for task, together in tasks:
        others = ", ".join(each.key for each in together.called_off)
        params = {"shop_order": together.order.key if together.order else "", "others": others}
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


_GONE_BACK = (Because.WENT_BACK, Because.TOLD_BEFORE)
"""The shop says something else than the marketplace was told, and nothing can be sent for it."""
_SAYS_NOTHING_NEW = (Because.UNSUPPORTED, Because.NOT_MAPPED, Because.SET_ASIDE)
"""What was to be done by hand still is: a status that means nothing ("archived") takes nothing back."""


def _nothing_by_hand(plan: Plan) -> None:
    """The shop has gone on to something else, so what was to be done by hand need not be."""
    on = [each.task for each in plan.send] + plan.awaited
    on += [task for task, fail, _row in plan.fail if fail.failure not in (Failure.ORDER_GONE, Failure.UNLISTED)]
    on += [task for task, nothing in plan.nothing if nothing.because not in _SAYS_NOTHING_NEW]
    left = {task.order_id for task, nothing in plan.nothing if nothing.because is Because.UNSUPPORTED}
    freed = [task.order_id for task in on if task.by_hand and task.order_id not in left]
    if freed:
        MarketplaceOrder.objects.filter(pk__in=freed).update(by_hand="")


def _mark_contradicted(plan: Plan) -> None:
    """R8, R11: until the shop agrees again with what the marketplace believes. What waits says nothing of that."""
    back = {task.order_id for task, nothing in plan.nothing if nothing.because in _GONE_BACK}
    judged = [each.task for each in plan.send] + plan.awaited + [task for task, *_ in plan.fail]
    judged += [task for task, nothing in plan.nothing if nothing.because is not Because.SET_ASIDE]
    moved = {task.order_id for task in judged if task.contradicted is not (task.order_id in back)}
    for contradicted, orders in ((True, moved & back), (False, moved - back)):
        if orders:
            MarketplaceOrder.objects.filter(pk__in=orders).update(contradicted=contradicted)


def _told(nothing: Nothing) -> bool:
    """R8, R9, R11, R39: the merchant hears of these, once."""
    return nothing.because in (*_GONE_BACK, Because.UNSUPPORTED, Because.TOLD_UNCLAIMED)


def _notice(task: HeldTask, nothing: Nothing) -> NoticeRow:
    operation = nothing.operation or ""
    key = f"{nothing.because.value}:{task.order_id}:{operation}"
    return (task.order_id, key, nothing.because.value, {"operation": operation})


def _notice_late(task: HeldTask, operation: str) -> NoticeRow:
    """R27."""
    code = "no-return-number"
    return (task.order_id, f"{code}:{task.order_id}:{task.since.timestamp()}", code, {"operation": operation})


def _failed(task: HeldTask, decision: Fail, row: FactRow | None) -> Failed:
    return Failed(task, decision.failure, decision.message, fact=(decision.operation, decision.key), before=row)
