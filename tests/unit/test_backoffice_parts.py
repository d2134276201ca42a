"""The pure parts of the back office: charts, medians, marks of pages, harmless cells."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sfsync.backoffice.kit.csv_export import harmless
from sfsync.backoffice.kit.keyset import Mark
from sfsync.backoffice.screens.overview.chart import BASE, chart_of
from sfsync.models.figure import WITHIN, median_seconds

TODAY = date(2026, 3, 14)


def test_a_chart_has_every_day_and_stays_inside() -> None:
    chart = chart_of({TODAY: (90, 7), date(2026, 3, 1): (1, 0)}, TODAY)
    assert [bar.day.day for bar in chart.bars] == list(range(1, 15))
    assert (chart.top, chart.confirmed, chart.failed) == (100, 91, 7)
    assert all(0 < bar.failed_y <= bar.confirmed_y <= BASE for bar in chart.bars)
    assert chart.bars[-1].confirmed_height == pytest.approx(BASE * 0.83, rel=0.1)


def test_one_failure_beside_ten_thousand_confirmations_is_seen() -> None:
    assert chart_of({TODAY: (10_000, 1)}, TODAY).bars[-1].failed_height == 2


@pytest.mark.parametrize(("most", "top"), [(0, 1), (1, 1), (3, 5), (10, 10), (11, 20), (99, 100), (501, 1000)])
def test_the_top_of_a_chart_is_a_round_number(most: int, top: int) -> None:
    assert chart_of({TODAY: (most, 0)}, TODAY).top == top
    assert chart_of({TODAY: (most, 0)}, TODAY).empty == (most == 0)


@pytest.mark.parametrize(
    ("confirmed", "within", "median"),
    [
        (0, {}, None),
        (10, {"s10": 10}, 5.0),
        (10, {"s10": 5, "m1": 5}, 10.0),
        (10, {"s10": 2, "m1": 6, "h12": 2}, 35.0),
        (10, {"s10": 1}, float("inf")),
    ],
)
def test_a_median_is_read_from_its_steps(confirmed: int, within: dict[str, int], median: float | None) -> None:
    assert median_seconds(confirmed, [within.get(name, 0) for name in WITHIN]) == median


@pytest.mark.parametrize("value", [17, datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC)])
@pytest.mark.parametrize("backwards", [True, False])
def test_a_mark_comes_back_as_it_went(value: object, backwards: bool) -> None:
    mark = Mark(backwards, value, 42)
    assert Mark.read(str(mark)) == mark


@pytest.mark.parametrize("text", ["", "a", "a_b_c", "a_1", "a_2026-99-99_1", "'; DROP TABLE", "a_1_x"])
def test_a_mark_that_makes_no_sense_is_no_mark(text: str) -> None:
    assert Mark.read(text) is None


def test_cells_that_a_spreadsheet_would_run_are_quoted() -> None:
    assert [harmless(cell) for cell in ("=1+1", "@x", "-2", "plain", 7)] == ["'=1+1", "'@x", "'-2", "plain", 7]
