"""Count what was sent, confirmed and failed by day, marketplace and operation, and the API's answers by status."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from django.utils import timezone

from sfsync.db.bulk import insert_rows
from sfsync.db.conflict import Conflict
from sfsync.domain.deadlines import is_in_time
from sfsync.domain.errors import Failure
from sfsync.domain.operations import kind_of
from sfsync.engine.kit.context import Run
from sfsync.models import AnswerFigure, DayFigure, Store
from sfsync.models.figure import WITHIN
from sfsync.models.held_task import HeldTask

_KEY = ("store", "day", "channel", "operation")
_COUNTS = ("sent", "confirmed", "failed", "refused", *WITHIN, "in_time", "too_late")
_ADD = Conflict(keys=("store_id", "day", "channel", "operation"), add=_COUNTS)

REFUSALS = {Failure.TICKET_FAILED, Failure.TICKET_CANCELED, Failure.IGNORED, Failure.REQUEST_REFUSED}
"""The failures that are an answer (R12, R16, R18): what was sent was turned down."""

_ADD_ANSWERS = Conflict(keys=("store_id", "status"), add=("requests",))


def note(
    run: Run,
    *,
    sent: Iterable[HeldTask] = (),
    confirmed: Iterable[HeldTask] = (),
    failed: Iterable[tuple[HeldTask, str, Failure]] = (),
) -> None:
    """Add to the day's figures, in one statement: tasks, and for failed ones their operation and why."""
    now = run.clock()
    figures: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(_COUNTS, 0))
    for task in sent:
        figures[task.channel, task.operation]["sent"] += 1
    for task in confirmed:
        figure = figures[task.channel, task.operation]
        figure["confirmed"] += 1
        if step := _step(task.sent_at, now):
            figure[step] += 1
        if (in_time := _in_time(task)) is not None:
            figure["in_time" if in_time else "too_late"] += 1
    for task, operation, failure in failed:
        figure = figures[task.channel, operation]
        figure["failed"] += 1
        figure["refused"] += failure in REFUSALS
    day = timezone.localdate(now).isoformat()
    rows = [(run.store.pk, day, *key, *figure.values()) for key, figure in sorted(figures.items())]
    insert_rows(DayFigure, (*_KEY, *_COUNTS), rows, conflict=_ADD)


def _in_time(task: HeldTask) -> bool | None:
    """R25: of what an order was told first."""
    first = not task.confirmed_operation and kind_of(task.operation).meets_deadline
    return is_in_time(task.sent_at, task.ship_by) if first else None


class InTime(NamedTuple):
    """What was told first of an order whose deadline was learned afterwards."""

    day: date
    channel: str
    operation: str
    in_time: bool


def note_in_time(store: Store, told: Iterable[InTime]) -> None:
    """Add to the figures of the days on which it was confirmed, in one statement."""
    figures: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for each in told:
        figures[each.day.isoformat(), each.channel, each.operation]["in_time" if each.in_time else "too_late"] += 1
    rows = [(store.pk, *key, *(figure[name] for name in _COUNTS)) for key, figure in sorted(figures.items())]
    insert_rows(DayFigure, (*_KEY, *_COUNTS), rows, conflict=_ADD)


def note_answers(store: Store, answers: Mapping[int, int]) -> None:
    """Add requests by the status they were answered with."""
    rows = [(store.pk, status, requests) for status, requests in sorted(answers.items())]
    insert_rows(AnswerFigure, ("store", "status", "requests"), rows, conflict=_ADD_ANSWERS)


def _step(sent_at: datetime | None, now: datetime) -> str:
    """The column of `WITHIN` that a confirmation counts in; empty beyond the last."""
    if sent_at is None:
        return ""
    seconds = (now - sent_at).total_seconds()
    return next((name for name, most in WITHIN.items() if seconds <= most), "")
