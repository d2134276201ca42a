"""The ends of an attempt, written in bulk: confirmed, failed, or back in the queue. Every write is compare-and-set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sfsync.db.among import among
from sfsync.db.bulk import compare_and_set, delete_rows, insert_rows, update_rows
from sfsync.db.conflict import KEEP
from sfsync.domain.backoff import retry_after
from sfsync.domain.channel_trouble import EVERY
from sfsync.domain.decide import is_fresh
from sfsync.domain.errors import Failure, NextStep
from sfsync.domain.operations import kind_of
from sfsync.domain.operations.kind import ORDER
from sfsync.domain.orders import Fact, SetAside
from sfsync.domain.value import value
from sfsync.engine.find.outbox import Look, look_again
from sfsync.engine.kit.context import Run
from sfsync.engine.kit.day_figures import note
from sfsync.models import Action, How, MarketplaceOrder, Notice, Order, Store, Task, Told
from sfsync.models.held_task import FactRow, HeldTask
from sfsync.models.log import Level
from sfsync.models.task import BLANK, FACT


@dataclass(frozen=True, slots=True)
class Back:
    """A fact in flight that is set aside, to be tried again at `at`, or parked."""

    task: HeldTask
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
    """Set facts in flight aside; what else was to be told of their orders need not wait for them.

    Returns the ids of those that were still in flight.
    """
    now = run.clock()
    kept = set(
        compare_and_set(Task, _BACK, [(*_row(each, now), *_as_read(each.task)) for each in backs], expect=_UNCHANGED)
    )
    tasks = [each.task for each in backs if each.task.pk in kept]
    look_again(run, [Look(task.order_id, task.since, now) for task in tasks if task.more])
    return kept


def _row(back: Back, now: datetime) -> tuple[object, ...]:
    aside = (Action.ASIDE.value, "", "", "", 0, now)
    failed_at = now if back.parked else None
    plan = (back.at, back.failure, back.error, failed_at, back.attempts, back.split, back.silences)
    return (back.task.pk, *aside, *plan)


def _as_read(task: HeldTask) -> tuple[str, str, str]:
    return (task.action, task.lease, task.request_key)


def drop(run: Run, tasks: Iterable[HeldTask]) -> set[int]:
    """Delete tasks that are still as they were read. Returns the ids that went."""
    return set(delete_rows(Task, ("id", *_UNCHANGED), [(task.pk, *_as_read(task)) for task in tasks]))


@dataclass(frozen=True, slots=True)
class Failed:
    """A fact that failed, with the evidence. `fact`: where it never was in flight; `before`: where it stood aside."""

    task: HeldTask
    failure: Failure
    message: str = ""
    fact: Fact | None = None
    before: FactRow | None = None

    @property
    def operation(self) -> str:
        return self.fact[0] if self.fact else self.task.operation

    @property
    def key(self) -> str:
        return self.fact[1] if self.fact else self.task.tracking_number

    @property
    def since(self) -> datetime:
        """When the change was seen that it was decided by first."""
        stale = self.before and not is_fresh(SetAside(self.before.fact, self.before.since), self.task.since)
        return self.before.since if self.before and stale else self.task.since

    @property
    def episode(self) -> int:
        return self.before.episode if self.before else self.task.episode


def fail(run: Run, failures: list[Failed], *, park: bool = False, of_channel: bool = False) -> None:
    """R12, R16, R18: what was in flight is tried again later, or `park`ed; it is told once an episode (R20).

    `of_channel`: the marketplace refuses everything (R36), so no order is to blame: it costs no try, and no mail.
    """
    if not failures:  # nearly always
        return
    over = drop(run, [each.task for each in _superseded(failures)])
    for each in failures:
        if each.task.pk in over:
            run.journal.say(Level.WARNING, "superseded", each.task.order_id, message=each.message)
    back_of = _of_channel if of_channel else partial(_back_of, park=park)
    backs = {each.task.pk: back_of(run, each) for each in failures if each.task.pk not in over}
    kept = requeue(run, list(backs.values()))
    _tell_of(run, [(each, backs[each.task.pk]) for each in failures if each.task.pk in kept], alone=not of_channel)


def _superseded(failures: list[Failed]) -> list[Failed]:
    """Those whose order has changed since they were sent: the change decides."""
    orders = among(each.task.order_id for each in failures)
    intentions = Task.objects.filter(order_id__in=orders, action=Action.SYNC)
    seen = dict(intentions.values_list("order_id", "since"))
    return [
        each
        for each in failures
        if each.task.order_id in seen
        and is_fresh(SetAside((each.operation, each.key), each.task.since), seen[each.task.order_id])
    ]


def set_aside(run: Run, failures: list[Failed]) -> None:
    """R4, R13b: facts that cannot be sent wait for a person, or for a change of their order."""
    now = run.clock()
    times = dict.fromkeys(("failed_at", "update_at", "date_upd"), now)
    old = [(each.before.pk, *_aside(each), each.episode) for each in failures if each.before]
    update_rows(Task, ("id", *_ASIDE), old, same=times | {"closed_at": None}, expect=("episode",))
    new = [(each.task.order_id, each.operation, each.key, *_aside(each)) for each in failures if not each.before]
    columns = (*FACT, *_ASIDE)
    blank = {name: value for name, value in BLANK.items() if name not in columns}
    same = {"store": run.store.pk, "action": Action.ASIDE.value, "date_add": now, **times, **blank}
    insert_rows(Task, columns, new, same=same, conflict=KEEP)
    _tell_of(run, [(each, Back(each.task, now, each.failure, each.message, parked=True)) for each in failures])


_ASIDE = ("since", "failure", "last_error", "lane")


def _aside(failed: Failed) -> tuple[object, ...]:
    lane = kind_of(failed.operation).lane if failed.operation else ORDER
    return (failed.since, failed.failure.value, failed.message, lane)


def _tell_of(run: Run, failures: list[tuple[Failed, Back]], *, alone: bool = True) -> None:
    for each, back in failures:
        _say(run, each, back, plan=alone)
    run.tally.counts.failed += len(failures)
    note(run, failed=[(each.task, each.operation, each.failure) for each, _ in failures])
    if alone:
        tell(run.store, run.clock(), [_notice(each, back) for each, back in failures])


def _back_of(run: Run, failed: Failed, *, park: bool) -> Back:
    task, attempts = failed.task, failed.task.attempts
    parked = park or failed.failure.next_step is not NextStep.RETRY or attempts >= run.store.tries
    wait = retry_after(attempts, timedelta(minutes=run.store.retry_minutes))
    at = run.clock() + (timedelta() if parked else wait)
    return Back(task, at, failed.failure.value, failed.message, parked, attempts, task.split, task.silences)


def _of_channel(run: Run, failed: Failed) -> Back:
    task, at = failed.task, run.clock() + EVERY
    return Back(task, at, failed.failure.value, failed.message, False, task.attempts - 1, task.split, task.silences)


def _say(run: Run, failed: Failed, back: Back, *, plan: bool) -> None:
    order, code = failed.task.order_id, f"failed-{failed.failure.value}"
    run.journal.say(Level.ERROR, code, order, operation=failed.operation, message=failed.message)
    if plan and not back.parked:
        at = back.at.isoformat(timespec="seconds")
        run.journal.say(Level.INFO, "retry-planned", order, at=at, attempt=back.attempts + 1)


NoticeRow = tuple[int | None, str, str, dict[str, object]]
"""Order id, key, code, parameters."""


def _notice(failed: Failed, back: Back) -> NoticeRow:
    """Told at the first failure alone; once more where the order's status on the marketplace ends its tries (R34)."""
    order, end = failed.task.order_id, "end" if failed.failure is Failure.STANDS_ELSEWHERE else ""
    params: dict[str, object] = {
        "operation": failed.operation,
        "message": failed.message,
        "parked": back.parked,
        "retry_at": "" if back.parked else back.at.isoformat(timespec="seconds"),
    }
    episode = f"{failed.since.timestamp()}:{failed.episode}"
    key = f"failed:{order}:{episode}:{failed.operation}:{end}:{failed.key}"
    return (order, key, failed.failure.value, params)


def tell(store: Store, now: datetime, notices: Iterable[NoticeRow]) -> None:
    """Keep what the merchant must hear, each once (R8, R9, R20)."""
    rows = [(store.pk, order, key[:128], code, params, now) for order, key, code, params in notices]
    columns = ("store", "order", "key", "code", "params", "created_at")
    insert_rows(Notice, columns, rows, conflict=KEEP)


def confirm(run: Run, tasks: list[HeldTask], how: How = How.TICKET) -> None:
    """R15: the task goes, the order remembers. Where there is more to tell, it is looked at again (R13a)."""
    gone = drop(run, tasks)
    confirmed = [task for task in tasks if task.pk in gone]
    remember(run.clock(), how, [ToldFact.of(task) for task in confirmed])
    for task in confirmed:
        run.journal.say(Level.INFO, "confirmed", task.order_id, operation=task.operation, ticket=task.ticket_number)
    look_again(run, [Look(task.order_id, task.since, run.clock()) for task in confirmed if task.more])
    run.tally.counts.confirmed += len(confirmed)
    note(run, confirmed=confirmed)


@value
class ToldFact:
    """What a marketplace order was told: an operation and its key, by which ticket, and the shop's status then."""

    order_id: int
    operation: str
    key: str = ""
    ticket: str = ""
    ticket_at: datetime | None = None
    status: str = ""
    shop_order_id: int | None = None

    @classmethod
    def of(cls, task: HeldTask) -> ToldFact:
        ticket = (task.ticket_number, task.ticket_at)
        return cls(task.order_id, task.operation, task.tracking_number, *ticket, task.status, task.shop_order_id)


def remember(now: datetime, how: How, facts: list[ToldFact]) -> None:
    """Write down what marketplaces know from now on. Orders of which it is the last are closed."""
    names = ("order", "operation", "key", "ticket", "status", "shop_order")
    told = [(each.order_id, each.operation, each.key, each.ticket, each.status, each.shop_order_id) for each in facts]
    insert_rows(Told, names, told, same={"how": how.value, "at": now}, conflict=KEEP)
    if how in (How.TICKET, How.SEEN):
        newest = {each.order_id: (each.order_id, each.operation, each.ticket, each.ticket_at) for each in facts}
        columns = ("id", "confirmed_operation", "confirmed_ticket", "ticket_at")
        update_rows(MarketplaceOrder, columns, list(newest.values()), same={"confirmed_at": now})
    else:
        named = {each.order_id: (each.order_id, each.operation) for each in facts}
        update_rows(MarketplaceOrder, ("id", "confirmed_operation"), list(named.values()), same={"confirmed_at": now})
    ended = [each.order_id for each in facts if kind_of(each.operation).ends_order]
    if ended:
        Order.objects.filter(marketplace_order__in=among(ended)).update(open=False)
