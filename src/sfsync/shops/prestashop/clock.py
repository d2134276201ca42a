"""Shop time: a PrestaShop writes its dates in the zone of its settings, without saying so in the rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""What a zero date (`0000-00-00 00:00:00`), a missing one or nonsense becomes: older than anything of interest."""


def zone_named(name: str | None) -> tzinfo:
    """The zone of `PS_TIMEZONE`; UTC when there is none of that name."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return UTC


def to_utc(value: datetime | str | None, zone: tzinfo) -> datetime:
    """A date of the shop as an aware one, never before `EPOCH`. Drivers give a zero date as text."""
    try:
        local = datetime.fromisoformat(value) if isinstance(value, str) else value
        if local is None:
            return EPOCH
        return max(local.replace(tzinfo=zone).astimezone(UTC), EPOCH)
    except (ValueError, OverflowError):
        return EPOCH


def to_shop(moment: datetime, zone: tzinfo) -> str:
    """An aware date as the shop would write it: `2026-11-21 21:44:33`. `moment` is after `EPOCH`."""
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def long_ago(at: str | None, now: datetime, wait: timedelta) -> bool:
    """So much time has passed since an instant that a cursor keeps; one in a time to come means nothing."""
    return at is None or not timedelta() <= now - datetime.fromisoformat(at) < wait
