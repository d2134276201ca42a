"""`sfsync run`: real-time stores as their changes come, batch stores on their schedule (R7), until SIGTERM."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from sfsync import texts
from sfsync.conf import conf
from sfsync.db.own_file import hold_to_file
from sfsync.domain.trouble import Trouble
from sfsync.engine import due
from sfsync.engine.due import Claim
from sfsync.engine.kit.connections import Connections, Live
from sfsync.engine.kit.lease import Busy
from sfsync.engine.kit.trouble import Stopped, stopped_by
from sfsync.engine.run import run_store
from sfsync.engine.watch.health import SIGN_EVERY, scheduler_leaves, scheduler_sign
from sfsync.models import Store
from sfsync_server.errors import USABLE_AGAIN
from sfsync_server.watch import Watch

logger = logging.getLogger("sfsync.service")
TIDY_EVERY = 60.0
"""Seconds."""
TICK = 1.0
"""Seconds: so soon at least a service sees what is due, and that it is to stop."""
AWAY = 5.0
"""Seconds between two tries, while our own database cannot be used."""
HANDED = timedelta(seconds=60)
"""What a service that is killed has claimed and not begun is another one's after so long."""


GOES_ON = "The service tries again until it can be used. Nothing was lost."


def give_back_free_memory() -> None:
    """To the system, where the C library can (glibc)."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


@dataclass(slots=True)
class Service:
    """Runs stores side by side, each one at a time, the longest overdue first."""

    poll_seconds: float
    connections: Connections
    workers: int = 4
    watch: Watch = field(default_factory=Watch)
    stopping: threading.Event = field(default_factory=threading.Event)
    heed: threading.Event = field(default_factory=threading.Event)
    more: bool = False
    away: bool = False
    under_way: set[int] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    signed_at: datetime | None = None
    tidied_at: float = field(default_factory=time.monotonic)
    name: str = field(default_factory=lambda: f"service {os.getpid()} on {socket.gethostname()}"[:128])

    @classmethod
    def from_settings(cls) -> Service:
        from sfsync_server.settings import ENVIRONMENT

        return cls(ENVIRONMENT.poll_seconds, Live(), ENVIRONMENT.workers, Watch(Live()))

    def run(self) -> None:
        """Until a signal: then no new run starts, those under way come to their end, and the command returns."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        with ThreadPoolExecutor(self.workers, thread_name_prefix="store") as pool:
            while not self.stopping.is_set():
                self.go_round(pool)
        self.watch.close()
        self.connections.close()
        with suppress(DatabaseError, InterfaceError):  # the sign grows old by itself
            scheduler_leaves(self.name)

    def go_round(self, pool: ThreadPoolExecutor) -> None:
        """Our own database may go away and come back: nobody has to start the service anew for it."""
        try:
            self.start_due(pool)
            wait = self.watch.look_around(self.poll_seconds, self.heed.set)
        except (DatabaseError, InterfaceError) as error:
            self.is_away(error)
            self.stopping.wait(AWAY)
        else:
            self.is_back()
            self.heed.wait(min(wait, TICK))

    def is_away(self, error: Exception) -> None:
        """Said once. Raises what is a mistake of ours, or of who upgraded, and would not pass."""
        stopped = stopped_by(error)
        if stopped.trouble is Trouble.CRASHED:
            raise error
        if not self.away:
            logger.error("%s %s", texts.sentence(stopped.trouble, {"message": stopped.detail}), GOES_ON)
        self.away = True

    def is_back(self) -> None:
        if self.away:
            logger.warning(USABLE_AGAIN)
        self.away = False

    def start_due(self, pool: ThreadPoolExecutor) -> bool:
        """Returns whether more may be due than workers are free: then the next one that is free is heeded at once."""
        close_old_connections()
        hold_to_file()
        self.tidy()
        now = timezone.now()
        self.sign(now)
        self.heed.clear()
        self.take_up_again()
        free = self.workers - len(self.under_way)
        claims = due.claim(now, free, HANDED) if free else []
        for each in claims:
            self.under_way.add(each.store_id)
            pool.submit(self.one, each)
        self.more = len(claims) == free
        return self.more

    def take_up_again(self) -> None:
        """What was claimed, and could not begin because our database was away, is due at once."""
        if dropped := list(self.dropped):
            due.forget(due.marked().filter(wake__in=dropped))
            self.dropped.difference_update(dropped)

    def tidy(self) -> None:
        """A run leaves some thousands of values in cycles, which Python would keep for hours as the commands set it
        (`collect_less_garbage`): 20 MB a minute with fifty real-time stores. And what each thread has freed the C
        library keeps for it: as much as the largest passes of all threads needed together."""
        if time.monotonic() - self.tidied_at >= TIDY_EVERY:
            gc.collect()
            give_back_free_memory()
            self.tidied_at = time.monotonic()

    def sign(self, now: datetime) -> None:
        """People are shown when the next run is only while somebody is there to start it."""
        if self.signed_at is None or now - self.signed_at >= SIGN_EVERY:
            self.signed_at = now
            scheduler_sign(self.name, now)

    def one(self, claim: Claim) -> None:
        """A turn of one store; whatever happens to it is in its own record, once it could be read."""
        try:
            if store := due.claimed(claim.store_id, claim.wake):
                self.turn(store, claim)
        except Exception as error:
            if isinstance(error, (DatabaseError, InterfaceError)):
                self.dropped.add(claim.wake)
            broke_off(f"store {claim.store_id}", error)
        finally:
            close_old_connections()
            self.under_way.discard(claim.store_id)
            if self.more:
                self.heed.set()

    def turn(self, store: Store, claim: Claim) -> None:
        try:
            result = run_store(store, self.connections, stop=self.stopping.wait, turn=conf().turn_seconds)
            unmailed = [Stopped(Trouble.MAIL_FAILED, result.unmailed)] if result.unmailed else []
            for stopped in [*result.troubles, *unmailed]:
                say(store.name, stopped)
            if result.ok and claim.troubled:
                logger.warning("%s works again.", store.name)
        except Busy as busy:
            logger.info("%s is held by %s", store.name, busy)
        except Exception as error:
            broke_off(store.name, error)


def broke_off(name: str, error: Exception) -> None:
    stopped = stopped_by(error)
    if stopped.trouble is Trouble.CRASHED:
        logger.error("The run of %s crashed", name, exc_info=error)
    else:
        say(name, stopped)


def say(name: str, stopped: Stopped) -> None:
    logger.error("%s: %s", name, texts.sentence(stopped.trouble, {"message": stopped.detail}))
