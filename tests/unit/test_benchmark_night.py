"""The benchmark's night of differences: which orders it makes, and what it takes for found."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from benchmarks import night
from benchmarks.child import Spent
from benchmarks.scenarios import STORE, Wrong


def told(*found: tuple[str, int]) -> Spent:
    """As `sfsync reconcile --json` says it."""
    rows = [{"kind": kind, "order": order} for kind, order in found]
    return Spent(seconds=1, cpu=1, peak_mb=1, status=0, output=json.dumps({STORE: rows}))


def test_a_tenth_of_the_orders_has_a_difference_of_each_kind() -> None:
    """R32."""
    counted = Counter(night.kinds(10_000))
    assert counted.total() == 10_000
    assert {kind: counted[kind] for kind in night.SHOWN if kind not in night.AGREE} == dict.fromkeys(
        ("not-seen", "refused-there", "cancelled-there", "refunded-there"), 1000
    )
    assert counted["shipped"] == counted["waits"] == 3000


def test_all_and_nothing_else_must_be_found() -> None:
    """R32."""
    wanted = {("not-seen", 1), ("cancelled-there", 2)}
    night.check(told(*wanted), wanted)
    for wrong in ([("not-seen", 1)], [*wanted, ("not-seen", 3)], [*wanted, ("not-seen", 1)]):
        with pytest.raises(Wrong):
            night.check(told(*wrong), wanted)
