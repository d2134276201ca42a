"""`sfsync --help` on a terminal of 80 columns."""

from __future__ import annotations

from typing import Any

import pytest
import typer
import typer.main
from typer.testing import CliRunner

from sfsync_server.cli import app
from sfsync_server.help_layout import PANELS, WIDEST, first_sentence, flowing

GROUP: Any = typer.main.get_command(app)
NAMES = list(GROUP.commands)


def said(*asked: str) -> str:
    return CliRunner().invoke(app, [*asked, "--help"], env={"COLUMNS": "80", "TERM": "dumb"}).output


def test_every_command_is_in_one_panel() -> None:
    assert sorted(name for names in PANELS.values() for name in names) == sorted(NAMES)
    assert [panel for panel in PANELS if f"─ {panel} ─" not in said()] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_command_takes_one_line_of_the_list(name: str) -> None:
    sentence = GROUP.get_command(typer.Context(GROUP), name).short_help
    assert len(sentence) <= WIDEST
    assert any(name in line and sentence in line for line in said().splitlines())


@pytest.mark.parametrize("asked", [(), *((name,) for name in NAMES), ("audit", "verify")])
def test_help_fits_and_says_no_type_of_a_flag(asked: tuple[str, ...]) -> None:
    help_text = said(*asked)
    assert "--help" in help_text
    assert "<bool>" not in help_text
    assert max(map(len, help_text.splitlines())) <= 80


def test_a_sentence_ends_where_the_next_begins() -> None:
    assert [first_sentence(each) for each in ("Do it. Now.", "Do it.")] == ["Do it.", "Do it."]
    assert flowing("One\n  line.\n\nAnother.") == "One line.\n\nAnother."
