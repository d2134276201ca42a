"""Pauses that grow when a shop is slow, and a ceiling of questions an hour."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sfsync.shops.base import ShopUnavailable
from sfsync.shops.prestashop.webservice.pace import LONGEST, Pace


class Time:
    """A clock that the pauses move."""

    def __init__(self) -> None:
        self.at = 1_000_000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.at

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.at += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def answer(time: Time) -> Callable[..., None]:
    """One question whose answer takes so many seconds."""

    def ask(pace: Pace, took: float, kind: str = "ids") -> None:
        began = pace.begin()
        time.at += took
        pace.end(began, kind)

    return ask


def make(time: Time, ceiling: int = 100_000, memory: dict[str, int] | None = None) -> Pace:
    return Pace(ceiling, memory, pause=time.pause, now=time, clock=time)


def test_a_quick_shop_rests_between_two_questions_as_long_as_it_worked(time: Time, answer: Callable[..., None]) -> None:
    pace = make(time)
    for took in (0.01, 0.2, 0.1):
        answer(pace, took)
    assert time.pauses == pytest.approx([0.05, 0.2])


def test_time_that_passed_by_itself_is_no_pause_more(time: Time, answer: Callable[..., None]) -> None:
    pace = make(time)
    answer(pace, 0.2)
    time.at += 5
    answer(pace, 0.2)
    assert time.pauses == []


def test_a_slow_answer_doubles_the_pause_and_ten_quick_ones_halve_it(time: Time, answer: Callable[..., None]) -> None:
    pace = make(time)
    for _ in range(10):
        answer(pace, 0.1)
    for _ in range(2):
        answer(pace, 2.0)
    answer(pace, 0.1)
    assert pace.seconds == pytest.approx(0.4)
    for _ in range(9):
        answer(pace, 0.1)
    assert pace.seconds == pytest.approx(0.2)
    for _ in range(20):
        answer(pace, 0.1)
    assert pace.seconds == pytest.approx(0.1)


def test_no_pause_is_longer_than_a_minute(time: Time, answer: Callable[..., None]) -> None:
    pace = make(time)
    for took in (0.01, 0.01, 0.01, *(4.0**power for power in range(12))):
        answer(pace, took)
    assert pace.seconds == LONGEST


def test_a_long_list_is_measured_by_others_of_its_kind(time: Time, answer: Callable[..., None]) -> None:
    """Rows take their time in a shop that is well."""
    pace = make(time)
    for _ in range(10):
        answer(pace, 0.02)
        answer(pace, 1.5, "rows")
    assert pace.seconds == pytest.approx(1.5)


def test_at_the_ceiling_nothing_is_asked_until_the_next_hour(time: Time, answer: Callable[..., None]) -> None:
    time.at = 3600.0 * 100
    pace = make(time, ceiling=4)
    for _ in range(3):
        answer(pace, 0.1)
    with pytest.raises(ShopUnavailable) as error:
        pace.leave_room(0.75)
    assert error.value.code == "webservice-ceiling"
    answer(pace, 0.1)
    with pytest.raises(ShopUnavailable):
        pace.begin()
    again = make(time, ceiling=4, memory=pace.remember())
    with pytest.raises(ShopUnavailable):
        again.begin()
    time.at += 3600
    answer(again, 0.1)
    assert again.asked == 1


@pytest.mark.parametrize("memory", [{}, {"hour": "x", "asked": None}, {"hour": 1.5}])
def test_a_memory_that_is_none_is_forgotten(time: Time, memory: dict[str, int]) -> None:
    assert make(time, memory=memory).asked == 0
