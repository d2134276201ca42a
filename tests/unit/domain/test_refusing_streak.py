"""When a marketplace refuses everything with one answer, and when that is over (R36)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.channel_trouble import IN_A_ROW, Streak, after, alike

DOWN = "Service unavailable"
FIVE = tuple(range(1, IN_A_ROW + 1))
TROUBLE = Streak(alike(DOWN), FIVE)
Said = list[tuple[int, str]]


@pytest.mark.parametrize(
    ("before", "refused", "streak"),
    [
        pytest.param(None, [], None, id="nothing is said"),
        pytest.param(None, [(1, DOWN)], Streak(alike(DOWN), (1,)), id="the first"),
        pytest.param(None, [(each, DOWN) for each in FIVE], TROUBLE, id="five at once"),
        pytest.param(Streak(alike(DOWN), FIVE[:4]), [(5, DOWN)], TROUBLE, id="the fifth, later"),
        pytest.param(None, [(1, DOWN)] * 9, Streak(alike(DOWN), (1,)), id="one order, time and again"),
        pytest.param(
            Streak(alike(DOWN), FIVE[:4]), [(5, "No carrier")], Streak("no carrier", (5,)), id="another answer"
        ),
        pytest.param(TROUBLE, [(6, DOWN)], TROUBLE, id="still so"),
        pytest.param(TROUBLE, [(6, "No carrier")], TROUBLE, id="another answer to the one that was tried"),
        pytest.param(TROUBLE, [], TROUBLE, id="nothing more is said"),
    ],
)
def test_a_streak_goes_on(before: Streak | None, refused: Said, streak: Streak | None) -> None:
    assert after(before, refused) == streak


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Service unavailable", "service  UNAVAILABLE", True),
        ("Order 403-1234 is unknown", "Order 403-9999 is unknown", True),
        ("Erreur 500 : réessayez", "Erreur 503 : reessayez", True),
        ("Unknown carrier “DPD”", "Unknown carrier “GLS”", False),
        ("", "", True),
        ("", "Service unavailable", False),
    ],
)
def test_answers_are_alike_whatever_order_they_name(one: str, other: str, same: bool) -> None:
    assert (alike(one) == alike(other)) is same


ANSWERS = st.lists(st.tuples(st.integers(1, 9), st.sampled_from([DOWN, "No carrier", "Closed"])), max_size=30)


@given(ANSWERS, ANSWERS)
def test_it_does_not_matter_how_many_tickets_are_read_at_once(first: Said, second: Said) -> None:
    at_once = after(None, [*first, *second])
    assert after(after(None, first), second) == at_once


@given(ANSWERS)
def test_a_trouble_is_five_orders_in_a_row_with_one_answer_and_nothing_else(refused: Said) -> None:
    runs: list[set[int]] = []
    last = ""
    for order, message in refused:
        runs = [*runs[:-1], runs[-1] | {order}] if runs and message == last else [*runs, {order}]
        last = message
    streak = after(None, refused)
    assert bool(streak and streak.is_trouble) is any(len(run) >= IN_A_ROW for run in runs)
