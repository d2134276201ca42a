"""A number that moves with what a row shows, made by the server: what has not changed need not be fetched."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class Checksum(FunctionElement[int]):
    """Of these columns, empty ones left out."""

    name = "checksum"
    type = Integer()
    inherit_cache = True


@compiles(Checksum)
def _on_servers(element: Checksum, compiler: Any, **options: Any) -> str:
    return f"crc32(concat_ws('|', {compiler.process(element.clauses, **options)}))"


@compiles(Checksum, "sqlite")
def _on_sqlite(element: Checksum, compiler: Any, **options: Any) -> str:
    """As bytes: a function of ours is given no text that is none."""
    columns = (f"CAST({compiler.process(each, **options)} AS BLOB)" for each in element.clauses)
    return f"crc32(concat_ws('|', {', '.join(columns)}))"
