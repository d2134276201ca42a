"""By when an order must be shipped (R25): what the marketplace says, or so many hours after it was placed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sfsync.domain.carriers import EVERYWHERE, plain

STEPS = (timedelta(hours=4), timedelta(hours=24))
"""How near a deadline is when an order is at risk: each is told once."""
AT_RISK = max(STEPS)


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
    """`latest`: what the marketplace says, if anything."""
    if latest:
        return latest, Source.MARKETPLACE if has_zone else Source.DAY
    if placed_at and hours:
        return placed_at + timedelta(hours=hours), Source.HOURS
    return None, Source.NONE


def hours_of(channel: str, rules: Mapping[str, int]) -> int | None:
    """The store's rule for the longest family that the marketplace's name begins with, else for all."""
    name = plain(channel)
    families = sorted((each for each in rules if each != EVERYWHERE and name.startswith(plain(each))), key=len)
    return rules[families[-1]] if families else rules.get(EVERYWHERE)


def step(ship_by: datetime, source: str, now: datetime) -> str:
    """What is to be told of it now: `late`, or the hours of the step that it is within; empty while there is time.

    One that is right to a day only has no step within that day.
    """
    if ship_by <= now:
        return "late"
    near = [each for each in STEPS if ship_by - now <= each and (source != Source.DAY or each >= timedelta(hours=24))]
    return f"{min(near) // timedelta(hours=1)} h" if near else ""
