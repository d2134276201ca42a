"""Which carriers go out to a marketplace for the first time (R26)."""

from __future__ import annotations

import pytest

from sfsync.domain.carriers import MOST_CARRIERS, Sent, first_sent

MANY = {"amazon": {f"carrier {number}": True for number in range(MOST_CARRIERS)}}


@pytest.mark.parametrize(
    ("known", "sent", "new"),
    [
        ({}, [("Amazon", "DPD"), ("Amazon", "DPD"), ("Fnac", "DPD")], [("Amazon", "DPD"), ("Fnac", "DPD")]),
        ({"Amazon": {"DPD": False}}, [("Amazon", "DPD"), ("AMAZON", "GLS")], [("AMAZON", "GLS")]),
        ({"amazonfr": {"DPD": True}}, [("Amazon", "DPD")], [("Amazon", "DPD")]),
        ({}, [("Amazon", "")], []),
        (MANY, [("Amazon", "one more"), ("Fnac", "one more")], [("Fnac", "one more")]),
        ({}, [], []),
    ],
)
def test_a_pair_is_new_once(known: Sent, sent: list[tuple[str, str]], new: list[tuple[str, str]]) -> None:
    assert first_sent(known, sent) == new
