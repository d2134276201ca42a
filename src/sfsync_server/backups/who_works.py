"""Who works with our own database, by its own rows: the runs under way, and what starts them by the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sfsync.engine.kit.lease import held_by
from sfsync.engine.watch.health import SIGN_EVERY
from sfsync.models import Process, Scheduler

LIVES = 3 * SIGN_EVERY
"""A scheduler that gave no sign for so long is taken for dead: one that was killed takes no leave."""


def at_work(now: datetime) -> list[str]:
    """Each named, with since when, or when it was last seen. The back office leaves no row, nor does an idle worker."""
    return [*_schedulers(now), *_runs(now)]


def _schedulers(now: datetime) -> Iterator[str]:
    for sign in Scheduler.objects.filter(seen_at__gt=now - LIVES).order_by("name"):
        seconds = max(0, round((now - sign.seen_at).total_seconds()))
        yield f"{sign.name} (seen {seconds} s ago)"


def _runs(now: datetime) -> Iterator[str]:
    for process in Process.objects.exclude(holder="").select_related("store").order_by("pk"):
        if process.running(now):
            yield f"the {process.name} of {process.store.name} ({held_by(process)})"
