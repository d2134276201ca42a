"""How long to wait, as tables (R16, R17)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.domain.backoff import FIRST_LOOK, LONGEST_LOOK, LONGEST_RETRY, TOO_LONG_OPEN, look_after, retry_after

counts = st.integers(0, 10**6)
firsts = st.timedeltas(timedelta(0), timedelta(days=365))


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 5), (2, 15), (3, 45), (4, 135), (5, 360), (6, 360), (100, 360), (10**6, 360)]
)
def test_retries_come_later_and_later(attempts: int, minutes: int) -> None:
    """R16: three times as long each time, six hours at most."""
    assert retry_after(attempts, timedelta(minutes=5)) == timedelta(minutes=minutes)


def test_the_first_retry_is_the_stores_own_and_never_beyond_the_bound() -> None:
    assert retry_after(0, timedelta(minutes=5)) == timedelta(minutes=5)
    assert retry_after(1, timedelta(days=2)) == LONGEST_RETRY
    assert retry_after(3, timedelta(0)) == timedelta(0)


@pytest.mark.parametrize(
    ("looks", "seconds"), [(0, 2), (1, 4), (2, 8), (5, 64), (10, 2048), (11, 3600), (12, 3600), (10**6, 3600)]
)
def test_looks_come_less_and_less_often(looks: int, seconds: int) -> None:
    """R17: twice as long each time, an hour at most."""
    assert look_after(looks) == timedelta(seconds=seconds)


@settings(deadline=None)
@given(counts, counts, firsts)
def test_retries_are_monotone_and_bounded(some: int, more: int, first: timedelta) -> None:
    """R16, for any number of attempts: no overflow either."""
    some, more = sorted((some, more))
    assert min(first, LONGEST_RETRY) <= retry_after(some, first) <= retry_after(more, first) <= LONGEST_RETRY


@settings(deadline=None)
@given(counts, counts)
def test_looks_are_monotone_and_bounded(some: int, more: int) -> None:
    """R17, R19: the first one soon after sending."""
    some, more = sorted((some, more))
    assert FIRST_LOOK <= look_after(some) <= look_after(more) <= LONGEST_LOOK


def test_a_ticket_that_stays_open_for_a_day_costs_few_looks() -> None:
    """R17: it is an alarm by then, after some 35 looks."""
    looks, waited = 0, timedelta(0)
    while waited < TOO_LONG_OPEN:
        waited += look_after(looks)
        looks += 1
    assert looks <= 35
