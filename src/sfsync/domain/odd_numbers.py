"""What is told as it stands, and looks as if somebody had meant something else: a warning, never a refusal (R2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sfsync.domain.carrier_forms import families_named, form_warning, looks_like
from sfsync.domain.orders import Snapshot
from sfsync.domain.typed_remarks import folded
from sfsync.domain.typed_words import reads_like_a_word

_PHONE = re.compile(r"0[67]\d{8}|07\d{9}|01[567]\d{8,9}|33[67]\d{8}|00(?:3[2349]|4[1349])[1-9]\d{8,9}", re.ASCII)
"""Mobile ones of France, Britain and Germany as they are dialled there, and any with the country before it."""
_WORD = re.compile(r"[A-Z]{5,}\d{1,2}|\d{1,2}[A-Z]{5,}", re.ASCII)


@dataclass(frozen=True, slots=True)
class OddNumber:
    """`code`: what is odd about it, that of a sentence; `owner`: the carrier whose number it clearly is, else empty."""

    code: str
    number: str
    carrier: str
    owner: str = ""

    @property
    def params(self) -> dict[str, str]:
        return {"number": self.number, "carrier": self.carrier, "owner": self.owner}


def odd_number(order: Snapshot) -> OddNumber | None:
    """What to look at before this order's number is told; None where nothing is odd. It is told all the same."""
    if not order.parcels:
        return None
    newest = order.parcels[0]
    number, carrier = newest.tracking_number, newest.carrier_name or order.carrier_name
    if owner := form_warning(number, carrier):
        return OddNumber("odd-number", number, carrier, owner)
    code = "odd-own" if number in _names(order) else _likeness(number, carrier)
    return OddNumber(code, number, carrier) if code else None


def _names(order: Snapshot) -> tuple[str, ...]:
    """What the order is called, in the shop and at the marketplace."""
    return (order.key, order.claim.reference) if order.claim else (order.key,)


def _likeness(number: str, carrier: str) -> str:
    """What it looks like, unless the carrier that is named writes so."""
    if _PHONE.fullmatch(number):
        likeness = "odd-phone"
    elif _WORD.fullmatch(number) and reads_like_a_word(folded(number)):
        likeness = "odd-word"
    else:
        return ""
    return "" if families_named(carrier) & looks_like(number) else likeness
