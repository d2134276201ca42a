"""`sfsync run`: real-time stores as their changes come, batch stores on their schedule (R7), until SIGTERM."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import close_old_connections
from django.utils import timezone

from sfsync import texts
from sfsync.db.own_file import leave_replaced_file
from sfsync.domain.trouble import Trouble
from sfsync.engine.due import due_stores
from sfsync.engine.kit.connections import Connections, Live
from sfsync.engine.kit.lease import Busy
from sfsync.engine.kit.trouble import Stopped, stopped_by
from sfsync.engine.run import run_store
from sfsync.engine.watch.health import SIGN_EVERY, scheduler_leaves, scheduler_sign
from sfsync.models import Store

logger = logging.getLogger("sfsync.service")
WORKERS = 4
LONGEST_PAUSE = 60.0
"""Seconds: a real-time store in trouble is tried less and less often, but so often at least."""
TIDY_EVERY = 60.0
"""Seconds."""


@dataclass(slots=True)
class Turn:
    """A store's runs in this service: the one under way, and when the next may start."""

    under_way: Future[bool] | None = None
    failures: int = 0
    not_before: datetime | None = None


@dataclass(slots=True)
class Service:
    """Runs stores side by side, each one at a time, and never lets a slow one hold up the others."""

    poll_seconds: float
    connections: Connections
    stopping: threading.Event = field(default_factory=threading.Event)
    turns: dict[int, Turn] = field(default_factory=dict)
    signed_at: datetime | None = None
    tidied_at: float = field(default_factory=time.monotonic)
    name: str = field(default_factory=lambda: f"service {os.getpid()} on {socket.gethostname()}"[:128])

    @classmethod
    def from_settings(cls) -> Service:
        from sfsync_server.settings import ENVIRONMENT

        return cls(ENVIRONMENT.poll_seconds, Live())

    def run(self) -> None:
        """Until a signal: then no new run starts, those under way come to their end, and the command returns."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="store") as pool:
            while not self.stopping.is_set():
                self.start_due(pool)
                self.stopping.wait(self.poll_seconds)
        scheduler_leaves(self.name)
        self.connections.close()

    def start_due(self, pool: ThreadPoolExecutor) -> None:
        close_old_connections()
        leave_replaced_file()
        self.tidy()
        now = timezone.now()
        self.sign(now)
        for store in due_stores(now).only("name", "mode"):
            turn = self.turns.setdefault(store.pk, Turn())
            if turn.under_way and turn.under_way.done():
                self.note(turn, turn.under_way.result(), now)
            if not turn.under_way and (turn.not_before is None or turn.not_before <= now):
                turn.under_way = pool.submit(self.one, store, turn)

    def tidy(self) -> None:
        """A run leaves some thousands of values in cycles, which Python would keep for hours as the commands set it
        (`collect_less_garbage`): 20 MB a minute with fifty real-time stores."""
        if time.monotonic() - self.tidied_at >= TIDY_EVERY:
            gc.collect()
            self.tidied_at = time.monotonic()

    def sign(self, now: datetime) -> None:
        """People are shown when the next run is only while somebody is there to start it."""
        if self.signed_at is None or now - self.signed_at >= SIGN_EVERY:
            self.signed_at = now
            scheduler_sign(self.name, now)

    def note(self, turn: Turn, well: bool, now: datetime) -> None:
        turn.under_way = None
        turn.failures = 0 if well else turn.failures + 1
        pause = min(self.poll_seconds * 2**turn.failures, LONGEST_PAUSE) if turn.failures else 0
        turn.not_before = now + timedelta(seconds=pause)

    def one(self, store: Store, turn: Turn) -> bool:
        """One run of a store; whatever happens to it is in its own record."""
        try:
            store = Store.objects.get(pk=store.pk)
            result = run_store(store, self.connections, stop=self.stopping.wait)
            unmailed = [Stopped(Trouble.MAIL_FAILED, result.unmailed)] if result.unmailed else []
            for stopped in [*result.troubles, *unmailed]:
                logger.error("%s: %s", store.name, texts.sentence(stopped.trouble, {"message": stopped.detail}))
            if result.ok and turn.failures:
                logger.warning("%s works again.", store.name)
            return result.ok
        except Busy as busy:
            logger.info("%s is held by %s", store.name, busy)
            return True
        except Exception as error:
            stopped = stopped_by(error)
            if stopped.trouble is Trouble.CRASHED:
                logger.exception("The run of %s crashed", store.name)
            else:
                logger.error("%s: %s", store.name, texts.sentence(stopped.trouble, {"message": stopped.detail}))
            return False
        finally:
            close_old_connections()
