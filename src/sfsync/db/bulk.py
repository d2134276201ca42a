"""Many rows in one statement, on SQLite and PostgreSQL.

Django's `bulk_create` and `bulk_update` take at most 999 parameters a statement on SQLite, and update by a CASE for
every value. Here a page of a thousand rows is one statement: on SQLite the rows are a table of VALUES (reading them out
of JSON there takes twice the time), on PostgreSQL one JSON parameter, so that its text never changes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

from sfsync.db.conflict import Conflict

Row = Sequence[Any]
NOTHING: Mapping[str, Any] = {}

MOST_PARAMETERS = 32_000
"""Of one SQLite statement; 32,766 is its own limit since 3.32."""


class Columns:
    """Columns of a table, and how each one's value gets into a statement: out of its rows `r`, or once for them all."""

    def __init__(self, model: type[models.Model], names: Iterable[str]) -> None:
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
        """Of each row."""
        if self.lite:
            return [f"r.column{number}" for number in range(1, len(self.fields) + 1)]
        return [self._of_json(index, field) for index, field in enumerate(self.fields)]

    @property
    def parameters(self) -> list[str]:
        """Of all rows: placeholders."""
        return ["%s" if self.lite else f"%s::{self._kind(field)}" for field in self.fields]

    def _of_json(self, index: int, field: Any) -> str:
        if index in self.nested:
            return f"nullif(r.value->{index}, 'null')"
        return f"(r.value->>{index})::{self._kind(field)}"

    def _kind(self, field: Any) -> Any:
        """The PostgreSQL type (a foreign key's is that of its target)."""
        return field.rel_db_type(self.connection) if field.primary_key else field.db_type(self.connection)

    def portions(self, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        """As many rows at a time as one statement may have."""
        size = MOST_PARAMETERS // len(self.fields) if self.lite else len(rows)
        return (rows[start : start + size] for start in range(0, len(rows), size))

    def source(self, rows: Sequence[Row]) -> tuple[str, list[Any]]:
        """These rows as a table of the statement, and its parameters."""
        if not self.lite:
            return "jsonb_array_elements(%s::jsonb) AS r(value)", [json.dumps(rows, default=_iso)]
        row = f"({', '.join(['%s'] * len(self.fields))})"
        table = f"(VALUES {', '.join([row] * len(rows))}) AS r"
        return table, list(chain.from_iterable(self.plain(rows)))

    def plain(self, rows: Sequence[Row]) -> Iterable[Row]:
        """Rows as SQLite takes their values."""
        if not self.moments and not self.nested:
            return rows
        columns = list(zip(*rows, strict=True))
        for index in self.moments:
            columns[index] = tuple([None if each is None else _stamp(each) for each in columns[index]])
        for index in self.nested:
            columns[index] = tuple([None if each is None else json.dumps(each) for each in columns[index]])
        return zip(*columns, strict=True)


class Statement:
    """Rows, and the values that all of them have in common, which the statement names before its rows."""

    def __init__(self, model: type[models.Model], names: Sequence[str], same: Mapping[str, Any]) -> None:
        self.own, self.common = Columns(model, names), Columns(model, same)
        shared = [*same.values()]
        self.same = [*chain.from_iterable(self.common.plain([shared]))] if self.own.lite else shared

    def run(self, sql: str, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Execute `sql`, which reads its rows where it says `{rows}`. Returns the rows that it returns, if any."""
        with self.own.connection.cursor() as cursor:
            return [found for some in self.own.portions(rows) for found in self._run(cursor, sql, some)]

    def _run(self, cursor: Any, sql: str, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        table, values = self.own.source(rows)
        cursor.execute(sql.replace("{rows}", table), [*self.same, *values])
        return cursor.fetchall() if cursor.description else []


@functools.lru_cache(maxsize=256)
def _stamp(moment: datetime) -> str:
    """As Django writes it into SQLite."""
    return str(moment.astimezone(UTC).replace(tzinfo=None))


def _iso(value: datetime) -> str:
    return value.isoformat()


def insert_rows(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[Row],
    *,
    same: Mapping[str, Any] = NOTHING,
    conflict: Conflict | None = None,
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Insert rows, values in the order of `names`, and in each of them what is the `same` for all.

    Raises `IntegrityError` where a row meets one that is there, unless `conflict` says what becomes of it. Returns the
    columns `returning` of what was inserted, in no certain order.
    """
    if not rows:
        return []
    statement = Statement(model, names, same)
    own, common = statement.own, statement.common
    into = f"INSERT INTO {own.table} AS t ({', '.join([*own.names, *common.names])})"
    chosen = f"SELECT {', '.join([*own.values, *common.parameters])} FROM {{rows}} WHERE true"
    ending = f" RETURNING {', '.join(Columns(model, returning).names)}" if returning else ""
    return statement.run(f"{into} {chosen} {conflict or ''}{ending}", rows)


def insert_chosen(
    model: type[models.Model],
    names: Sequence[str],
    chosen: models.QuerySet[Any, Any],
    *,
    same: Mapping[str, Any],
    conflict: Conflict,
) -> int:
    """Insert a row for each that the query `chosen` finds, whose columns are `names`, and in each of them what is the
    `same` for all. Returns how many were inserted, or changed as `conflict` says.
    """
    statement = Statement(model, names, same)
    own, common = statement.own, statement.common
    query, parameters = chosen.query.get_compiler(connection=own.connection).as_sql()
    into = f"INSERT INTO {own.table} AS t ({', '.join([*own.names, *common.names])})"
    sql = f"{into} SELECT r.*, {', '.join(common.parameters)} FROM ({query}) AS r WHERE true {conflict} RETURNING id"
    with own.connection.cursor() as cursor:
        cursor.execute(sql, [*statement.same, *parameters])
        return len(cursor.fetchall())


def update_rows(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[Row],
    *,
    same: Mapping[str, Any] = NOTHING,
    expect: Sequence[str] = (),
) -> None:
    """Update the row whose id is a row's first value, many rows at once, and all of them to what is the `same`.

    The values of a row are the id, the new values of `names[1:]`, then the values that the columns `expect` must still
    have.
    """
    _update(model, names, rows, same, expect)


def compare_and_set(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[Row],
    *,
    same: Mapping[str, Any] = NOTHING,
    expect: Sequence[str],
) -> list[int]:
    """Like `update_rows`. Returns the ids of the rows that were still as expected, and written."""
    return _update(model, names, rows, same, expect, ending=" RETURNING id")


def _update(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[Row],
    same: Mapping[str, Any],
    expect: Sequence[str],
    *,
    ending: str = "",
) -> list[int]:
    if not rows:
        return []
    statement = Statement(model, [*names, *expect], same)
    own, common = statement.own, statement.common
    key, *values = own.values
    news = len(names) - 1
    written = [*zip(own.names[1:], values[:news], strict=False), *zip(common.names, common.parameters, strict=True)]
    sets = ", ".join(f"{name} = {value}" for name, value in written)
    guarded = zip(own.names[len(names) :], values[news:], strict=True)
    guards = "".join(f" AND t.{name} = {value}" for name, value in guarded)
    sql = f"UPDATE {own.table} AS t SET {sets} FROM {{rows}} WHERE t.id = {key}{guards}{ending}"
    return [row[0] for row in statement.run(sql, rows)]


def update_returning(
    model: type[models.Model],
    values: Mapping[str, Any],
    chosen: models.QuerySet[Any, Any],
    *,
    expect: Mapping[str, Any],
) -> list[int]:
    """Update the `chosen` rows (a query of their ids) that still have the values `expect`. Returns the ids that it was.

    One statement, so that of two who choose the same row one gets it: on SQLite the other one waits for its turn, and
    finds it taken; on PostgreSQL it passes over what somebody else has locked, so that no two wait in a circle, and
    chooses once (an array), whatever the planner thinks best.
    """
    written, guarded = Columns(model, values), Columns(model, expect)
    query, parameters = chosen.query.get_compiler(connection=written.connection).as_sql()
    those = f"IN ({query})" if written.lite else f"= ANY(ARRAY({query} FOR UPDATE OF {written.table} SKIP LOCKED))"
    sets = ", ".join(f"{name} = %s" for name in written.names)
    guards = " AND ".join(f"{name} = %s" for name in guarded.names)
    sql = f"UPDATE {written.table} SET {sets} WHERE id {those} AND {guards} RETURNING id"
    with written.connection.cursor() as cursor:
        cursor.execute(sql, [*values.values(), *parameters, *expect.values()])
        return [row[0] for row in cursor.fetchall()]


def delete_rows(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> list[int]:
    """Delete the rows that still have exactly these values (compare and delete). Returns the ids that went."""
    if not rows:
        return []
    statement = Statement(model, names, NOTHING)
    own = statement.own
    chosen = f"SELECT {', '.join(own.values)} FROM {{rows}}"
    sql = f"DELETE FROM {own.table} WHERE ({', '.join(own.names)}) IN ({chosen}) RETURNING id"
    return [row[0] for row in statement.run(sql, rows)]
