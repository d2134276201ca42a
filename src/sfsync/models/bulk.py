"""Many rows in one statement, on SQLite and PostgreSQL.

Django's `bulk_create` and `bulk_update` take at most 999 parameters a statement on SQLite, and update by a CASE for
every value. Here a page of a thousand rows is one statement: on SQLite the rows are a table of VALUES (reading them out
of JSON there takes twice the time), on PostgreSQL one JSON parameter, so that its text never changes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

Row = Sequence[Any]

MOST_PARAMETERS = 32_000
"""Of one SQLite statement; 32,766 is its own limit since 3.32."""


class Columns:
    """Columns of a table, and how each one's value is picked out of the rows `r` that come with the statement."""

    def __init__(self, model: type[models.Model], names: Sequence[str]) -> None:
        self.connection: BaseDatabaseWrapper = connections[router.db_for_write(model)]
        self.fields = [model._meta.get_field(name) for name in names]
        self.nested = [index for index, field in enumerate(self.fields) if isinstance(field, models.JSONField)]
        self.moments = [index for index, field in enumerate(self.fields) if isinstance(field, models.DateTimeField)]
        self.table = self.quoted(model._meta.db_table)
        self.names = [self.quoted(str(getattr(field, "column", ""))) for field in self.fields]

    def quoted(self, name: str) -> str:
        return str(self.connection.ops.quote_name(name))

    @property
    def lite(self) -> bool:
        return self.connection.vendor == "sqlite"

    @property
    def values(self) -> list[str]:
        if self.lite:
            return [f"r.column{number}" for number in range(1, len(self.fields) + 1)]
        return [self._cast(index, field) for index, field in enumerate(self.fields)]

    def _cast(self, index: int, field: Any) -> str:
        """A value as its PostgreSQL type (a foreign key's is that of its target)."""
        if index in self.nested:
            return f"nullif(r.value->{index}, 'null')"
        kind = field.rel_db_type(self.connection) if field.primary_key else field.db_type(self.connection)
        return f"(r.value->>{index})::{kind}"

    def run(self, sql: str, rows: Sequence[Row]) -> list[int]:
        """Execute `sql`, which reads its rows where it says `{rows}`. Returns the ids that it returns."""
        with self.connection.cursor() as cursor:
            return [number for source, values in self._sources(rows) for number in _ids(cursor, sql, source, values)]

    def _sources(self, rows: Sequence[Row]) -> Iterator[tuple[str, list[Any]]]:
        if not self.lite:
            yield "jsonb_array_elements(%s::jsonb) AS r(value)", [json.dumps(rows, default=_iso)]
            return
        row = f"({', '.join(['%s'] * len(self.fields))})"
        size = MOST_PARAMETERS // len(self.fields)
        for some in (rows[start : start + size] for start in range(0, len(rows), size)):
            table = f"(VALUES {', '.join([row] * len(some))}) AS r"
            yield table, [value for each in some for value in self._plain(each)]

    def _plain(self, row: Row) -> list[Any]:
        values = list(row)
        for index in self.moments:
            values[index] = None if values[index] is None else _stamp(values[index])
        for index in self.nested:
            values[index] = None if values[index] is None else json.dumps(values[index])
        return values


def _ids(cursor: Any, sql: str, source: str, values: list[Any]) -> list[int]:
    cursor.execute(sql.replace("{rows}", source), values)
    return [row[0] for row in cursor.fetchall()]


@functools.lru_cache(maxsize=256)
def _stamp(moment: datetime) -> str:
    """As Django writes it into SQLite."""
    return str(moment.astimezone(UTC).replace(tzinfo=None))


def _iso(value: datetime) -> str:
    return value.isoformat()


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
    chosen = f"SELECT {', '.join(columns.values)} FROM {{rows}} WHERE true"
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
    update = f"UPDATE {columns.table} AS t SET {sets} FROM {{rows}}"
    return columns.run(f"{update} WHERE t.id = {key}{guards} RETURNING id", rows)


def delete_rows(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> list[int]:
    """Delete the rows that still have exactly these values (compare and delete). Returns the ids that went."""
    if not rows:
        return []
    columns = Columns(model, names)
    chosen = f"SELECT {', '.join(columns.values)} FROM {{rows}}"
    return columns.run(
        f"DELETE FROM {columns.table} WHERE ({', '.join(columns.names)}) IN ({chosen}) RETURNING id", rows
    )
