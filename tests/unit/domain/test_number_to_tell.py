"""Which of an order's numbers is the one to be told, and that a look and a reading choose the same (R2, R29)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.orders import Numbers, Parcel, Seen, Snapshot, number_to_tell

OF_TWO = Numbers("1 A\n2 B", "B")


@pytest.mark.parametrize(
    ("numbers", "before", "told"),
    [
        ("", Numbers(), ""),
        ("A", Numbers(), "A"),
        ("B A", Numbers(), "B"),
        ("B A", OF_TWO, "B"),
        ("B C", OF_TWO, "C"),
        ("C A", OF_TWO, "C"),
        ("C D", OF_TWO, "C"),
        ("C B A", OF_TWO, "C"),
        ("B A", Numbers("1 A\n2 B", "A"), "A"),
        ("A", OF_TWO, "A"),
        ("", OF_TWO, ""),
        ("B A", Numbers("1 B\n2 A", "B"), "B"),
        ("A1 A12", Numbers("1 A12", "A12"), "A1"),
    ],
)
def test_the_number_that_came_last_is_told(numbers: str, before: Numbers, told: str) -> None:
    assert number_to_tell(numbers.split(), before) == told


ROWS = st.lists(st.sampled_from(["A", "B", "C", "D", "E"]), max_size=4, unique=True)


@given(st.lists(ROWS, max_size=6))
def test_a_look_and_a_reading_choose_the_same_and_no_order_of_rows_is_news(states: list[list[str]]) -> None:
    before = Numbers()
    for rows in states:
        numbers = tuple((str(at), number) for at, number in reversed(list(enumerate(rows))))
        parcels = tuple(Parcel(number, key=key) for key, number in numbers)
        seen = Seen("4", numbers).after(before.written, before.told_first)
        read = Snapshot("1", "4", parcels=parcels).after(before.written, before.told_first)
        assert (seen.tracking_number, seen.written) == (read.tracking_number, read.seen.written)
        assert seen.written == Seen("4", numbers).written
        assert bool(seen.tracking_number) is bool(rows)
        before = Numbers(seen.written, seen.tracking_number)
