"""The guides are true: every block of Python in them runs, from top to bottom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sfsync.domain.operations import forget, names
from sfsync.shops import kinds

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "guides"
WRITTEN = {"a-week-of-mails.md"}
"""By a test of its own, which keeps it true."""


@pytest.fixture(autouse=True)
def nothing_stays_registered() -> Iterator[None]:
    operations, shops = names(), kinds.names()
    yield
    for name in names() - operations:
        forget(name)
    for name in set(kinds.names()).difference(shops):
        kinds.forget(name)


@pytest.mark.parametrize("guide", sorted({each.name for each in GUIDES.glob("*.md")} - WRITTEN))
def test_a_guide_can_be_followed_word_for_word(guide: str, db: None, tmp_path: Path) -> None:
    """A guide asserts what it promises; `folder` is an empty folder of the reader's."""
    blocks = re.findall(r"^```python\n(.*?)^```", (GUIDES / guide).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert any("assert " in block for block in blocks), "a guide without an assertion promises nothing"
    names: dict[str, Any] = {"folder": tmp_path, "__name__": guide}
    for block in blocks:
        exec(compile(block, guide, "exec"), names)
