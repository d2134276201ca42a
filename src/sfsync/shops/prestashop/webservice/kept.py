"""What a shop is asked for now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

FRESH = 600.0
"""Seconds for which carriers, statuses, rights and what the shop says of itself are kept."""

T = TypeVar("T")


class Kept(Generic[T]):
    """Something that is read again when it is ten minutes old. Another process goes on with what this one remembers."""

    def __init__(self, read: Callable[[], T], now: Callable[[], float] = time.time) -> None:
        self._read, self._now = read, now
        self._at = float("-inf")

    @property
    def stale(self) -> bool:
        return not 0 <= self._now() - self._at <= FRESH

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

    def remember(self) -> list[Any] | None:
        """As `recall` takes it; None where nothing was read. JSON where the value is."""
        return None if self._at == float("-inf") else [self._at, self._value]

    def recall(self, kept: Any) -> None:
        """What is none of `remember` is as good as nothing."""
        if isinstance(kept, list) and len(kept) == 2 and isinstance(kept[0], int | float):
            self._at, self._value = kept
