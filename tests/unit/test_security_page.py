"""docs/security.md is true: every test that it names is there, and no property is without one."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent.parent
PAGE = (TESTS.parent / "docs" / "security.md").read_text("utf-8")
PROVIDED = PAGE.partition("## Not provided")[0]


def test_every_test_that_the_page_names_is_there() -> None:
    named = re.findall(r"`([\w./]+\.py)::(\w+)`", PAGE)
    missing = [name for file, name in named if f"def {name}(" not in (TESTS / file).read_text("utf-8")]
    assert (missing, len(named) > 25) == ([], True)


def test_every_property_names_a_test() -> None:
    rows = [line for line in PROVIDED.splitlines() if line.startswith("| ") and line != "| property | test |"]
    assert len(rows) > 15
    assert [row for row in rows if "::test_" not in row] == []
