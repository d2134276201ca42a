"""How the story looks: who says what, in two columns, on any terminal or in a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from sfsync_server.commands.shown import clean

WIDTH = 120
"""Columns where there is no terminal to ask."""
_STYLES = {"shop": "cyan", "you": "cyan", "sfsync": "bold", "mail": "magenta"}


class Screen:
    def __init__(self, console: Console | None = None) -> None:
        width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH
        self.console = console or Console(width=width, highlight=False)

    def heading(self, title: str, meaning: str) -> None:
        self.console.print()
        self.console.print(Rule(Text(title, "bold"), align="left", style="dim"))
        self.console.print(Text(meaning, "dim"))

    def line(self, who: str, text: object, style: str = "") -> None:
        """What somebody does or says; nobody in particular where `who` is empty."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=13, no_wrap=True)
        grid.add_column()
        grid.add_row(Text(who, _STYLES.get(who, "green")), Text(clean(text), style))
        self.console.print(grid)

    def letter(self, text: str) -> None:
        """A mail's text, as it is."""
        for line in text.strip().splitlines():
            self.line("", f"| {line}", "magenta")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        table = Table(*columns, header_style="bold", box=None, pad_edge=False)
        for row in rows:
            table.add_row(*(cell if isinstance(cell, Text) else Text(clean(cell)) for cell in row))
        self.console.print(table)

    def say(self, text: str = "", style: str = "") -> None:
        self.console.print(Text(text, style))

    def busy(self, text: str) -> AbstractContextManager[object]:
        """Something that turns while it takes its time, on a terminal."""
        return self.console.status(text)
