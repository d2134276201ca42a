"""Where a marketplace and we disagree about an order: what it shows, beside what we told it and what the shop does
(R32, R33)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Difference(StrEnum):
    """What a person should look at. The value is the word of `sfsync reconcile --json`."""

    NOT_SEEN = "not-seen"
    """Its ticket succeeded, and the marketplace still waits for the shipment."""
    REFUSED_THERE = "refused-there"
    """The marketplace refused the shipment after its ticket had succeeded."""
    CANCELLED_THERE = "cancelled-there"
    """Cancelled or refused on the marketplace, and the shop still prepares it."""
    REFUNDED_THERE = "refunded-there"
    """Refunded on the marketplace, in part or whole, and the shop still prepares it."""

    @property
    def can_be_sent_again(self) -> bool:
        """We told it, and the marketplace does not show it: telling it again may be all that is needed."""
        return self in (Difference.NOT_SEEN, Difference.REFUSED_THERE)


WAITING = ("created", "waiting_store_acceptance", "waiting_shipment")
"""The statuses at Shopping Feed of an order that was not shipped (API page, *Orders*)."""
CANCELLED = ("cancelled", "refused")
REFUNDED = ("refunded", "partially_refunded")
GRACE = timedelta(hours=24)
"""So long a marketplace may take to show what it was told."""


@dataclass(frozen=True, slots=True)
class There:
    """What Shopping Feed shows of an order: its status, and what the marketplace says of a shipment that it refused
    later. `refusal` is None where it refused none, `refused_at` None where the API does not say when."""

    status: str
    refusal: str | None = None
    refused_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """What we know of the same order. `shipped_at`: when a shipment of it was confirmed last; `sent_at`: when that
    shipment's ticket was scheduled, by Shopping Feed's clock. `preparing`: nothing that ends it was told, and the shop
    means to ship it."""

    shipped_at: datetime | None = None
    sent_at: datetime | None = None
    preparing: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A difference: since when, and what the marketplace says of it."""

    difference: Difference
    since: datetime
    message: str = ""


def compare(there: There, here: Here, now: datetime, grace: timedelta = GRACE) -> Found | None:
    """None where both agree, or where the marketplace may still come to show what it was told."""
    if there.status in WAITING:
        return _still_waiting(there, here, now, grace)
    if not here.preparing:
        return None
    if there.status in CANCELLED:
        return Found(Difference.CANCELLED_THERE, there.updated_at or now)
    if there.status in REFUNDED:
        return Found(Difference.REFUNDED_THERE, there.updated_at or now)
    return None


def _still_waiting(there: There, here: Here, now: datetime, grace: timedelta) -> Found | None:
    if here.shipped_at is None:
        return None
    if there.refusal is not None and not _is_older(there.refused_at, here):
        return Found(Difference.REFUSED_THERE, there.refused_at or here.shipped_at, there.refusal)
    if now - here.shipped_at < grace:
        return None
    return Found(Difference.NOT_SEEN, here.shipped_at)


def _is_older(refused_at: datetime | None, here: Here) -> bool:
    """It is about an earlier attempt than the shipment that was confirmed."""
    sent_at = here.sent_at or here.shipped_at
    return refused_at is not None and sent_at is not None and refused_at < sent_at


def last_due(now: datetime, hour: int) -> datetime:
    """When the daily comparison was due last: at this hour of the day, in the zone of `now`."""
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)
