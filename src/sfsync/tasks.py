"""Celery shells for fleets of shops (optional). They carry ids only: the task table stays the truth.

A project's Celery app finds them by `autodiscover_tasks`; schedule `run_due_stores` as often as the shortest interval.
"""

from __future__ import annotations

from celery import shared_task
from django.db.models import Q
from django.utils import timezone

from sfsync.engine.due import due_stores
from sfsync.engine.kit.connections import Live
from sfsync.engine.kit.lease import Busy
from sfsync.engine.run import run_store as run_one
from sfsync.engine.watch.health import scheduler_sign
from sfsync.models import Process
from sfsync.models.process import SYNC

_live = Live()
EXPIRES = 60.0
"""Seconds after which a message that no worker took is dropped: the store is still due, and is woken again."""


@shared_task(ignore_result=True)
def run_store(store_id: int) -> None:
    """One run of one store, if it is still due. One that another worker holds is left to it."""
    store = due_stores(timezone.now()).filter(pk=store_id).first()
    if store is None:
        return
    try:
        run_one(store, _live)
    except Busy:
        return


@shared_task(ignore_result=True)
def run_due_stores() -> int:
    """Wake a run of every store whose time has come. Returns how many."""
    now = timezone.now()
    scheduler_sign("celery", now)
    held = Process.objects.filter(~Q(holder=""), name=SYNC, lease_until__gt=now)
    due = list(due_stores(now).exclude(pk__in=held.values("store")).values_list("pk", flat=True))
    for store_id in due:
        run_store.apply_async((store_id,), expires=EXPIRES)
    return len(due)


def wake(store_id: int) -> None:
    """Tell a worker that the store is due at once (`wake` in the settings). A broker that is away is no reason to
    wait: the next `run_due_stores` finds the store."""
    run_store.apply_async((store_id,), expires=EXPIRES, retry=False)
