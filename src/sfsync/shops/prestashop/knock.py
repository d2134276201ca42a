"""How long a shop that does not answer may hold somebody up: briefly at first, and longer each time."""

from __future__ import annotations

from dataclasses import dataclass

CONNECT = 2.0
"""Seconds until somebody takes the call: a network that answers at all does so sooner."""


@dataclass(slots=True)
class Knock:
    """How many seconds a shop is given, `longest` at most. One that did not answer lately is given 2, and twice as long
    each time, so that a shop that does not answer holds nobody up, and one that is slow is let in again."""

    longest: float
    in_vain: int = 0

    @property
    def seconds(self) -> float:
        return min(CONNECT * 2.0 ** (self.in_vain - 1), self.longest) if self.in_vain else self.longest
