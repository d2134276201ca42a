"""A marketplace that refuses everything with one answer (R36): when that is one event, and when it is over."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from sfsync.domain.refusals import plain

IN_A_ROW = 5
"""Orders refused with one answer, and nothing else in between, are one event of their marketplace."""
EVERY = timedelta(minutes=10)
"""Of what is held, one update in this time is tried."""

_NAMES = re.compile(r"\S*\d\S*")


@dataclass(frozen=True, slots=True)
class Streak:
    """What a marketplace answered last, as `alike` writes it, and the first of the different orders that it has refused
    so, one after the other."""

    answer: str
    orders: tuple[int, ...] = ()

    @property
    def is_trouble(self) -> bool:
        return len(self.orders) >= IN_A_ROW


def alike(message: str) -> str:
    """An answer without what tells one order's from another's: numbers, references, capitals."""
    return _NAMES.sub("#", plain(message))


def after(before: Streak | None, refused: Iterable[tuple[int, str]]) -> Streak | None:
    """The streak once more orders were `refused`, with the message, the oldest first. None: the marketplace takes
    updates.

    A trouble ends with a confirmation alone: another answer may be the outage's other face, or one order's own fault.
    """
    streak = before
    for order, message in refused:
        if streak is None or not streak.is_trouble:
            streak = _with(streak, order, alike(message))
    return streak


def _with(streak: Streak | None, order: int, answer: str) -> Streak:
    if streak is None or streak.answer != answer:
        return Streak(answer, (order,))
    return streak if order in streak.orders else replace(streak, orders=(*streak.orders, order))
