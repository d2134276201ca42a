"""What was sent and never answered: ask the ticket list before anything is sent again (R13, R18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from datetime import datetime, timedelta

from sfsync.db.bulk import update_rows
from sfsync.domain.backoff import look_after
from sfsync.domain.errors import Failure
from sfsync.domain.operations import kind_of
from sfsync.domain.operations.kind import ORDER, Shown
from sfsync.domain.tickets import InFlight, match, of_batch, recognise
from sfsync.engine.kit.context import Run
from sfsync.engine.kit.day_figures import note
from sfsync.engine.outgoing.conclude import Back, Failed, confirm, fail, requeue
from sfsync.models import How, Task
from sfsync.models.held_task import HeldTask, flights
from sfsync.models.log import Level
from shoppingfeed import ContractError, InvalidRequestError, NotFoundError, Ticket

MOST_SILENCES = 10
"""A single order whose requests were never answered so often is parked: the merchant decides."""


def ask(run: Run) -> None:
    """Find out what became of every request without an answer.

    What is not there proves nothing of the time after it was asked for, however long this run stood still since.
    """
    for tasks in _requests(run, run.clock()):
        run.lease.beat("ask")
        sure = {task.pk for task in tasks if _proven(run, task)}
        try:
            with_ticket = _find(run, tasks, sure)
            known = {task.pk for task, _ in with_ticket}
            without = [task for task in tasks if task.pk not in known]
            done = _done_before(run, without)
        except (ContractError, NotFoundError, InvalidRequestError) as error:
            _postpone(run, tasks, str(error))
            continue
        with run.lease.writing("ask"):
            _found(run, with_ticket)
            confirm(run, done, How.SEEN)
            _not_found(run, [task for task in without if task not in done], sure)
            run.journal.flush()


def _postpone(run: Run, tasks: list[HeldTask], message: str) -> None:
    """Tickets that make no sense hold up no other order: asked again later."""
    rows = [(task.pk, run.clock() + look_after(task.looks + 5), task.looks + 1, task.request_key) for task in tasks]
    update_rows(Task, ("id", "update_at", "looks"), rows, expect=("request_key",))
    run.journal.say(Level.ERROR, "tickets-unreadable", message=message)
    run.journal.flush()


def _done_before(run: Run, tasks: list[HeldTask]) -> list[HeldTask]:
    """R18: tickets are purged one day. Where they are gone, the order itself may show that the operation was done."""
    lost = [task for task in tasks if task.failure == Failure.TICKET_LOST]
    return [task for task in lost if _shows(run, task)]


def _shows(run: Run, task: HeldTask) -> bool:
    run.lease.beat("ask")
    kind, key = kind_of(task.operation), task.tracking_number
    try:
        return kind.done(_shown(run, task.feed_id or 0, shipments=kind.numbered and bool(key)), key)
    except NotFoundError:
        return False


def _shown(run: Run, feed_id: int, *, shipments: bool) -> Shown:
    """One request: what became of the order, or of its parcels."""
    if shipments:
        return Shown(numbers=[each.tracking_number for each in run.feed.shipments(feed_id)])
    order = run.feed.order(feed_id)
    if order.id != feed_id:
        raise ContractError(f"Asked for order {feed_id}, Shopping Feed told of order {order.id}.")
    return Shown(order.status)


def _requests(run: Run, now: datetime) -> Iterable[list[HeldTask]]:
    """The tasks without an answer, a list a request."""
    groups: dict[str, list[HeldTask]] = defaultdict(list)
    tasks = Task.objects.filter(store=run.store, update_at__lte=now).unanswered()
    unanswered = list(flights(tasks.order_by("sent_at", "id")))
    payloads = dict(tasks.values_list("pk", "payload")) if unanswered else {}
    for task in unanswered:
        task.payload = payloads.get(task.pk)
        groups[task.request_key].append(task)
    return groups.values()


def _find(run: Run, tasks: list[HeldTask], sure: Container[int]) -> list[tuple[HeldTask, Ticket]]:
    """A request arrives whole or not at all, so one ticket found names the batch of them all.

    Where absence would be no proof yet, three are asked for. Where it would be, every order is, but those that a ticket
    of the batch names: a ticket may lack its order's id.
    """
    found: dict[int, tuple[HeldTask, Ticket]] = {}
    for number, task in enumerate(tasks):
        if task.pk in found or (number >= 3 and task.pk not in sure):
            continue
        run.lease.beat("ask")
        listed = run.feed.tickets(order_id=task.feed_id).items
        ticket = recognise(in_flight(task), listed, kind_of(task.operation), task.payload or {})
        if ticket:
            found |= {each.pk: (each, its) for each, its in _of_batch(run, tasks, task, ticket)}
    return list(found.values())


def _patience(run: Run) -> timedelta:
    """After we gave up on a request the API may go on with it for as long as we would have waited; its list is late."""
    return timedelta(seconds=run.conf.timeout + run.conf.ticket_lag_seconds)


def _proven(run: Run, task: HeldTask) -> bool:
    """Absence from a list that is asked for now proves that it never arrived: it was looked for before, or left so long
    ago that once is enough.

    A marked request leaves within half a lease (`send`); that its run is over is known only now. Where a clock was
    wrong it is not known when it was marked.
    """
    latest = run.clock() - _patience(run) - run.lease.length / 2
    return task.looks > 0 or (task.sent_at is not None and task.sent_at <= latest)


def _of_batch(run: Run, tasks: list[HeldTask], asked: HeldTask, ticket: Ticket) -> list[tuple[HeldTask, Ticket]]:
    if not ticket.batch_id:
        raise ContractError(f"Ticket {ticket.id} names no batch, so it cannot be followed.")
    listed = of_batch(ticket.batch_id, run.feed.tickets(batch_id=ticket.batch_id).items)
    found = match(map(in_flight, tasks), listed) | {asked.pk: ticket}
    return [(task, found[task.pk]) for task in tasks if task.pk in found]


def in_flight(task: HeldTask) -> InFlight:
    return InFlight(
        task.pk,
        task.feed_id or 0,
        task.reference,
        task.channel,
        task.sent_at,
        (task.former_ticket, task.confirmed_ticket),
        task.ticket_number,
        task.ticket_at if task.lane == ORDER else None,
    )


def _found(run: Run, found: list[tuple[HeldTask, Ticket]]) -> None:
    """It had arrived: from here on it is followed like any other."""
    now = run.clock()
    rows = [(task.pk, ticket.batch_id, ticket.id, now, 0, now, task.request_key, "") for task, ticket in found]
    columns = ("id", "batch_id", "ticket_number", "update_at", "looks", "date_upd")
    update_rows(Task, columns, rows, expect=("request_key", "lease"))
    uncounted = [task for task, _ in found if task.failure != Failure.TICKET_LOST]  # a batch that was lost had counted
    note(run, sent=uncounted)
    run.tally.counts.sent += len(uncounted)
    payloads = dict(Task.objects.filter(pk__in=[task.pk for task, _ in found]).values_list("pk", "payload"))
    for task, ticket in found:
        params = {"operation": task.operation, "batch": ticket.batch_id, "payload": payloads.get(task.pk)}
        run.journal.say(Level.INFO, "sent-after-all", task.order_id, **params)


def _not_found(run: Run, tasks: list[HeldTask], sure: Container[int]) -> None:
    """Not there: look again when it must be there if it ever arrived. Then it never did, and is queued again."""
    waiting = [task for task in tasks if task.pk not in sure]
    rows = [(task.pk, run.clock() + _patience(run), task.looks + 1, task.request_key) for task in waiting]
    update_rows(Task, ("id", "update_at", "looks"), rows, expect=("request_key",))
    _give_up_on(run, [task for task in tasks if task not in waiting])


def _give_up_on(run: Run, tasks: list[HeldTask]) -> None:
    """Queued again, until it has happened too often to one order."""
    lost = [task for task in tasks if task.failure == Failure.TICKET_LOST and task.attempts >= run.store.tries]
    silent = [task for task in tasks if task.failure != Failure.TICKET_LOST and task.silences + 1 >= MOST_SILENCES]
    fail(run, [Failed(task, Failure.TICKET_LOST, task.last_error) for task in lost])
    fail(run, [Failed(task, Failure.NO_ANSWER, task.last_error) for task in silent], park=True)
    again = [_again(run, task) for task in tasks if task not in lost and task not in silent]
    requeue(run, again)
    for back in again:
        run.journal.say(Level.WARNING, "never-arrived", back.task.order_id, operation=back.task.operation)


def _again(run: Run, task: HeldTask) -> Back:
    """Where the API was silent no order is to blame, so no try is counted; spaced, so that no outage is a storm."""
    if task.failure == Failure.TICKET_LOST:
        return Back(task, run.clock(), error=task.last_error, attempts=task.attempts)
    wait = timedelta(seconds=0 if task.silences == 0 else 30 * 2 ** min(task.silences, 7))
    attempts, silences = max(task.attempts - 1, 0), task.silences + 1
    return Back(task, run.clock() + wait, error=task.last_error, attempts=attempts, split=task.split, silences=silences)
