"""By when an order must be shipped, and what is told of it: R25."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.deadlines import Source, deadline, hours_of, is_in_time, nearness, step

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
PLACED = NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("latest", "has_zone", "placed_at", "hours", "expected"),
    [
        (NOW, True, PLACED, 48, (NOW, Source.MARKETPLACE)),
        (NOW, False, PLACED, 48, (NOW, Source.DAY)),
        (None, False, PLACED, 48, (PLACED + timedelta(hours=48), Source.HOURS)),
        (None, False, PLACED, None, (None, Source.NONE)),
        (None, False, None, 48, (None, Source.NONE)),
        (PLACED - timedelta(hours=23), False, PLACED, 48, (PLACED - timedelta(hours=23), Source.DAY)),
        (PLACED - timedelta(hours=25), False, PLACED, 48, (PLACED + timedelta(hours=48), Source.HOURS)),
        (PLACED - timedelta(hours=23), True, PLACED, 48, (PLACED - timedelta(hours=23), Source.MARKETPLACE)),
        (datetime(1970, 1, 1, tzinfo=UTC), True, PLACED, 48, (PLACED + timedelta(hours=48), Source.HOURS)),
    ],
)
def test_where_a_deadline_comes_from(
    latest: datetime | None, has_zone: bool, placed_at: datetime | None, hours: int | None, expected: object
) -> None:
    """R25."""
    assert deadline(latest, has_zone=has_zone, placed_at=placed_at, hours=hours) == expected


@pytest.mark.parametrize(("channel", "hours"), [("amazonfr", 24), ("Amazon DE", 12), ("Fnac", 72), ("amazonprime", 24)])
def test_the_rule_of_the_longest_family_counts(channel: str, hours: int) -> None:
    """R25."""
    assert hours_of(channel, {"amazon": 24, "Amazon DE": 12, "*": 72}) == hours
    assert hours_of(channel, {}) is None


@pytest.mark.parametrize(
    ("left", "source", "expected"),
    [
        (timedelta(hours=25), Source.MARKETPLACE, ""),
        (timedelta(hours=24), Source.MARKETPLACE, "24 h"),
        (timedelta(hours=4), Source.MARKETPLACE, "4 h"),
        (timedelta(seconds=1), Source.HOURS, "4 h"),
        (timedelta(0), Source.MARKETPLACE, "late"),
        (timedelta(hours=-1), Source.DAY, "late"),
        (timedelta(hours=3), Source.DAY, "24 h"),
        (timedelta(hours=30), Source.DAY, ""),
    ],
)
def test_what_is_told_of_a_deadline(left: timedelta, source: str, expected: str) -> None:
    """R25: one that is right to a day only promises nothing better."""
    assert step(NOW + left, source, NOW) == expected


@pytest.mark.parametrize(
    ("steps", "left", "source", "expected"),
    [
        ([48, 12], timedelta(hours=30), Source.MARKETPLACE, "48 h"),
        ([48, 12], timedelta(hours=12), Source.MARKETPLACE, "12 h"),
        ([48, 12], timedelta(hours=12), Source.DAY, "48 h"),
        ([12], timedelta(hours=3), Source.DAY, ""),
        ([], timedelta(hours=1), Source.MARKETPLACE, ""),
        ([], timedelta(0), Source.MARKETPLACE, "late"),
    ],
)
def test_a_store_sets_its_own_steps(steps: list[int], left: timedelta, source: str, expected: str) -> None:
    """R25."""
    assert step(NOW + left, source, NOW, steps) == expected


@given(st.lists(st.integers(1, 168), max_size=5, unique=True), st.integers(1, 10_000))
def test_an_order_is_told_of_only_while_it_is_at_risk(steps: list[int], minutes: int) -> None:
    """R25: the list of those at risk holds every order that a mail was about."""
    left = timedelta(minutes=minutes)
    assert bool(step(NOW + left, Source.MARKETPLACE, NOW, steps)) == (left <= nearness(steps))


@pytest.mark.parametrize(
    ("sent_at", "ship_by", "expected"),
    [(NOW, NOW, True), (NOW, NOW - timedelta(seconds=1), False), (NOW, None, None), (None, NOW, None)],
)
def test_told_in_time_means_sent_by_the_deadline(sent_at: datetime, ship_by: datetime, expected: bool | None) -> None:
    """R25."""
    assert is_in_time(sent_at, ship_by) is expected


@given(st.integers(-100, 100), st.sampled_from(list(Source)))
def test_a_step_never_goes_back(hours: int, source: Source) -> None:
    """R25: as time passes an order only comes nearer to its deadline."""
    order = ["", "24 h", "4 h", "late"]
    steps = [order.index(step(NOW + timedelta(hours=hours), source, NOW + timedelta(hours=each))) for each in range(9)]
    assert steps == sorted(steps)
