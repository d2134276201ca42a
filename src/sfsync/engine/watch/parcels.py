"""The parcels of an order: their numbers, what is in them, and whether the marketplace was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from sfsync.domain.operations import numbered_kinds
from sfsync.domain.orders import Item, Parcel, Snapshot, parcels_written
from sfsync.domain.parcels import There, numbers_there
from sfsync.models import Order
from sfsync.models.told import How


@dataclass(frozen=True, slots=True)
class OfOrder:
    """One parcel. `items`: what is in it, where the shop knows that."""

    parcel: Parcel
    there: There
    items: Sequence[Item] = ()

    @property
    def number_there(self) -> str:
        """What became of its number, in the active language."""
        return _said(self.there)

    def __str__(self) -> str:
        carrier = f" ({self.parcel.carrier_name})" if self.parcel.carrier_name else ""
        return f"{self.parcel.tracking_number}{carrier}: {self.number_there}"

    def as_dict(self) -> dict[str, Any]:
        return {
            "tracking_number": self.parcel.tracking_number,
            "carrier": self.parcel.carrier_name,
            "marketplace": self.there.value,
            "items": [
                {"name": each.name, "reference": each.reference, "quantity": each.quantity} for each in self.items
            ],
        }


def parcels_of(
    order: Order, shop: Snapshot | None = None, contents: Mapping[str, Sequence[Item]] | None = None
) -> list[OfOrder]:
    """As the shop shows them now, else as they were seen last. `contents`: by the parcel's key (`Reader.contents`)."""
    parcels = shop.parcels if shop else _seen(order)
    numbered = {kind.name for kind in numbered_kinds()}
    told = [each for each in order.marketplace_order.told.all() if each.operation in numbered]
    numbers = [each.key for each in told if each.number_there]
    before = any(each.how == How.ADOPTED for each in told)
    holds = contents or {}
    return [
        OfOrder(each, there, holds.get(each.key, ()))
        for each, there in numbers_there(parcels, numbers, shipped_before=before)
    ]


def _seen(order: Order) -> list[Parcel]:
    """The one first that is to be told."""
    parcels = parcels_written(order.seen_numbers)
    return sorted(parcels, key=lambda each: each.tracking_number != order.seen_tracking)


def _said(there: There) -> str:
    return {
        There.TOLD: _("sent to the marketplace"),
        There.REPLACED: _("sent to the marketplace, which was then sent another number"),
        There.WAITS: _("not sent yet"),
        There.NOT_TOLD: _("not sent: one number per shipment"),
        There.UNKNOWN: _("unknown: shipped before sfsync was connected"),
    }[there]
