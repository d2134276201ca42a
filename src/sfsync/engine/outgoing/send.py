"""Send what was decided (R12, R13): committed as sent before it leaves, and every answer written down.

The order of things is the promise. A request is *marked* (its tasks become `CHECK_TICKET_SYNC_STATUS` with a request
key, committed), then it leaves, then its answer is *recorded*. A run that dies in between leaves marked tasks without a
batch: those are never sent again before the ticket list was asked (`ask`).
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from sfsync.db.among import among
from sfsync.db.bulk import compare_and_set, delete_rows
from sfsync.domain.backoff import look_after
from sfsync.domain.errors import Failure
from sfsync.domain.operations import kind_of
from sfsync.engine.find.outbox import Look, look_again
from sfsync.engine.kit.context import Run
from sfsync.engine.kit.day_figures import note
from sfsync.engine.kit.lease import LeaseLost
from sfsync.engine.outgoing.conclude import Back, Failed, fail, requeue
from sfsync.engine.outgoing.prepare import Prepared
from sfsync.models import Action, Task
from sfsync.models.held_task import HeldTask
from sfsync.models.log import Level
from shoppingfeed import (
    Accepted,
    AmbiguousError,
    ApiError,
    InvalidRequestError,
    NotFoundError,
    NotSentError,
    OrderOperation,
    Outcome,
    RateLimitedError,
    ShoppingFeedError,
)

SOON = timedelta(seconds=15)
PATIENCE = 3
"""Requests in a row that may go unanswered before this run stops sending."""


def send(run: Run, prepared: list[Prepared]) -> None:
    """Send prepared tasks in as few requests as their operations allow. Raises what stops the whole store."""
    Sending(run, prepared).run_all()


def requests_of(prepared: list[Prepared]) -> Iterator[list[Prepared]]:
    """Requests of one operation and at most 100 items, smaller where an earlier one was refused or never answered."""
    groups: dict[tuple[str, int], list[Prepared]] = defaultdict(list)
    for each in prepared:
        groups[each.send.operation, request_size(each.task)].append(each)
    for (operation, most), group in groups.items():
        size = min(most, kind_of(operation).at_once)
        for start in range(0, len(group), size):
            yield group[start : start + size]


def request_size(task: HeldTask) -> int:
    """100, 25, 6, 1: one bad order is found by splitting, a silence only splits when it repeats."""
    return (100, 25, 6, 1)[min(max(task.split, task.silences // 2), 3)]


class Sending:
    """One call of `send`: the requests under way, and how many in a row went unanswered. `away`: one could not even
    leave; where none was answered, the API is in trouble, however few they were."""

    def __init__(self, run: Run, prepared: list[Prepared]) -> None:
        self.run, self.prepared = run, prepared
        self.under_way: dict[int, list[HeldTask]] = {}
        self.unanswered = 0
        self.answered = False
        self.away: ShoppingFeedError | None = None
        self.stop: ShoppingFeedError | None = None

    def run_all(self) -> None:
        expires = self.run.lease.length.total_seconds() / 2
        for outcome in self.run.feed.send_many(self.outgoing(), expires_after=expires):
            self.record(self.under_way.pop(id(outcome.batch)), outcome)
        trouble = self.stop or (None if self.answered else self.away)
        if trouble:
            raise trouble

    def outgoing(self) -> Iterator[list[OrderOperation]]:
        for request in requests_of(self.prepared):
            if self.stop:
                return
            self.run.lease.beat("send")
            won = self.mark(request)
            if won:
                items = [each.item for each in won]
                self.under_way[id(items)] = [each.task for each in won]
                yield items

    def mark(self, request: list[Prepared]) -> list[Prepared]:
        """Commit the attempt before it leaves. Only the intentions that this run still holds go out."""
        key, now = secrets.token_hex(16), self.run.clock()
        for each in request:
            _mark(each, key, now)
        same = _marked(request[0].task)
        fresh = [each for each in request if not each.before]
        if len(fresh) == len(request) and not any(each.look for each in request):
            return self.become(fresh, same)
        with transaction.atomic():
            won = [*self.become(fresh, same), *self.rise([each for each in request if each.before], same)]
            look_again(self.run, [each.look for each in won if each.look])
        return won

    def become(self, fresh: list[Prepared], same: Mapping[str, Any]) -> list[Prepared]:
        """Intentions become their fact, in place."""
        old = (self.run.lease.token, Action.SYNC.value)
        rows = [(each.task.pk, *_of_fact(each.task), *old) for each in fresh]
        first = {**same, "attempts": 1}
        won = set(compare_and_set(Task, ("id", *_OF_FACT), rows, same=first, expect=("lease", "action")))
        return [each for each in fresh if each.task.pk in won]

    def rise(self, again: list[Prepared], same: Mapping[str, Any]) -> list[Prepared]:
        """Set-aside facts fly again, and their intentions go. One that a person has just touched is looked at again."""
        held = (self.run.lease.token, Action.SYNC.value)
        gone = set(delete_rows(Task, ("id", "lease", "action"), [(each.task.pk, *held) for each in again]))
        mine = [each for each in again if each.task.pk in gone]
        columns = ("id", *_OF_FACT, *_OF_TRIES)
        rows = [(*_tries_of(each), each.before.action, each.before.episode) for each in mine if each.before]
        same = {**same, "lease": self.run.lease.token, "ticket_number": "", **_NOT_FAILED}
        won = set(compare_and_set(Task, columns, rows, same=same, expect=("action", "episode")))
        for each in mine:
            each.task.pk = each.before.pk if each.before else 0
        now = self.run.clock()
        lost = [each.task for each in mine if each.task.pk not in won]
        look_again(self.run, [Look(task.order_id, task.since, now) for task in lost])
        return [each for each in mine if each.task.pk in won]

    def record(self, tasks: list[HeldTask], outcome: Outcome) -> None:
        with transaction.atomic():
            if outcome.accepted:
                self.unanswered, self.answered = 0, True
                self.accepted(tasks, outcome.accepted)
            else:
                self.refused(tasks, outcome.error or AmbiguousError("no outcome"))
            self.run.journal.flush()

    def accepted(self, tasks: list[HeldTask], accepted: Accepted) -> None:
        """R14, R12."""
        ignored = dict(_ignored(tasks, accepted))
        good = [task for task in tasks if task.pk not in ignored]
        bad = [Failed(task, Failure.IGNORED, ignored[task.pk]) for task in tasks if task.pk in ignored]
        self.ticketed(good, accepted.batch_id)
        fail(self.run, bad)
        note(self.run, sent=good)
        self.run.tally.counts.sent += len(good)

    def ticketed(self, tasks: list[HeldTask], batch_id: str) -> None:
        now, token = self.run.clock(), self.run.lease.token
        held = Task.objects.filter(pk__in=among(task.pk for task in tasks), lease=token, action=Action.CHECK)
        written = held.update(batch_id=batch_id, lease="", update_at=now + look_after(0), looks=0, date_upd=now)
        if tasks and not written:
            raise LeaseLost
        for task in tasks:
            params = {"operation": task.operation, "batch": batch_id, "payload": task.payload}
            self.run.journal.say(Level.INFO, "sent", task.order_id, **params)

    def refused(self, tasks: list[HeldTask], error: ShoppingFeedError) -> None:
        match error:
            case InvalidRequestError():
                self.unanswered, self.answered = 0, True
                self.split(tasks, error)
            case NotSentError() | RateLimitedError():
                self.hand_back(tasks, error)
                self.away = error
                self.count_silence(error)
            case NotFoundError() if len(tasks) > 1 and self.run.knows_store():
                self.split(tasks, error)
            case NotFoundError() if self.run.knows_store():
                fail(self.run, [Failed(tasks[0], Failure.REQUEST_REFUSED, error.detail or str(error))])
            case ApiError():
                self.hand_back(tasks, error)
                self.stop = error
            case _:
                self.unknown(tasks, error)
                self.count_silence(error)

    def split(self, tasks: list[HeldTask], error: ApiError) -> None:
        """One order in it makes the API refuse the whole request: find it by smaller requests."""
        reason = error.detail or error.title or str(error)
        if len(tasks) == 1:
            fail(self.run, [Failed(tasks[0], Failure.REQUEST_REFUSED, reason)])
            return
        now = self.run.clock()
        deeper = [
            Back(task, now, attempts=task.attempts - 1, split=task.split + 1, silences=task.silences) for task in tasks
        ]
        requeue(self.run, deeper)
        self.run.journal.say(Level.WARNING, "request-split", orders=len(tasks), message=reason)

    def hand_back(self, tasks: list[HeldTask], error: ShoppingFeedError) -> None:
        """It did not arrive, and no order is to blame: tried again soon, at no cost to the task."""
        at = self.run.clock() + max(timedelta(seconds=self.run.conf.ticket_lag_seconds), SOON)
        backs = [
            Back(task, at, error=str(error), attempts=task.attempts - 1, split=task.split, silences=task.silences)
            for task in tasks
        ]
        requeue(self.run, backs)
        self.run.journal.say(Level.WARNING, "not-sent", orders=len(tasks), message=str(error))

    def unknown(self, tasks: list[HeldTask], error: ShoppingFeedError) -> None:
        """R13: it may have arrived. `ask` finds out."""
        held = Task.objects.filter(pk__in=among(task.pk for task in tasks), lease=self.run.lease.token)
        held.update(lease="", last_error=str(error))
        for task in tasks:
            self.run.journal.say(
                Level.WARNING, "no-answer", task.order_id, operation=task.operation, message=str(error)
            )

    def count_silence(self, error: ShoppingFeedError) -> None:
        self.unanswered += 1
        if self.unanswered >= PATIENCE or isinstance(error, RateLimitedError):
            self.stop = error


def _ignored(tasks: list[HeldTask], accepted: Accepted) -> Iterator[tuple[int, str]]:
    """Task id and message of what the API ignored: by order id; without one by reference, where only one task fits."""
    by_id = {each.order_id: each.message for each in accepted.ignored if each.order_id}
    yield from ((task.pk, by_id[task.feed_id]) for task in tasks if task.feed_id in by_id)
    for each in accepted.ignored:
        if not each.order_id and each.reference:
            same = [task for task in tasks if task.reference == each.reference]
            named = [task for task in same if task.channel.casefold() == each.channel.casefold()]
            yield from ((task.pk, each.message) for task in (named or same) if len(named or same) == 1)


_OF_FACT = ("more", "status", "shop_order", "tracking_number", "payload")
_NOT_FAILED = {"failure": "", "last_error": "", "failed_at": None, "closed_at": None}
_OF_TRIES = ("since", "attempts", "split", "silences", "former_ticket")


def _of_fact(task: HeldTask) -> tuple[object, ...]:
    return (task.more, task.status, task.shop_order_id, task.tracking_number, task.payload)


def _tries_of(prepared: Prepared) -> tuple[object, ...]:
    task, row = prepared.task, prepared.before
    tries = (task.since, task.attempts, task.split, task.silences, task.former_ticket)
    return (row.pk if row else 0, *_of_fact(task), *tries)


def _marked(task: HeldTask) -> dict[str, Any]:
    """What is the same for all facts of one request. They have not been looked for yet (R13)."""
    same = {name: getattr(task, name) for name in ("action", "operation", "lane", "request_key")}
    return same | {"looks": 0} | dict.fromkeys(("sent_at", "update_at", "date_upd"), task.sent_at)


def _mark(prepared: Prepared, key: str, now: datetime) -> None:
    task, item = prepared.task, prepared.item
    task.action, task.request_key, task.sent_at = Action.CHECK, key, now
    task.operation, task.tracking_number = prepared.send.operation, prepared.send.key
    task.lane = kind_of(task.operation).lane
    task.more = prepared.send.more
    task.status, task.shop_order_id = prepared.status, prepared.shop_order_id
    task.payload = item.payload()
    task.attempts += 1
