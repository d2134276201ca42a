"""What a shop is asked for now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

FRESH = 600.0
"""Seconds for which carriers, statuses, rights and what the shop says of itself are kept."""

T = TypeVar("T")


class Kept(Generic[T]):
    """Something that is read again when it is ten minutes old."""

    def __init__(self, read: Callable[[], T], now: Callable[[], float] = time.monotonic) -> None:
        self._read, self._now = read, now
        self._at = float("-inf")

    @property
    def stale(self) -> bool:
        return self._now() - self._at > FRESH

    @property
    def value(self) -> T:
        if self.stale:
            self.renew()
        return self._value

    @property
    def old(self) -> bool:
        """It was read, and is to be read again before it is needed."""
        return self._at > float("-inf") and self.stale

    @property
    def known(self) -> T:
        """However old it is: for who renews it in time."""
        if self._at == float("-inf"):
            self.renew()
        return self._value

    def renew(self) -> None:
        self._value, self._at = self._read(), self._now()
