"""Holding a process of a store: taken by compare and set, kept by a heartbeat, lost without harm (R22)."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from sfsync.db.process_identity import born, machine
from sfsync.models import Process, Store
from sfsync.models.process import SYNC
from sfsync.texts import stamp

Clock = Callable[[], datetime]
_unsaid: set[str] = set()
"""The tokens of runs of this process that are over, and could not say so."""


class Busy(Exception):
    """Another run holds the process. The message says which, where, and since when."""


class LeaseLost(Exception):
    """This run was silent for longer than its lease and another one took over: it must stop at once."""

    def __str__(self) -> str:
        return "This run was held up for longer than its lease and another one took over; it stopped without harm."


@dataclass(slots=True)
class Lease:
    """A process that this run holds. `token` also marks the tasks that it claims."""

    store: Store
    name: str
    token: str
    length: timedelta
    clock: Clock
    taken_at: datetime = field(init=False)
    _beaten: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.taken_at = self._beaten = self.clock()

    def beat(self, progress: str = "", *, now: bool = False) -> None:
        """Keep the lease alive: writes when an eighth of it has passed, or `now`. Raises `LeaseLost`."""
        instant = self.clock()
        if not now and instant - self._beaten < self.length / 8:
            return
        if not Process.objects.extend(self.store, self.name, self.token, instant + self.length, progress):
            raise LeaseLost
        self._beaten = instant

    @contextmanager
    def writing(self, progress: str = "") -> Iterator[None]:
        """A transaction that no other run can get ahead of: the lease is checked, and held, first. Raises `LeaseLost`.

        For writes that do not compare what they replace.
        """
        with transaction.atomic():
            self.beat(progress, now=True)
            yield

    def release(self, at: datetime | None = None, **result: object) -> bool:
        """Free the process. `at`: when the run ended, now unless told otherwise."""
        return Process.objects.release(self.store, self.name, self.token, finished_at=at or self.clock(), **result)

    @contextmanager
    def saying_the_end(self) -> Iterator[None]:
        """What breaks off in here is made up for by the next run of this process (`give_back`)."""
        try:
            yield
        except Busy:
            raise
        except BaseException:
            _unsaid.add(self.token)
            raise


def take(store: Store, clock: Clock, length: timedelta, name: str = SYNC) -> Lease:
    """Hold a process of a store: one statement where it is free. Raises `Busy`."""
    lease = Lease(store, name, secrets.token_hex(16), length, clock)
    now = lease.taken_at
    pid = os.getpid()
    run = {"machine": machine(), "host": socket.gethostname(), "pid": pid, "born": born(pid)}
    run |= {"started_at": now, "lease_until": now + length}
    give_back()
    with lease.saying_the_end():
        return _taken(lease, run)


def _taken(lease: Lease, run: dict[str, Any]) -> Lease:
    """An answer that got lost may have said yes."""
    store, name, now = lease.store, lease.name, lease.taken_at
    if Process.objects.take(store, name, lease.token, run):
        return lease
    process = Process.objects.get_or_create(store=store, name=name)[0]
    if process.holder and not process.gone(now):
        raise Busy(held_by(process))
    if not Process.objects.take(store, name, lease.token, run, former=process.holder):
        process.refresh_from_db()
        raise Busy(held_by(process))
    return lease


def give_back() -> None:
    """What runs of this process hold although they are over: our database was away when that was to be written down."""
    unsaid = list(_unsaid)
    if unsaid:
        Process.objects.filter(holder__in=unsaid).update(holder="", progress="", wake="")
        _unsaid.difference_update(unsaid)


def held_by(process: Process) -> str:
    since = stamp(process.started_at) or "?"
    return f"process {process.pid} on {process.host or 'another machine'}, since {since}"
