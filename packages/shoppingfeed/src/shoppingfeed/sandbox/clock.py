"""Time, as the sandbox tells it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import lru_cache


class ManualClock:
    """A clock that moves only when told to, so that a test sees a day pass in no time.

    `now` is in seconds since 1970; the default is the first of January 2026, UTC.
    """

    def __init__(self, now: float = 1_767_225_600.0) -> None:
        self._now = now
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        with self._lock:
            self._now += seconds


def iso(at: float) -> str:
    """Seconds since 1970, as the API writes dates: ISO 8601 in UTC."""
    return _iso(int(at))


@lru_cache(maxsize=4096)  # a batch of tickets shares its dates
def _iso(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()


def seconds_of(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 date; one without a zone is taken as UTC. ValueError when it is no date.

    A `+` that was not escaped in a URL arrives as a space, and is read as the `+` it was.
    """
    head, sep, zone = text.strip().rpartition(" ")
    date = datetime.fromisoformat(f"{head}+{zone}" if sep and "T" in head else text.strip())
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
