"""What is known of an order, on each side: in the shop, and at the marketplace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sfsync.domain.identity import Claim
from sfsync.domain.value import value


@value
class Seen:
    """What a glance at an order shows: enough to see that it changed.

    `numbers`: every tracking number with the key of its parcel, the newest parcel first, or the one first that is to be
    told (`number_to_tell`). `version`: the newest row of its status history, 0 where none is kept; a lower one is an
    older answer. `spoilt`: see `Snapshot`.
    """

    status: str
    numbers: tuple[tuple[str, str], ...] = ()
    version: int = 0
    spoilt: str = ""

    @property
    def tracking_number(self) -> str:
        """The one to be told, or an empty string."""
        return self.numbers[0][1] if self.numbers else ""

    @property
    def written(self) -> str:
        """The numbers as they are kept, in whatever order they come: a line each, and one for what is not a number any
        more."""
        if len(self.numbers) == 1 and not self.spoilt:  # nearly always
            return " ".join(self.numbers[0])
        lines = [f"{parcel} {number}" for parcel, number in self.numbers]
        lines.sort()
        return "\n".join([*lines, f"? {self.spoilt}"] if self.spoilt else lines)

    def after(self, written: str, told_first: str) -> Seen:
        """The same with the number first that is to be told, after what was seen before (`Numbers`)."""
        if len(self.numbers) < 2:  # nearly always
            return self
        number = number_to_tell([each for _parcel, each in self.numbers], Numbers(written, told_first))
        return replace(self, numbers=tuple(sorted(self.numbers, key=lambda each: each[1] != number)))


@value
class Numbers:
    """What was seen of an order's numbers before: all of them (`written`: see `Seen`), and the one to be told."""

    written: str = ""
    told_first: str = ""

    def __contains__(self, number: str) -> bool:
        return any(line.partition(" ")[2] == number for line in self.written.split("\n"))


def parcels_written(written: str) -> tuple[Parcel, ...]:
    """The numbers that `Seen.written` kept, as parcels of which no more is known; what was spoilt is left out."""
    lines = (line.partition(" ") for line in written.split("\n"))
    return tuple(Parcel(number, key=key) for key, _, number in lines if number and key != "?")


def number_to_tell(numbers: Sequence[str], before: Numbers) -> str:
    """Of an order's numbers, the newest parcel's first, the one that came last, in whichever parcel it was written: a
    correction may stand in an older one. Empty where there is none."""
    if not numbers:
        return ""
    came = next((each for each in numbers if each not in before), "")
    return came or (before.told_first if before.told_first in numbers else numbers[0])


@value
class Item:
    """So many of an article in a parcel. `name` and `reference` are the shop's own."""

    name: str
    quantity: int
    reference: str = ""


@value
class Parcel:
    """One tracking number of the shop. `key` is that of the row it stands in."""

    tracking_number: str
    carrier_id: str = ""
    carrier_name: str = ""
    tracking_link: str = ""
    key: str = ""


@value
class Snapshot:
    """An order as its shop shows it at one instant.

    `key`, and the keys of statuses and carriers, are the shop's own. `statuses` is its history, oldest first, and
    always ends with `status`. `parcels` holds the rows with a tracking number, newest first, or the one first that is
    to be told; `carrier_id` is the carrier the order is sent with, number or not, `carrier_reference` what stays the
    same when the merchant edits that carrier. `shipped_status` and `paid_status` are the shop's own flags on the
    current status: they tell an unmapped "delivered" from an order that went back to "in preparation" (R8). `version`:
    see `Seen`. `spoilt`: what stands where a tracking number should, damaged or a link, so that nothing can be told by
    it; of several the newest. `return_number`: that of its return label (R27). `claim`: which marketplace order it
    is (R39), where the reading itself says so; None where it does not, or the order is none.
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
    version: int = 0
    claim: Claim | None = None
    spoilt: str = ""
    return_number: str = ""

    @property
    def seen(self) -> Seen:
        """What a glance at it would have shown."""
        numbers = tuple([(each.key, each.tracking_number) for each in self.parcels])
        return Seen(self.status, numbers, self.version, self.spoilt)

    @property
    def tracking_number(self) -> str:
        """The tracking number to be told, or an empty string."""
        return self.parcels[0].tracking_number if self.parcels else ""

    def after(self, written: str, told_first: str) -> Snapshot:
        """The same with the parcel first whose number is to be told, after what was seen before (`Numbers`)."""
        if len(self.parcels) < 2:  # nearly always
            return self
        numbers = [each.tracking_number for each in self.parcels]
        number = number_to_tell(numbers, Numbers(written, told_first))
        return replace(self, parcels=tuple(sorted(self.parcels, key=lambda each: each.tracking_number != number)))


Fact = tuple[str, str]
"""What can be told of an order: an operation, and the key that tells two of it apart (a ship's tracking number)."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A fact that is not sent for now. `since`: when the change was seen that it was decided by; `due`: its next try
    has come, or a person asked for it."""

    fact: Fact
    since: datetime
    due: bool = False


@dataclass(frozen=True, slots=True)
class Flying:
    """A fact that was sent, and whose end is not known yet."""

    fact: Fact
    lane: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What the marketplace has confirmed of an order, and what is known of its channel.

    `told` are the facts it knows, the oldest first. `status` is the shop's status that was confirmed last, empty where
    it is not known; `unsupported` the operations that this channel does not offer (R9). `teller`: the shop order that
    the last shipment was told of (R38). `called_off_there`: the marketplace shows it as cancelled, and no person said
    that it is to be shipped all the same (R33). `wants_return`: this channel asks for a return number with a
    shipment (R27). `aside` and `flying` are ours: what waits for its next try or for a person, and what is on its
    way.
    """

    told: tuple[Fact, ...] = ()
    status: str = ""
    fulfilled_by_channel: bool = False
    unsupported: frozenset[str] = frozenset()
    teller: str | None = None
    called_off_there: bool = False
    wants_return: bool = False
    aside: tuple[SetAside, ...] = ()
    flying: tuple[Flying, ...] = ()

    @property
    def operations(self) -> frozenset[str]:
        """The operations that the marketplace confirmed."""
        return frozenset(name for name, _ in self.told)
