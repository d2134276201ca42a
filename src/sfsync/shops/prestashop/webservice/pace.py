"""How often a shop is asked: one question at a time, with pauses that grow when it is slow, and so many in an hour."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from sfsync.shops.prestashop.problems import Unavailable

SHORTEST, LONGEST = 0.05, 60.0
"""Seconds between two questions."""
SLOW_SECONDS, SLOW_TIMES = 1.0, 3.0
"""An answer is slow that took longer than the first, and than so many times the median of its kind."""
SEVERAL = 3
"""So many of a kind have a median."""
QUICK_ONES = 10
"""After so many quick answers in a row the pause is halved again."""
FINDING = 0.75
"""Of an hour's questions; the rest is kept for reading orders that are about to be sent."""

_CEILING = (
    "The shop was asked {asked} questions within this hour, and its ceiling is {ceiling}. It is asked again in the next"
    " hour; raise the ceiling if the shop can bear more."
)


class Pace:
    """`ceiling`: questions an hour. `memory`: what `remember` gave the last time."""

    def __init__(
        self,
        ceiling: int,
        memory: Mapping[str, Any] | None = None,
        *,
        pause: Callable[[float], object] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.ceiling = ceiling
        self._pause, self._now, self._clock = pause, now, clock
        self._took: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=50))
        self._factor, self._quick, self._last, self._ended = 1.0, 0, 0.0, float("-inf")
        kept = memory or {}
        self._hour = kept["hour"] if isinstance(kept.get("hour"), int) else 0
        self._asked = kept["asked"] if isinstance(kept.get("asked"), int) else 0

    @property
    def seconds(self) -> float:
        """The pause after the last answer."""
        return min(max(SHORTEST, self._last) * self._factor, LONGEST)

    @property
    def asked(self) -> int:
        """Questions within this hour."""
        return self._asked if self._hour == self._this_hour() else 0

    def begin(self) -> float:
        """Wait until a question may be asked. Returns when it began. Raises `ShopUnavailable` at the ceiling."""
        self.leave_room(1.0)
        left = self._ended + self.seconds - self._now()
        if left > 0:
            self._pause(left)
        self._hour, self._asked = self._this_hour(), self.asked + 1
        return self._now()

    def end(self, began: float, kind: str) -> None:
        """An answer came, or none did. `kind` of question: a list of rows takes longer than one of ids."""
        self._ended = self._now()
        self._last = self._ended - began
        before = self._took[kind]
        slow = self._last > SLOW_SECONDS and len(before) >= SEVERAL and self._last > SLOW_TIMES * median(before)
        before.append(self._last)
        self._quick = 0 if slow else self._quick + 1
        if slow:
            self._factor = min(self._factor * 2, LONGEST / SHORTEST)
        elif self._quick % QUICK_ONES == 0:
            self._factor = max(self._factor / 2, 1.0)

    def leave_room(self, share: float) -> None:
        """Raises `ShopUnavailable` when this share of the hour's questions was asked."""
        if self.asked >= self.ceiling * share:
            sentence = _CEILING.format(asked=self.asked, ceiling=self.ceiling)
            raise Unavailable(sentence, code="webservice-ceiling")

    def remember(self) -> dict[str, int]:
        return {"hour": self._this_hour(), "asked": self.asked}

    def _this_hour(self) -> int:
        return int(self._clock() // 3600)
