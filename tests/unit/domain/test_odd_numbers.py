"""What is told with a warning: it looks as if something else had been typed (R2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sfsync.domain.identity import Claim
from sfsync.domain.odd_numbers import odd_number
from sfsync.domain.orders import Parcel, Snapshot

ORDER = Snapshot("100234", "4", carrier_name="Livraison standard", claim=Claim(1, "ABC-123456789", "amazonfr"))
CODES = {
    ("0612345678", "Livraison standard"): "odd-phone",
    ("0712345678", "Colissimo"): "odd-phone",
    ("33612345678", ""): "odd-phone",
    ("0033612345678", "Colissimo"): "odd-phone",
    ("07700900123", "Royal Mail"): "odd-phone",
    ("015112345678", ""): "odd-phone",
    ("TOURNEE3", "Livraison standard"): "odd-word",
    ("3BUREAUX", "Colissimo"): "odd-word",
    ("100234", "Livraison standard"): "odd-own",
    ("ABC-123456789", "Livraison standard"): "odd-own",
    ("1Z999AA10123456784", "Colissimo"): "odd-number",
    # The carrier that is named writes so.
    ("0612345678", "DPD Predict"): "",
    ("0612345678", "Mondial Relay"): "",
    ("TOURNEE3", "GLS"): "",
    ("TOURNEE3", "Geodis"): "",
    # Nobody would call it anything else.
    ("0998052510", "Livraison standard"): "",
    ("4821037594", "Livraison standard"): "",
    ("ZKWXYZA1", "Livraison standard"): "",
    ("6A10548230917", "Livraison standard"): "",
    ("100235", "Livraison standard"): "",
}


@pytest.mark.parametrize(("case", "code"), CODES.items())
def test_what_looks_like_something_else_says_what(case: tuple[str, str], code: str) -> None:
    number, carrier = case
    odd = odd_number(replace(ORDER, carrier_name=carrier, parcels=(Parcel(number),)))
    assert (odd.code if odd else "") == code
    assert odd is None or (odd.params["number"], odd.params["carrier"]) == case


def test_an_order_without_a_number_has_nothing_odd() -> None:
    assert odd_number(ORDER) is None
