"""Start a run from a page: in the background, so that nobody waits for a browser and no browser for a run.

`BACKOFFICE_STARTER` in a project's settings names another way, as a function of a store's id.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue

from django.conf import settings
from django.db import close_old_connections, connections, transaction
from django.utils.module_loading import import_string

from sfsync.engine.kit.connections import Live
from sfsync.engine.kit.lease import Busy
from sfsync.engine.people.at_once import ask_run
from sfsync.engine.run import run_store
from sfsync.models import Store

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
_waiting: SimpleQueue[int] = SimpleQueue()
_free = threading.BoundedSemaphore(AT_ONCE)


def in_a_thread(store_id: int) -> None:
    in_few_threads(store_id, _apart)


def in_few_threads(store_id: int, run: Callable[[int], None]) -> None:
    _waiting.put(store_id)
    if _free.acquire(blocking=False):
        threading.Thread(target=_work, args=(run,), name="sfsync-run", daemon=True).start()


def _work(run: Callable[[int], None]) -> None:
    """Until nothing waits; what came in the last moment is not left behind."""
    while True:
        with suppress(Empty):
            while True:
                run(_waiting.get_nowait())
        _free.release()
        if _waiting.empty() or not _free.acquire(blocking=False):
            return


def at_once(store_id: int) -> None:
    """The caller waits. What goes wrong is in the store's own record."""
    outsides = Live()
    try:
        run_store(Store.objects.get(pk=store_id), outsides, wait=WAIT)
    except Busy as busy:
        logger.info("store %s is held by %s", store_id, busy)
    except Exception:
        logger.exception("The run of store %s crashed", store_id)
    finally:
        outsides.close()


def _apart(store_id: int) -> None:
    close_old_connections()
    try:
        at_once(store_id)
    finally:
        connections.close_all()
