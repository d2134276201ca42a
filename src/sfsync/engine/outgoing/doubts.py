"""Before a reading is judged: an older answer is asked again, an order that is not there, or that lost a row of its
history, is read once more, and a shop that lost many of them is not believed at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sfsync.db.bulk import update_rows
from sfsync.domain.readings import AGAIN, OLD_ANSWERS, SURE, Answer, Before, vanished
from sfsync.domain.trouble import Trouble
from sfsync.engine.find.outbox import write_seen
from sfsync.engine.kit.context import Run
from sfsync.engine.kit.trouble import Doubted
from sfsync.engine.outgoing.reading import Reading
from sfsync.models import Order, Task
from sfsync.models.held_task import HeldTask

Answers = Mapping[int, Sequence[Answer]]
"""Marketplace order → what was answered of its shop orders."""
_DOUBTED = (Answer.ABSENT, Answer.CUT, Answer.UNLISTED)
"""Believed when it is still so a while later."""


def decidable(run: Run, tasks: list[HeldTask], reading: Reading, asked_at: datetime) -> list[HeldTask]:
    """The tasks that this reading decides; the others wait for another one, which costs them no try. `asked_at`: when
    the shop was asked, for an answer proves nothing of the time after.

    What the shop says that was not seen before is written down, and looked at again: the block that it lies in was
    counted before. Raises `Doubted`; then nothing was decided.
    """
    now = run.clock()
    answers = {pk: [_answer(reading, each, asked_at) for each in its] for pk, its in reading.before.items()}
    _believe(tasks, answers)
    _write_down(run, reading, answers, now)
    later = {task.pk: wait for task in tasks if (wait := _wait(answers.get(task.order_id, ())))}
    _ask_again(run, [task for task in tasks if task.pk in later], later, now)
    return [task for task in tasks if task.pk not in later]


def _answer(reading: Reading, before: Before, asked_at: datetime) -> Answer:
    if before.key in reading.unlisted:
        return Answer.UNLISTED
    return before.answer(reading.snapshots.get(before.key), asked_at, reading.removed)


def _believe(tasks: list[HeldTask], answers: Answers) -> None:
    """An order that is there, and that the shop's module does not list any more, is as gone as one that is not."""
    every = [each for its in answers.values() for each in its]
    absent = sum(each in (Answer.ABSENT, Answer.GONE, Answer.UNLISTED) for each in every)
    if vanished(len(every), absent):
        raise Doubted(Trouble.ORDERS_VANISHED, f"{absent} of {len(every)} orders were not found.")
    stubborn = [task for task in tasks if task.looks >= OLD_ANSWERS and Answer.OLDER in answers.get(task.order_id, ())]
    if stubborn:
        raise Doubted(Trouble.SHOP_ANSWERS_OLD, f"First seen with {stubborn[0].reference}.")


def _write_down(run: Run, reading: Reading, answers: Answers, now: datetime) -> None:
    """In almost every reading there is nothing to write."""
    told = [
        (before, answer) for pk, its in answers.items() for before, answer in zip(reading.before[pk], its, strict=True)
    ]
    news = {before.pk: reading.snapshots[before.key].seen for before, answer in told if answer is Answer.NEWS}
    doubted = [before.pk for before, answer in told if answer in _DOUBTED and before.doubted_at is None]
    if news:
        write_seen(run, news, look_again=True)
    if doubted:
        Order.objects.filter(pk__in=doubted).update(doubted_at=now)


def _wait(answers: Sequence[Answer]) -> timedelta | None:
    if Answer.OLDER in answers:
        return AGAIN
    return SURE if Answer.ABSENT in answers or Answer.CUT in answers else None


def _ask_again(run: Run, tasks: list[HeldTask], later: Mapping[int, timedelta], now: datetime) -> None:
    rows = [(task.pk, now + later[task.pk], _looks(task, later), "", run.lease.token) for task in tasks]
    update_rows(Task, ("id", "update_at", "looks", "lease"), rows, expect=("lease",))


def _looks(task: HeldTask, later: Mapping[int, timedelta]) -> int:
    return task.looks + 1 if later[task.pk] is AGAIN else task.looks
