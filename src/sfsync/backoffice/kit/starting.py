"""Start a run from a page: in the background, so that nobody waits for a browser and no browser for a run.

`BACKOFFICE_STARTER` in a project's settings names another way, as a function of a store's id.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue

from django.conf import settings
from django.db import close_old_connections, connections, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from sfsync.engine.due import claim, due
from sfsync.engine.kit.connections import Live
from sfsync.engine.kit.lease import Busy
from sfsync.engine.people.at_once import ask_run
from sfsync.engine.run import run_store
from sfsync.engine.watch.health import scheduler_awake
from sfsync.models import Store

Job = Callable[[], None]
Go = Callable[[Job], None]
"""Has a job done, sooner or later."""
logger = logging.getLogger("sfsync.backoffice")

WAIT = 30.0
"""Seconds for which a run that a person started follows its tickets, at most: they are likely to look."""


def start(store: Store) -> None:
    """Once what was asked for is committed. A store that runs already is left alone."""
    ask_run(store)
    name = getattr(settings, "BACKOFFICE_STARTER", "sfsync.backoffice.kit.starting.in_a_thread")
    transaction.on_commit(partial(import_string(name), store.pk))


AT_ONCE = 4
"""Threads: the others wait for one of them, however many stores were asked for in one call."""
_waiting: SimpleQueue[Job] = SimpleQueue()
_free = threading.BoundedSemaphore(AT_ONCE)


def in_a_thread(store_id: int) -> None:
    in_few_threads(partial(at_once, store_id))


def in_few_threads(job: Job) -> None:
    _waiting.put(job)
    if _free.acquire(blocking=False):
        threading.Thread(target=_work, name="sfsync-run", daemon=True).start()


def _work() -> None:
    """Until nothing waits; what came in the last moment is not left behind."""
    while True:
        with suppress(Empty):
            while True:
                _apart(_waiting.get_nowait())
        _free.release()
        if _waiting.empty() or not _free.acquire(blocking=False):
            return


def at_once(store_id: int) -> None:
    """The caller waits. What goes wrong is in the store's own record."""
    outsides = Live()
    try:
        _run(store_id, outsides, WAIT)
    finally:
        outsides.close()


def run_due(go: Go = in_few_threads) -> None:
    """Run what is due by now, the longest overdue first, where nothing else is there to start runs: one store after the
    other in a few threads, so that a run that a person starts meanwhile soon has its turn."""
    now = timezone.now()
    if not scheduler_awake(now):
        for _ in range(AT_ONCE):
            go(partial(_run_next, now, go))


_live = Live()
"""Shared, so that the stores of one token are paced together."""
HANDED = timedelta(seconds=30)


def _run_next(by: datetime, go: Go) -> None:
    claims = claim(timezone.now(), 1, HANDED) if due(by).exists() else []
    for each in claims:
        _run(each.store_id, _live)
        go(partial(_run_next, by, go))


def _run(store_id: int, outsides: Live, wait: float = 0) -> None:
    try:
        run_store(Store.objects.get(pk=store_id), outsides, wait=wait)
    except Busy as busy:
        logger.info("store %s is held by %s", store_id, busy)
    except Exception:
        logger.exception("The run of store %s crashed", store_id)


def _apart(job: Job) -> None:
    """One that breaks takes no thread with it."""
    close_old_connections()
    try:
        job()
    except Exception:
        logger.exception("A run could not be started")
    finally:
        connections.close_all()
