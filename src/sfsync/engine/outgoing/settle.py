"""Follow each ticket to its end (R14 to R19)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Count, Max, Min, QuerySet

from sfsync.db.bulk import update_rows
from sfsync.domain.backoff import TOO_LONG_OPEN, look_after
from sfsync.domain.errors import Failure
from sfsync.domain.operations import names
from sfsync.domain.operations.kind import ORDER
from sfsync.domain.tickets import Verdict, judge, match, of_batch
from sfsync.engine.kit.context import Run
from sfsync.engine.outgoing.ask import ask, in_flight
from sfsync.engine.outgoing.conclude import Failed, confirm, fail, tell
from sfsync.engine.outgoing.held_channels import weigh
from sfsync.engine.outgoing.ticket_list import OpenOrders, done_batches, open_orders
from sfsync.models import MarketplaceOrder, Task
from sfsync.models.held_task import HeldTask, flights
from sfsync.models.log import Level
from shoppingfeed import (
    BatchTickets,
    ContractError,
    InvalidRequestError,
    NotFoundError,
    ServerError,
    ShoppingFeedError,
    Ticket,
)

AT_ONCE = 10
"""Batches judged in one transaction."""
PROBED = 4
"""Batches looked at together while it is not known which are done: few, for each is a request spent in vain."""
FEW = 2
"""Batches that are read one by one, for a list would save nothing."""


@dataclass(slots=True)
class Judged:
    """What the tickets of some batches say of their tasks. `asked_at`: no later than that they were asked for."""

    asked_at: datetime
    confirmed: list[HeldTask] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    open: list[HeldTask] = field(default_factory=list)
    missing: list[HeldTask] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    barren: int = 0
    error: ShoppingFeedError | None = None

    def add(self, task: HeldTask, ticket: Ticket | None) -> None:
        if ticket is None:
            self.missing.append(task)
            return
        task.ticket_number = ticket.id
        if task.lane == ORDER:
            task.ticket_at = max(filter(None, (ticket.scheduled_at, task.ticket_at)), default=None)
        match judge(ticket.state):
            case Verdict.CONFIRMED:
                self.confirmed.append(task)
            case Verdict.FAILED:
                self.failed.append(Failed(task, Failure.TICKET_FAILED, ticket.message))
            case Verdict.CANCELED:
                self.failed.append(Failed(task, Failure.TICKET_CANCELED, ticket.message))
            case Verdict.OPEN:
                self.open.append(task)


def settle(run: Run, *, everything: bool = False) -> None:
    """Ask for the answers that never came, then look at the tickets that are due (or at `everything` in flight)."""
    run.tally.touched = True
    _set_aside_unknown(run)
    ask(run)
    tasks = Task.objects.filter(store=run.store).ticketed()
    batches = _due(run, tasks, everything)
    still_open = open_orders(run.feed) if len(batches) > FEW else {}
    quiet = _without_news(run, batches, still_open or {})
    _snooze(run, [task for its in quiet.values() for task in its])
    news = {batch: tasks for batch, tasks in batches.items() if batch not in quiet}
    rest = _without_listed(run, news) if len(news) > FEW else [*news]
    if still_open is None:
        _probe(run, rest)
        return
    for start in range(0, len(rest), AT_ONCE):
        _judge_batches(run, rest[start : start + AT_ONCE])


def _set_aside_unknown(run: Run) -> None:
    """What another version of sfsync sent and this one does not know is followed by nobody: a person must see it."""
    flying = Task.objects.filter(store=run.store, lease="").in_flight().exclude(operation__in=names())
    unknown = list(flights(flying))
    if unknown:
        with transaction.atomic():
            fail(run, [Failed(task, Failure.UNKNOWN_OPERATION, task.operation) for task in unknown], park=True)
            run.journal.flush()


def _without_listed(run: Run, batches: dict[str, int]) -> list[str]:
    """Settle those that the store's list of tickets tells of, two full ones in a request, while it is read: what it
    tells is kept no longer than that, however long it is. Returns the others."""
    rest, listed = dict.fromkeys(batches), _listed(run, batches)
    while answers := [*islice(listed, AT_ONCE)]:
        judged = _judged(run, answers, [each.batch_id for each in answers])
        untold = {task.batch_id for task in judged.missing}
        judged.missing = []
        _write(run, judged)
        for answer in answers:
            if answer.batch_id not in untold:
                del rest[answer.batch_id]
    return [*rest]


def _listed(run: Run, batches: dict[str, int]) -> Iterator[BatchTickets]:
    for page in done_batches(run.feed, batches):
        run.lease.beat("settle")
        yield from page


def _probe(run: Run, batches: list[str]) -> None:
    """More is open than one page tells: look at one batch, and go on for as long as every one has news."""
    start, size = 0, 1
    while start < len(batches) and _judge_batches(run, batches[start : start + size]):
        start, size = start + size, PROBED


def _due(run: Run, tasks: QuerySet[Task], everything: bool) -> dict[str, int]:
    """Batch id → how many tasks it has, those looked at least first: a batch that keeps running starves no other."""
    grouped = tasks.values("batch_id").annotate(
        tasks=Count("pk"), due=Min("update_at"), looked=Max("looks"), sent=Max("sent_at")
    )
    batches = grouped.order_by("looked", "sent")
    if not everything:
        batches = batches.filter(due__lte=run.clock())
    return {row["batch_id"]: row["tasks"] for row in batches}


def _without_news(run: Run, batches: dict[str, int], still_open: OpenOrders) -> dict[str, list[HeldTask]]:
    """The batches that need no request, with their tasks: every one of these is still open. One that is stuck must not
    hold up the others of its batch."""
    quiet: dict[str, list[HeldTask]] = defaultdict(list)
    likely = [batch for batch, tasks in batches.items() if tasks <= len(still_open.get(batch, ()))]
    if likely:
        for task in _sent_in(run, likely):
            quiet[task.batch_id].append(task)
    return {batch: tasks for batch, tasks in quiet.items() if all(task.feed_id in still_open[batch] for task in tasks)}


def _judge_batches(run: Run, batches: list[str]) -> bool:
    """True when each of them had something new."""
    judged = _judged(run, run.feed.batches(batches), batches)
    if isinstance(judged.error, ServerError) and run.knows_store():
        judged.unreadable.append(str(judged.error))
        judged.error = None
    _write(run, judged)
    if judged.error:
        raise judged.error
    return not judged.barren


def _judged(run: Run, answers: Iterable[BatchTickets], batches: list[str]) -> Judged:
    run.lease.beat("settle")
    judged = Judged(run.clock())
    tasks: dict[str, list[HeldTask]] = {batch: [] for batch in batches}
    for task in _sent_in(run, batches):
        tasks[task.batch_id].append(task)
    for answer in answers:
        _add(judged, tasks[answer.batch_id], answer)
    return judged


def _write(run: Run, judged: Judged) -> None:
    """By the run that holds the store: another one may have seen later tickets of the same batches."""
    with run.lease.writing("settle"):
        confirm(run, judged.confirmed)
        _keep_ticket_numbers(judged)
        weighed = weigh(run, judged.confirmed, judged.failed)
        fail(run, weighed.alone)
        fail(run, weighed.of_channel, of_channel=True)
        _snooze(run, judged.open)
        _miss(run, judged.missing, judged.asked_at)
        for message in judged.unreadable:
            run.journal.say(Level.ERROR, "tickets-unreadable", message=message)
        run.journal.flush()


def _add(judged: Judged, tasks: list[HeldTask], answer: BatchTickets) -> None:
    """A batch whose tickets make no sense is looked at later, and holds up no other; an API in trouble ends it."""
    if answer.tickets is not None:
        found = match(map(in_flight, tasks), of_batch(answer.batch_id, answer.tickets))
        for task in tasks:
            judged.add(task, found.get(task.pk))
        judged.barren += all(judge(found[task.pk].state) is Verdict.OPEN for task in tasks if task.pk in found)
        return
    judged.open += tasks
    if isinstance(answer.error, (ContractError, NotFoundError, InvalidRequestError)):
        judged.unreadable.append(str(answer.error))
    else:
        judged.error = answer.error


def _sent_in(run: Run, batches: list[str]) -> Iterator[HeldTask]:
    return flights(Task.objects.filter(store=run.store, batch_id__in=batches).ticketed())


def _keep_ticket_numbers(judged: Judged) -> None:
    """A failed ticket must not be taken for the next attempt's (R13, R14): its number stays with the task, its time
    with the order."""
    rows = [(each.task.pk, each.task.ticket_number) for each in judged.failed]
    moments = [(each.task.order_id, each.task.ticket_at) for each in judged.failed]
    update_rows(MarketplaceOrder, ("id", "ticket_at"), moments)
    update_rows(Task, ("id", "ticket_number"), [*rows, *((task.pk, task.ticket_number) for task in judged.open)])


def _snooze(run: Run, tasks: list[HeldTask]) -> None:
    """R17: later, less and less often; an alarm when it passes a day."""
    now = run.clock()
    rows = [(task.pk, now + look_after(task.looks), min(task.looks + 1, 1000), task.request_key) for task in tasks]
    update_rows(Task, ("id", "update_at", "looks"), rows, expect=("request_key",))
    slow = [task for task in tasks if task.sent_at and now - task.sent_at > TOO_LONG_OPEN]
    tell(
        run.store,
        run.clock(),
        ((task.order_id, f"slow:{task.request_key}:{task.order_id}", "ticket-slow", _evidence(task)) for task in slow),
    )


def _evidence(task: HeldTask) -> dict[str, object]:
    sent_at = task.sent_at.isoformat(timespec="seconds") if task.sent_at else ""
    return {"operation": task.operation, "ticket": task.ticket_number, "sent_at": sent_at}


def _miss(run: Run, tasks: list[HeldTask], asked_at: datetime) -> None:
    """R18: a ticket that the API does not know. A late list is waited for, then it is looked up by order id."""
    now, lag = run.clock(), timedelta(seconds=run.conf.ticket_lag_seconds)
    young = [task for task in tasks if _is_young(task, asked_at - lag)]
    _snooze(run, young)
    lost = [task for task in tasks if not _is_young(task, asked_at - lag)]
    rows = [(task.pk, "", Failure.TICKET_LOST.value, f"batch {task.batch_id}", now, task.request_key) for task in lost]
    update_rows(Task, ("id", "batch_id", "failure", "last_error", "update_at"), rows, expect=("request_key",))
    for task in lost:
        run.journal.say(Level.WARNING, "ticket-missing", task.order_id, batch=task.batch_id)


def _is_young(task: HeldTask, late: datetime) -> bool:
    return task.sent_at is not None and task.sent_at > late
