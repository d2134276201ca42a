"""What strangers wrote, on one line (R20)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.notify.plain import one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  403-1234567 ", "403-1234567"),
        ("two\r\nlines\tand a tab", "two lines and a tab"),
        ("para\u2029line\u2028next\x85end", "para line next end"),
        ("abc\u202edef", "abc�def"),
        ("zero\u200bwidth", "zero�width"),
        ("\x1b[31mred", "�[31mred"),
        ("half \ud800", "half �"),
        ("12\u00a0h\u202f30", "12\u00a0h\u202f30"),
        ("Straße العربية 📦", "Straße العربية 📦"),
        (None, "None"),
        (1078495000000, "1078495000000"),
        ("", ""),
    ],
)
def test_what_is_shown(text: object, shown: str) -> None:
    assert one_line(text, 100) == shown


@pytest.mark.parametrize(
    ("length", "shown"), [(9, "x" * 9), (10, "x" * 10), (11, "x" * 9 + "…"), (5000, "x" * 9 + "…")]
)
def test_a_long_text_is_cut_and_says_so(length: int, shown: str) -> None:
    assert one_line("x" * length, 10) == shown


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_one_visible_line_of_bounded_length(text: str, most: int) -> None:
    line = one_line(text, most)

    assert len(line) <= most
    assert len(line.splitlines()) <= 1
    assert not [each for each in line if unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert one_line(line, most) == line
