"""A machine whose own clock is off says so, and sends nothing."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from sfsync.domain.trouble import Trouble
from sfsync.engine.kit.context import Run
from sfsync.engine.kit.future_dates import wait_anew
from sfsync.engine.kit.judge import MAY_DIFFER, Judge, set_anew
from sfsync.engine.kit.trouble import Stopped
from sfsync.models.log import Level
from shoppingfeed import ShoppingFeedError


def look_at_clock(run: Run) -> bool:
    """A clock that is off is a trouble of the run: nothing is sent; what was sent is followed all the same. True: it
    has been set anew, and what waits with it.

    With SQLite nobody else tells the time, and the clock may have been wrong when this machine was started, or the
    machine stood still: where Shopping Feed's answers agree with it now, it is gone by from now on.
    """
    if not isinstance(run.clock, Judge) or not run.clock.wrong:
        return False
    if connection.vendor == "sqlite" and _is_confirmed(run):
        set_anew(run.clock)
        with run.lease.writing("clock"):
            run.journal.say(Level.WARNING, "clock-set", tasks=wait_anew(run.clock()))
            run.journal.flush()
        return True
    run.tally.troubles.append(Stopped(Trouble.CLOCK_WRONG, run.clock.seen))
    return False


def _is_confirmed(run: Run) -> bool:
    try:
        run.feed.tickets(limit=1)
    except ShoppingFeedError:
        return False
    there = run.feed.server_time
    return there is not None and abs(timezone.now() - there) <= timedelta(seconds=MAY_DIFFER)
