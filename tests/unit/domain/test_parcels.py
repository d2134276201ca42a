"""Which of an order's numbers the marketplace knows (R29)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sfsync.domain.orders import Parcel, Seen, parcels_written
from sfsync.domain.parcels import There, numbers_there

TOLD, WAITS, NOT_TOLD, UNKNOWN = There.TOLD, There.WAITS, There.NOT_TOLD, There.UNKNOWN
REPLACED = There.REPLACED


@pytest.mark.parametrize(
    ("numbers", "told", "shipped_before", "expected"),
    [
        pytest.param([], [], False, [], id="no number"),
        pytest.param(["A1"], [], False, [WAITS], id="one, before its shipment"),
        pytest.param(["A1"], ["A1"], False, [TOLD], id="one that was told"),
        pytest.param(["A1", "A2"], [], False, [WAITS, NOT_TOLD], id="one shipment carries one number"),
        pytest.param(["A1", "A2"], ["A1"], False, [TOLD, NOT_TOLD], id="another stood there when it was told"),
        pytest.param(["A2", "A1"], ["A1"], False, [WAITS, TOLD], id="a number that came later is news"),
        pytest.param(["A2", "A1"], ["A1", "A2"], False, [TOLD, TOLD], id="both were told, one after the other"),
        pytest.param(["A1"], ["A1", "A2"], False, [REPLACED], id="back at the earlier one"),
        pytest.param(["A3", "A1"], ["A1", "A2"], False, [WAITS, REPLACED], id="back at it, and a new one"),
        pytest.param(["A1"], [""], False, [WAITS], id="shipped without a number"),
        pytest.param(["A2"], ["A1;A2"], False, [TOLD], id="told together with another"),
        pytest.param(["A1", "A2"], [], True, [UNKNOWN, UNKNOWN], id="shipped before sfsync"),
        pytest.param(["A2", "A1"], ["A2"], True, [TOLD, UNKNOWN], id="shipped before sfsync, corrected since"),
    ],
)
def test_what_became_of_each_number_r11_r29(
    numbers: list[str], told: Sequence[str], shipped_before: bool, expected: list[There]
) -> None:
    parcels = [Parcel(each) for each in numbers]
    found = [*numbers_there(parcels, told, shipped_before=shipped_before)]
    assert found == list(zip(parcels, expected, strict=True))


@pytest.mark.parametrize(
    "numbers", [(), (("7", "6A1"),), (("s8", "6A2"), ("7", "6A1")), (("8", "RR 123 456 785 FR"), ("7", "6A1"))]
)
@pytest.mark.parametrize("spoilt", ["", "6,90E+12"])
def test_numbers_are_read_as_they_were_written(numbers: tuple[tuple[str, str], ...], spoilt: str) -> None:
    found = parcels_written(Seen("4", numbers, spoilt=spoilt).written)
    assert sorted((each.key, each.tracking_number) for each in found) == sorted(numbers)
