"""What is known of an order, on each side: in the shop, and at the marketplace."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parcel:
    """One row of the shop's parcels that has a tracking number."""

    tracking_number: str
    carrier_id: str = ""
    carrier_name: str = ""
    tracking_link: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An order as its shop shows it at one instant.

    `key`, and the keys of statuses and carriers, are the shop's own. `statuses` is its history, oldest first, and
    always ends with `status`. `parcels` holds the rows with a tracking number, newest first; `carrier_id` is the
    carrier the order is sent with, number or not, `carrier_reference` what stays the same when the merchant edits that
    carrier. `shipped_status` and `paid_status` are the shop's own flags on the current status: they tell an unmapped
    "delivered" from an order that went back to "in preparation" (R8).
    """

    key: str
    status: str
    statuses: tuple[str, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    carrier_id: str = ""
    carrier_reference: str = ""
    carrier_name: str = ""
    shipped_status: bool = False
    paid_status: bool = False

    @property
    def tracking_number(self) -> str:
        """The newest tracking number, or an empty string."""
        return self.parcels[0].tracking_number if self.parcels else ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the marketplace has confirmed of an order, and what is known of its channel.

    `told` are the facts it knows, the oldest first: operation and key (a ship's tracking number, maybe empty).
    `status` is the shop's status that was confirmed last, empty where it is not known; `unsupported` the operations
    that this channel does not offer (R9). `teller`: the shop order that the last shipment was told of (R38).
    """

    told: tuple[tuple[str, str], ...] = ()
    status: str = ""
    fulfilled_by_channel: bool = False
    unsupported: frozenset[str] = frozenset()
    teller: str | None = None

    @property
    def operations(self) -> frozenset[str]:
        """The operations that the marketplace confirmed."""
        return frozenset(name for name, _ in self.told)
