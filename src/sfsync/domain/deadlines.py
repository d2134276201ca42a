"""By when an order must be shipped (R25): what the marketplace says, or so many hours after it was placed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sfsync.domain.carriers import EVERYWHERE, plain

STEPS = (24, 4)
"""How many hours before its deadline an order is told of, where the store says nothing else: once at each."""
A_DAY = 24


class Source(StrEnum):
    """Where a deadline comes from."""

    UNKNOWN = ""
    """Nobody was asked yet."""
    NONE = "none"
    """The marketplace names none, and the store has no rule for it."""
    MARKETPLACE = "api"
    DAY = "day"
    """The marketplace names it without a zone: right to a day, never better."""
    HOURS = "hours"
    """The store's rule: so many hours after the order was placed."""


def deadline(
    latest: datetime | None, *, has_zone: bool, placed_at: datetime | None, hours: int | None
) -> tuple[datetime | None, Source]:
    """`latest`: what the marketplace says, if anything; a day before the order was placed it stands for nothing."""
    if latest and not (placed_at and latest < placed_at - timedelta(hours=A_DAY)):
        return latest, Source.MARKETPLACE if has_zone else Source.DAY
    if placed_at and hours:
        return placed_at + timedelta(hours=hours), Source.HOURS
    return None, Source.NONE


def hours_of(channel: str, rules: Mapping[str, int]) -> int | None:
    """The store's rule for the longest family that the marketplace's name begins with, else for all."""
    name = plain(channel)
    families = sorted((each for each in rules if each != EVERYWHERE and name.startswith(plain(each))), key=len)
    return rules[families[-1]] if families else rules.get(EVERYWHERE)


def nearness(steps: Collection[int]) -> timedelta:
    """From when on an order is at risk: its first step. Without any, none ever is."""
    return timedelta(hours=max(steps, default=0))


def step(ship_by: datetime, source: str, now: datetime, steps: Collection[int] = STEPS) -> str:
    """What is to be told of it now: `late`, or the hours of the step that it is within; empty while there is time.

    One that is right to a day only has no step within that day.
    """
    if ship_by <= now:
        return "late"
    least = A_DAY if source == Source.DAY else 0
    near = [each for each in steps if ship_by - now <= timedelta(hours=each) and each >= least]
    return f"{min(near)} h" if near else ""


def is_in_time(sent_at: datetime | None, ship_by: datetime | None) -> bool | None:
    """Whether the marketplace was told by the deadline; None where there is none, or nobody knows."""
    return sent_at <= ship_by if sent_at and ship_by else None
