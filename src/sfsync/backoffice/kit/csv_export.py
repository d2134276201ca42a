"""Rows as a CSV file that a spreadsheet opens, sent while they are read."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse
from django.utils.translation import get_language

_FORMULA = re.compile("(^|[,;|\t\r\n\"'])([ \u00a0\ufeff]*)(?=[=+@\t\r＝＋－＠-])")
"""Where a cell begins, whatever separator the spreadsheet takes: its own language's, not always that of the page."""


class _Echo:
    def write(self, text: str) -> str:
        return text


def download(name: str, rows: Iterable[list[object]]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(_text(rows, separator()), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def separator() -> str:
    """Between cells, as a spreadsheet in the reader's language expects it: a comma is French for a decimal point."""
    return ";" if (get_language() or "").startswith("fr") else ","


def _text(rows: Iterable[list[object]], separator: str) -> Iterator[str]:
    """Begins with the mark by which spreadsheets know UTF-8."""
    writer = csv.writer(_Echo(), delimiter=separator)
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([harmless(cell) for cell in row])


def harmless(cell: object) -> object:
    """What a marketplace wrote must not run as a formula in the merchant's spreadsheet."""
    return _FORMULA.sub(r"\1\2'", cell) if isinstance(cell, str) else cell
