"""Staying under the API's rate limit, so that 429 is the exception (API page, Transport).

The limit is "so many requests in any window of so many seconds". A request counts at the instant the server sees it,
which lies between sending it and its answer. Sending needs a slot; a slot is free again one window after that instant,
estimated as the answer's arrival less the fastest round trip seen lately. So a slow first connection is counted late,
as the server does, and a steady latency costs no throughput at all.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

ASSUMED_LIMIT = 10
ASSUMED_WINDOW = 2.0
MARGIN = 1.01
LONGEST_WINDOW = 60.0


@dataclass(slots=True, eq=False)
class Slot:
    """One request's place in the window."""

    sent: float
    answered: float | None = None

    def counted(self, fastest: float) -> float:
        """When the server counted it, if the fastest round trip took so many seconds."""
        return self.sent if self.answered is None else max(self.sent, self.answered - fastest)


class Pacer:
    """Shared by all threads of a client. Disabled, it only holds everyone back after a 429."""

    def __init__(self, *, enabled: bool, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._enabled = enabled
        self._limit: int | None = ASSUMED_LIMIT if enabled else None
        self._window = ASSUMED_WINDOW
        self._learned = False
        self._held_until = float("-inf")
        self._slots: deque[Slot] = deque()
        self._round_trips: deque[float] = deque(maxlen=20)
        self._lock = threading.Lock()

    def take(self) -> Slot:
        """Wait until a request may leave, and count it."""
        while True:
            with self._lock:
                now = self._clock()
                delay = self._delay(now)
                if delay <= 0:
                    slot = Slot(now)
                    self._slots.append(slot)
                    return slot
            self._sleep(delay)

    def give_back(self, slot: Slot) -> None:
        """The request did not leave after all."""
        with self._lock:
            if slot in self._slots:
                self._slots.remove(slot)

    def answered(self, slot: Slot, headers: Mapping[str, str]) -> None:
        """Learn from an answer: its `X-RateLimit-*` headers, and when it came."""
        limit = read_limit(headers.get("x-ratelimit-limit", ""))
        with self._lock:
            slot.answered = self._clock()
            self._round_trips.append(slot.answered - slot.sent)
            if limit and self._enabled:
                self._learned = True
                self._limit, self._window = limit
                self._count_strangers(slot, headers.get("x-ratelimit-remaining", ""))
            elif not self._learned:
                self._limit = None

    def hold(self, seconds: float) -> None:
        """A 429 came: nobody sends for so many seconds."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def _delay(self, now: float) -> float:
        if now < self._held_until:
            return self._held_until - now
        self._forget(now)
        if self._limit is None:
            return 0.0
        fastest = min(self._round_trips, default=0.0)
        reach = min(self._window * MARGIN, LONGEST_WINDOW)
        taken = sorted(at for at in (slot.counted(fastest) for slot in self._slots) if at > now - reach)
        return taken[-self._limit] + reach - now if len(taken) >= self._limit else 0.0

    def _count_strangers(self, slot: Slot, remaining: str) -> None:
        """Requests of other processes with the same token take slots too: the server says how few remain."""
        if self._limit is None or not remaining.isdecimal() or len(remaining) > 6:
            return
        ours = sum(1 for known in self._slots if known.sent > slot.sent - 1.1 * self._window)
        strangers = min(self._limit - int(remaining) - ours, self._limit)
        now = self._clock()
        self._slots.extend(Slot(now, now) for _ in range(strangers))

    def _forget(self, now: float) -> None:
        horizon = 3 * self._window if self._limit is not None else 0.0
        while self._slots and self._slots[0].sent <= now - horizon:
            self._slots.popleft()


def read_limit(header: str) -> tuple[int, float] | None:
    """`10/2` → (10, 2.0): ten requests every two seconds. None when it cannot be read or cannot be meant.

    A window of more than a minute is not believed: a run would stand still.
    """
    count, _, seconds = header.partition("/")
    try:
        limit, window = int(count), float(seconds)
    except ValueError:
        return None
    return (limit, window) if 0 < limit <= 10_000 and 0 < window <= LONGEST_WINDOW else None
