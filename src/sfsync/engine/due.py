"""Whose turn it is: asked by the service, and by Celery for a fleet."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from sfsync.models import Process, Store
from sfsync.models.process import SYNC
from sfsync.models.store import Mode

LONGEST_PAUSE = timedelta(days=1)
"""The longest `every_minutes`. A next run farther away was written by a clock that was set back since."""


def due_stores(now: datetime) -> QuerySet[Store]:
    """R7: real-time stores always, batch stores by their schedule or because a person asked."""
    waiting = Process.objects.filter(name=SYNC, next_run_at__gt=now, next_run_at__lte=now + LONGEST_PAUSE)
    unasked = waiting.filter(Q(run_asked_at=None) | Q(run_asked_at__lt=F("started_at")))
    return Store.objects.filter(enabled=True).exclude(mode=Mode.BATCH, pk__in=unasked.values("store"))
