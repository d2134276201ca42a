"""docs/promises.md is true: every test that it names is there, and every test here is named by it."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = (HERE.parent.parent / "docs" / "promises.md").read_text()
NAMED = re.findall(r"`([\w./]+\.py)::(\w+)`", PAGE)


def test_every_proof_that_the_page_names_is_there() -> None:
    missing = [name for file, name in NAMED if f"def {name}(" not in (HERE / file).read_text()]
    assert (missing, len(NAMED) > 30) == ([], True)


def test_every_proof_is_named_by_the_page() -> None:
    files = [file for file in sorted(HERE.glob("test_*.py")) if file != Path(__file__)]
    written = {name for file in files for name in re.findall(r"^def (test_\w+)\(", file.read_text(), re.MULTILINE)}
    assert written == {name for file, name in NAMED if not file.startswith("..")}
