"""Whose turn it is: asked by the service, and by Celery for a fleet."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Min, Q, QuerySet

from sfsync.engine.kit.agenda import Agenda
from sfsync.models import Hint, Process, Store, Task
from sfsync.models.hint import LATELY
from sfsync.models.process import SYNC
from sfsync.models.store import Mode

LONGEST_PAUSE = timedelta(days=1)
"""The longest `every_minutes`. A next run farther away was written by a clock that was set back since."""


NET = timedelta(minutes=5)
"""So often a shop whose bridge is heard is looked at all the same: a hint may be lost, and SQL gives none."""


def due_stores(now: datetime) -> QuerySet[Store]:
    """R7: real-time stores always, or when their bridge says so; batch stores by their schedule; any store because a
    person asked."""
    waiting = Process.objects.filter(name=SYNC, next_run_at__gt=now, next_run_at__lte=now + LONGEST_PAUSE)
    unasked = waiting.filter(Q(run_asked_at=None) | Q(run_asked_at__lt=F("started_at")))
    waits = Q(mode=Mode.BATCH) | Q(state__heard_at__gt=now - LATELY)
    return Store.objects.filter(enabled=True).exclude(waits, pk__in=unasked.values("store"))


def next_run(store: Store, now: datetime, rest: Agenda, *, well: bool) -> datetime:
    """When a store whose run has just ended is due by the clock. `rest`: what it left to do. One that did not go `well`
    is due at once: how often it is tried is the business of who starts it."""
    heard = store.state.heard_at
    if store.mode == Mode.BATCH or heard is None or heard <= now - LATELY:
        return now + timedelta(minutes=store.every_minutes)
    if rest.due or rest.to_look_at or not well:
        return now
    tasks = Task.objects.filter(store=store, update_at__gt=now).moving().aggregate(at=Min("update_at"))
    hints = Hint.objects.filter(store=store, look_at__isnull=False).aggregate(at=Min("look_at"))
    first: list[datetime] = [each for each in (tasks["at"], hints["at"]) if each]
    return min([now + NET, *first])
