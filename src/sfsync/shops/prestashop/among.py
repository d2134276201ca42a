"""`column IN (…)` with a thousand ids."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import NullType


class Among(ColumnElement[bool]):
    """The ids stand in the statement's text as they are: as parameters they would cost more than the answer. Statements
    with one are not kept for the next time, for no two are alike."""

    inherit_cache = False
    type: Any = NullType()  # MySQL has no booleans: of one, its text would be compared with 1

    def __init__(self, column: ColumnElement[Any], ids: Collection[int]) -> None:
        self.column = column
        self.ids = [int(each) for each in ids]


@compiles(Among)
def _text(element: Among, compiler: Any, **_options: Any) -> str:
    ids = ", ".join(map(str, element.ids)) or "NULL"
    return f"{compiler.process(element.column)} IN ({ids})"
