"""Celery for fleets of shops (optional): it spreads the stores that are due over workers, and decides nothing.

A project's Celery app finds these tasks by `autodiscover_tasks`; schedule `run_due_stores` every few seconds. A message
is a store's id and the token of its claim (`sfsync.engine.due`). The table is the truth: messages may be lost, come
twice or late, and are thrown away where nobody takes them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from celery import current_app, shared_task
from celery.signals import before_task_publish, celeryd_after_setup, worker_ready
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone
from kombu.exceptions import ChannelError

from sfsync.conf import conf
from sfsync.engine import due
from sfsync.engine.due import Claim
from sfsync.engine.kit.connections import Live
from sfsync.engine.kit.lease import Busy, give_back
from sfsync.engine.run import run_store as run_one
from sfsync.engine.watch.health import scheduler_sign
from sfsync.models.store import Mode
from sfsync.queues import DUE, RUNS, TROUBLED, queue

_live = Live()
LASTS = timedelta(minutes=5)
"""A message that no worker took for so long is worth nothing: its store is woken anew."""
AWAY = 60.0
"""Seconds that a worker waits for our database."""
BEAT_LASTS = 10.0
"""Seconds: the next one says the same."""
ON_THE_WAY = timedelta(seconds=10)
"""A message that is in no queue may be in a worker's hands for so long."""


@shared_task(ignore_result=True, acks_late=True, reject_on_worker_lost=True)
def run_store(store_id: int, wake: str) -> None:
    """One turn of one store, if the claim `wake` still holds. One that another worker runs is left to it."""
    store = due.claimed(store_id, wake)
    if store is None:
        return
    try:
        run_one(store, _live, turn=conf().turn_seconds)
    except Busy:
        return
    except (DatabaseError, InterfaceError):
        _wait_for_our_database()
        raise


def _wait_for_our_database() -> None:
    """What this process holds is given back as soon as that can be written down: it may not be asked again for long."""
    until = time.monotonic() + AWAY
    while time.monotonic() < until:
        try:
            give_back()
            break
        except (DatabaseError, InterfaceError):
            connection.close_if_unusable_or_obsolete()
            time.sleep(1)


@shared_task(ignore_result=True, expires=BEAT_LASTS)
def run_due_stores() -> int:
    """Wake the stores whose time has come, the longest overdue first, as many as workers will soon take. Returns how
    many."""
    now = timezone.now()
    scheduler_sign("celery", now)
    _throw_away_stale(now)
    claims = due.claim_for_workers(now, LASTS)
    _send(claims)
    return len(claims)


def wake(store_id: int) -> None:
    """Tell a worker that the store is due at once (`wake` in the settings). One that is on its way already is not told
    of twice; a broker that is away is no reason to wait: the next `run_due_stores` finds the store."""
    _send(due.claim(timezone.now(), 1, LASTS, only=[store_id]), retry=False)


def _send(claims: Sequence[Claim], **options: Any) -> None:
    """Those that cannot be sent are free again."""
    for number, each in enumerate(claims):
        try:
            run_store.apply_async(
                (each.store_id, each.wake), expires=LASTS.total_seconds(), queue=_queue_for(each), **options
            )
        except Exception:
            due.forget(due.marked().filter(store__in=[unsent.store_id for unsent in claims[number:]]))
            raise


def _queue_for(claim: Claim) -> str:
    """For workers of their own (`-Q`), where an operator wants that."""
    return TROUBLED if claim.troubled else queue("realtime" if claim.mode == Mode.REALTIME else "batch")


def _throw_away_stale(now: datetime) -> None:
    """Messages that nobody took in time stand before those that somebody would: all of them go. So do claims whose
    messages the broker lost."""
    marked = due.marked()
    if marked.filter(woken_until__lte=now).exists():
        for name in RUNS:
            _purge(name)
        due.forget(marked)
    lost = marked.filter(woken_until__lte=now + LASTS - ON_THE_WAY)
    if lost.exists() and not any(map(_waiting, RUNS)):
        due.forget(lost)


def _purge(name: str) -> None:
    with current_app.connection_for_write() as connection, connection.channel() as channel, suppress(ChannelError):
        channel.queue_purge(name)


def _waiting(name: str) -> int:
    """Messages that no worker took."""
    with current_app.connection_for_write() as connection, connection.channel() as channel:
        try:
            return int(channel.queue_declare(name, passive=True).message_count)
        except ChannelError:  # there is no such queue yet
            return 0


@before_task_publish.connect(sender="sfsync.tasks.run_due_stores")
def _replace(routing_key: str = "", **message: Any) -> None:
    """The newest beat says all that those before it said, which nobody took."""
    if routing_key == DUE:
        _purge(DUE)


@celeryd_after_setup.connect
def _take_ours(instance: Any, **setup: Any) -> None:
    """A worker that takes Celery's default queue takes ours too; any other takes the queues that it was told to."""
    queues = instance.app.amqp.queues
    if instance.app.conf.task_default_queue in queues.consume_from:
        for name in (DUE, *RUNS):
            queues.select_add(name)


@worker_ready.connect
def _begin(**worker: Any) -> None:
    """Nobody waits for the next beat."""
    run_due_stores.apply_async(queue=DUE)
