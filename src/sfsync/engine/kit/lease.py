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
_under_way: set[str] = set()
"""The tokens of the runs of this process."""


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

    def end(self) -> None:
        """The run is over, whether or not that could be written down."""
        _under_way.discard(self.token)

    def release(self, at: datetime | None = None, **result: object) -> bool:
        """Free the process. `at`: when the run ended, now unless told otherwise."""
        self.end()
        return Process.objects.release(self.store, self.name, self.token, finished_at=at or self.clock(), **result)


def take(store: Store, clock: Clock, length: timedelta, name: str = SYNC) -> Lease:
    """Hold a process of a store: one statement where it is free. Raises `Busy`."""
    lease = Lease(store, name, secrets.token_hex(16), length, clock)
    now = lease.taken_at
    pid = os.getpid()
    run = {"machine": machine(), "host": socket.gethostname(), "pid": pid, "born": born(pid)}
    run |= {"started_at": now, "lease_until": now + length}
    _under_way.add(lease.token)  # before anybody can see it held
    try:
        _take(lease, run)
    except BaseException:
        lease.end()
        raise
    return lease


def _take(lease: Lease, run: dict[str, Any]) -> None:
    store, name = lease.store, lease.name
    if Process.objects.take(store, name, lease.token, run):
        return
    process = Process.objects.get_or_create(store=store, name=name)[0]
    if process.holder and not abandoned(process, lease.taken_at):
        raise Busy(held_by(process))
    if not Process.objects.take(store, name, lease.token, run, former=process.holder):
        process.refresh_from_db()
        raise Busy(held_by(process))


def abandoned(process: Process, now: datetime) -> bool:
    """The run that holds it is over: its process is gone, or is this one, which knows better. Our database was away
    when that was to be written down."""
    ours = process.machine == machine() and process.pid == os.getpid() and process.born == born(process.pid)
    return process.gone(now) or (ours and process.holder not in _under_way)


def held_by(process: Process) -> str:
    since = stamp(process.started_at) or "?"
    return f"process {process.pid} on {process.host or 'another machine'}, since {since}"
