"""How long to wait before the next try and the next look (R16, R17). Pure, so the numbers are a table in a test."""

from __future__ import annotations

from datetime import timedelta

LONGEST_RETRY = timedelta(hours=6)
LONGEST_LOOK = timedelta(hours=1)
FIRST_LOOK = timedelta(seconds=2)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=15)
TOO_LONG_OPEN = timedelta(days=1)
"""R17: a ticket that is open for longer is an alarm."""


def retry_after(attempts: int, first: timedelta) -> timedelta:
    """After `attempts` failed tries: the first delay, then three times as long each time, six hours at most."""
    return min(first * (3.0 ** min(max(attempts - 1, 0), 12)), LONGEST_RETRY)


def pause_after(failures: int) -> timedelta:
    """Before a store is run again of which the last `failures` runs ended in trouble: twice as long each time, a
    quarter of an hour at most."""
    return min(FIRST_PAUSE * (2.0 ** min(failures - 1, 12)), LONGEST_PAUSE)


def look_after(looks: int) -> timedelta:
    """Before the next look at a ticket that was still open `looks` times: twice as long each time, an hour at most."""
    return min(FIRST_LOOK * (2.0 ** min(looks, 12)), LONGEST_LOOK)
