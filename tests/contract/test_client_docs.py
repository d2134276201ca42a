"""docs/client.md is true: its examples run, from top to bottom, and its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import shoppingfeed
from shoppingfeed import OrderOperation, ShoppingFeedError

PAGE = Path(__file__).parents[2] / "docs" / "client.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    """R13: the ambiguous send of the page did arrive, and the page finds it in the ticket list."""
    shared: dict[str, object] = {}
    for example in EXAMPLES.finditer(TEXT):
        line = TEXT.count("\n", 0, example.start(1))
        exec(compile("\n" * line + example[1], str(PAGE), "exec"), shared)
    printed = capsys.readouterr().out
    assert "1078495000001 is done" in printed
    assert "it did arrive" in printed
    assert "refused:" not in printed


def test_there_are_examples() -> None:
    assert len(EXAMPLES.findall(TEXT)) >= 10


@pytest.mark.parametrize("root", [OrderOperation, ShoppingFeedError])
def test_every_operation_and_every_error_is_in_the_manual(root: type) -> None:
    public = [getattr(shoppingfeed, name) for name in shoppingfeed.__all__]
    named = {each.__name__ for each in public if isinstance(each, type) and issubclass(each, root)}
    told = set(re.findall(r"^\| `(\w+)`", TEXT, re.MULTILINE))
    assert named - {root.__name__, "ApiError"} <= told


@pytest.mark.parametrize("name", ["send_many", "batches", "tickets", "orders", "upload_documents", "me", "login"])
def test_every_way_in_is_in_the_manual(name: str) -> None:
    assert re.search(rf"\b{name}\(", TEXT)
