"""The pure parts of the back office: charts, medians, marks of pages, harmless cells."""

from __future__ import annotations

import csv
import io
import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.backoffice.kit.csv_export import harmless
from sfsync.backoffice.kit.keyset import Mark
from sfsync.backoffice.kit.visible import visible
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


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("-2", "'-2"),
        ("+2", "'+2"),
        (" =1+1", " '=1+1"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        (";=1+1", ";'=1+1"),
        ("paid;=1+1", "paid;'=1+1"),
        ("paid, @x|-2", "paid, '@x|'-2"),
        ('paid";=1+1', "paid\";'=1+1"),
        ("two lines\n=1+1", "two lines\n'=1+1"),
        ("＝1+1", "'＝1+1"),
        ("plain", "plain"),
        ("2026-03-14, 5 - 3", "2026-03-14, 5 - 3"),
        (7, 7),
        (-7, -7),
    ],
)
def test_no_cell_runs_in_a_spreadsheet(cell: object, safe: object) -> None:
    assert harmless(cell) == safe


@given(st.text(alphabet="=+-@＝＋－＠,;|\t\r\n\"' \u00a0a1", max_size=12))
def test_under_no_separator_does_a_cell_begin_as_a_formula(cell: str) -> None:
    """The file is written with one separator, and read with any."""
    for written in ",;":
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=written).writerow([harmless(cell), harmless(cell)])
        for read in ",;\t|":
            cells = [
                each for row in csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=read) for each in row
            ]
            assert not [each for each in cells if each.lstrip(" \u00a0")[:1] in tuple("=+-@＝＋－＠")]


@given(st.characters(codec="utf-8"))
def test_no_direction_mark_reaches_a_page(character: str) -> None:
    """And letters of any alphabet do."""
    unseen = unicodedata.category(character) in {"Cf", "Cc"} and character not in "\t\n\r\u00ad"
    page = visible(f'<p title="{character}">{character}</p>')
    assert (page == '<p title="�">�</p>') is (unseen or character == "�")


def test_what_a_form_sends_back_stays_as_it_is() -> None:
    assert visible('<input name="a\u202eb" value="\u200fc">\u202e') == '<input name="a\u202eb" value="\u200fc">�'
