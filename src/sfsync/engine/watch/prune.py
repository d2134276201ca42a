"""Forget what is old *and* finished: log entries and mailed notices. A task is never pruned (fault 6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from sfsync.engine.kit.future_dates import passed
from sfsync.models import Hint, LogEntry, Notice, Store
from sfsync.models.act import forget_old

EVERY = timedelta(days=1)
CHUNK = 5000
MOST = 200_000
"""Of one run."""
_PASSING = Q(key__startswith="failed:") | Q(key__startswith="slow:") | Q(key__startswith="trouble:")
"""Notices of one occasion. The others are told once in an order's life (R8, R9), so they are remembered."""


def prune(store: Store, now: datetime, beat: Callable[[], None]) -> int:
    """Once a day, from the second one on. Returns how many log entries went (R21: retention).

    `beat` keeps the run's lease between two pieces. A log of millions is left for the next runs, a part to each, so
    that nothing waits for it.
    """
    if not passed(store.state.pruned_at or min(store.created_at, now), now, EVERY):
        return 0
    before = now - timedelta(days=store.log_days)
    old = LogEntry.objects.filter(store=store, at__lt=before).order_by("id").values_list("pk", flat=True)
    gone = 0
    while ids := list(old[:CHUNK]):
        beat()
        gone += LogEntry.objects.filter(pk__in=ids).delete()[0]
        if gone >= MOST:
            return gone
    store.state.pruned_at = now
    store.state.save(update_fields=["pruned_at"])
    Notice.objects.filter(_PASSING, store=store, mailed_at__lt=before).delete()
    Hint.objects.filter(store=store, at__lt=now - EVERY).delete()
    forget_old(now)
    return gone
