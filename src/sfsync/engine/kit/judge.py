"""The one clock by which leases, waits and proofs of absence are judged, on whatever machine a run is.

With PostgreSQL it is the server's own. With SQLite there is one machine, and it is that machine's, as it was when it
was first asked since its start: from then on the seconds that pass are counted, whatever its clock is set to.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from sfsync.db.process_identity import boot
from sfsync.models import MachineClock

_NO_JUMPS = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, and cannot be set."""
MAY_DIFFER = 10.0
"""Seconds by which a machine's own clock may be off."""


def passed() -> float:
    """Seconds since this machine was started."""
    return time.clock_gettime(_NO_JUMPS)


def started() -> float:
    """When this machine was started by its own clock, in seconds since 1970: another moment once the clock was set, be
    it because the machine was put back to a snapshot, with what it had in memory."""
    return time.time() - passed()


@dataclass(slots=True)
class Judge:
    """Tells the time when called. `zero`: when `passed` was 0, in seconds since 1970."""

    zero: float

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.zero + passed(), UTC)

    @property
    def ahead(self) -> float:
        """Seconds by which this machine's own clock is ahead of it; less than 0 where it is behind."""
        return time.time() - (self.zero + passed())

    @property
    def wrong(self) -> bool:
        """This machine's own clock is off by more than it may be."""
        return abs(self.ahead) > MAY_DIFFER

    @property
    def seen(self) -> str:
        """What both of them say, as evidence."""
        return f"It says {datetime.now(UTC):%F %T}, and it is {self():%F %T} (UTC)."


def judge() -> Judge:
    return Judge(_of_server() if connection.vendor == "postgresql" else _of_machine())


BELIEVED = 60.0
"""Seconds for which a server is not asked again over the same connection."""


class _Asked(threading.local):
    """What this thread's connection was told, and when."""

    connection: Any = None
    at: float = 0.0
    zero: float = 0.0


_asked = _Asked()


def _of_server() -> float:
    """Another connection may lead to another server. What passes meanwhile is counted here."""
    connection.ensure_connection()
    if _asked.connection is not connection.connection or passed() - _asked.at > BELIEVED:
        began = passed()
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            _asked.zero = float(cursor.fetchone()[0]) - (began + passed()) / 2
        _asked.connection, _asked.at = connection.connection, began
    return _asked.zero


def _of_machine() -> float:
    """After a start there is nothing but the machine's own clock to begin with."""
    here = boot()
    zero = MachineClock.objects.filter(boot=here).values_list("zero", flat=True).first()
    if zero is None:
        MachineClock.objects.exclude(boot=here).delete()
        zero = MachineClock.objects.get_or_create(boot=here, defaults={"zero": time.time() - passed()})[0].zero
    return zero


def set_anew(judge: Judge) -> None:
    """This machine's own clock has turned out to be right."""
    judge.zero = time.time() - passed()
    MachineClock.objects.update_or_create(boot=boot(), defaults={"zero": judge.zero})
