"""Which of an order's numbers the marketplace was told: a shipment carries one, so that the others are shown (R29)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from sfsync.domain.orders import Parcel
from sfsync.domain.tracking_numbers import same_number


class There(StrEnum):
    """What became of a parcel's number at the marketplace."""

    TOLD = "told"
    REPLACED = "replaced"
    """It was told, and then another one that the shop does not show any more (R11)."""
    WAITS = "waits"
    """It is the one that goes out next."""
    NOT_TOLD = "not-told"
    """Another one went out, or goes out, in its place."""
    UNKNOWN = "unknown"
    """The order was shipped there before sfsync came."""


def numbers_there(
    parcels: Sequence[Parcel], told: Sequence[str], *, shipped_before: bool = False
) -> Iterator[tuple[Parcel, There]]:
    """Each parcel with what became of its number. `parcels`: the one first that is to be told (`Snapshot.parcels`);
    `told`: the numbers that were, the oldest first. `shipped_before`: the marketplace knows one, and nobody knows
    which."""
    replaced = bool(told) and not any(same_number(each.tracking_number, told[-1]) for each in parcels)
    for place, each in enumerate(parcels):
        if any(same_number(each.tracking_number, number) for number in told):
            yield each, There.REPLACED if replaced else There.TOLD
        elif shipped_before:
            yield each, There.UNKNOWN
        else:
            yield each, There.NOT_TOLD if place else There.WAITS
