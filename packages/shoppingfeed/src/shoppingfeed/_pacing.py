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
from typing import Protocol

ASSUMED_LIMIT = 10
ASSUMED_WINDOW = 2.0
MARGIN = 1.01
LONGEST_WINDOW = 60.0
LATE = 0.005
"""Seconds by which a request may be counted after its place was asked for without that being worth telling."""


class SharedPace(Protocol):
    """Where the processes that send with one token count their requests together: as many places as the limit has
    requests, each free again one window after its request was counted.

    Asked from several threads at a time; raises nothing."""

    def take(self, limit: int, window: float) -> Place | float:
        """One of `limit` places, held for `window` seconds from now; or the seconds after which to ask again."""

    def counted(self, place: Place, ago: float) -> None:
        """The request of a place was counted so many seconds ago, later than it was taken."""

    def hold(self, seconds: float) -> None:
        """A 429 came: nobody sends for so many seconds."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place among those that processes share: its number, and for how many seconds a request holds it."""

    number: int
    window: float


@dataclass(slots=True, eq=False)
class Slot:
    """One request's place in the window."""

    sent: float
    answered: float | None = None
    place: Place | None = None
    asked: float = 0.0

    def counted(self, fastest: float) -> float:
        """When the server counted it, if the fastest round trip took so many seconds."""
        return self.sent if self.answered is None else max(self.sent, self.answered - fastest)


class Pacer:
    """Shared by all threads of a client, and through `shared` with other processes. Disabled, it only holds everyone
    back after a 429."""

    def __init__(
        self,
        *,
        enabled: bool,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        shared: SharedPace | None = None,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._enabled = enabled
        self._shared = shared if enabled else None
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
                delay, limit, window = self._delay(self._clock()), self._limit, self._window * MARGIN
                if delay <= 0 and (self._shared is None or limit is None):
                    return self._slot()
            if delay <= 0 and self._shared and limit:
                asked, found = self._clock(), self._shared.take(limit, window)
                if isinstance(found, Place):
                    with self._lock:
                        return self._slot(found, asked)
                delay = found
            self._sleep(delay)

    def _slot(self, place: Place | None = None, asked: float = 0.0) -> Slot:
        slot = Slot(self._clock(), place=place, asked=asked)
        self._slots.append(slot)
        return slot

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
            counted = slot.counted(min(self._round_trips))
            if limit and self._enabled:
                self._learned = True
                self._limit, self._window = limit
                self._count_strangers(slot, headers.get("x-ratelimit-remaining", ""))
            elif not self._learned:
                self._limit = None
        if self._shared and slot.place and counted - slot.asked > LATE:
            self._shared.counted(slot.place, slot.answered - counted)

    def hold(self, seconds: float) -> None:
        """A 429 came: nobody sends for so many seconds."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)
        if self._shared:
            self._shared.hold(seconds)

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
        """Requests of other processes with the same token take slots too: the server says how few remain. Those that
        share the pace are counted already."""
        if self._shared or self._limit is None or not remaining.isdecimal() or len(remaining) > 6:
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
