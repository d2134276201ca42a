"""Many rows in one statement, on SQLite and PostgreSQL.

Django's `bulk_create` and `bulk_update` spend one parameter a value, so their statements grow with the rows (SQLite
takes 999 parameters). Here the rows travel as one JSON parameter: a page of a thousand orders is one statement.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

Row = Sequence[Any]


class Columns:
    """Columns of a table, and how each one's value is picked out of a row that travels as a JSON array `r.value`."""

    def __init__(self, model: type[models.Model], names: Sequence[str]) -> None:
        self.connection: BaseDatabaseWrapper = connections[router.db_for_write(model)]
        self.fields = [model._meta.get_field(name) for name in names]
        self.table = self.quoted(model._meta.db_table)
        self.names = [self.quoted(str(getattr(field, "column", ""))) for field in self.fields]

    def quoted(self, name: str) -> str:
        return str(self.connection.ops.quote_name(name))

    @property
    def source(self) -> str:
        return "json_each(%s) AS r" if self.lite else "jsonb_array_elements(%s::jsonb) AS r(value)"

    @property
    def lite(self) -> bool:
        return self.connection.vendor == "sqlite"

    @property
    def values(self) -> list[str]:
        if self.lite:
            return [f"json_extract(r.value, '$[{index}]')" for index in range(len(self.fields))]
        return [f"(r.value->>{index})::{self._type(field)}" for index, field in enumerate(self.fields)]

    def _type(self, field: Any) -> str:
        """The PostgreSQL type to read a value as (a foreign key's is that of its target)."""
        return str(field.rel_db_type(self.connection) if field.primary_key else field.db_type(self.connection))

    def parameter(self, rows: Iterable[Row]) -> str:
        nested = [isinstance(field, models.JSONField) for field in self.fields]
        return json.dumps([[self._plain(*pair) for pair in zip(row, nested, strict=True)] for row in rows])

    def _plain(self, value: Any, nested: bool) -> Any:
        if nested:
            return None if value is None else json.dumps(value)
        if isinstance(value, datetime):
            return str(value.astimezone(UTC).replace(tzinfo=None)) if self.lite else value.isoformat()
        return value

    def run(self, sql: str, rows: Iterable[Row]) -> list[int]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, [self.parameter(rows)])
            return [row[0] for row in cursor.fetchall()]


def insert_rows(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Row], *, conflict: str = ""
) -> list[int]:
    """Insert rows, values in the order of `names`. `conflict` is an `ON CONFLICT` clause on the target, called `t`.

    Returns the ids that were written (a row that a conflict turned away is not among them).
    """
    if not rows:
        return []
    columns = Columns(model, names)
    into = f"INSERT INTO {columns.table} AS t ({', '.join(columns.names)})"
    chosen = f"SELECT {', '.join(columns.values)} FROM {columns.source} WHERE true"
    return columns.run(f"{into} {chosen} {conflict} RETURNING id", rows)


def update_rows(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Row], *, expect: Sequence[str] = ()
) -> list[int]:
    """Update the row whose id is a row's first value, many rows at once. Returns the ids that were really written.

    The values of a row are the id, the new values of `names[1:]`, then the values that the columns `expect` must still
    have (compare and set).
    """
    if not rows:
        return []
    columns = Columns(model, [*names, *expect])
    key, *values = columns.values
    news = len(names) - 1
    sets = ", ".join(f"{name} = {value}" for name, value in zip(columns.names[1:], values[:news], strict=False))
    guards = "".join(
        f" AND t.{name} = {value}" for name, value in zip(columns.names[len(names) :], values[news:], strict=True)
    )
    update = f"UPDATE {columns.table} AS t SET {sets} FROM {columns.source}"
    return columns.run(f"{update} WHERE t.id = {key}{guards} RETURNING id", rows)


def delete_rows(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> list[int]:
    """Delete the rows that still have exactly these values (compare and delete). Returns the ids that went."""
    if not rows:
        return []
    columns = Columns(model, names)
    chosen = f"SELECT {', '.join(columns.values)} FROM {columns.source}"
    return columns.run(
        f"DELETE FROM {columns.table} WHERE ({', '.join(columns.names)}) IN ({chosen}) RETURNING id", rows
    )
