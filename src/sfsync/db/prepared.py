"""Statements whose text is made once in a process: making it takes Django longer than the database takes to answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.db import connection
from django.db.models import Field, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.sql import Query
from django.db.models.sql.subqueries import UpdateQuery

Given = int | str | datetime
_FIRST = 2_000_304_711
"""Django leaves out a comparison with a number that its column cannot hold."""
_EPOCH = datetime(1703, 3, 7, 3, 7, 13, tzinfo=UTC)


class Prepared:
    """`make` takes numbers, texts and moments and makes a query of columns: `rows` for plain ones (numbers and texts,
    which need no converting, and moments, which `moment` converts), `converted` for all others.

    It is called once for each engine, with values that stand for those to come, and may pass them on as they are only:
    what it works out of one would stay.
    """

    def __init__(
        self, make: Callable[..., QuerySet[Any, Any]], *kinds: type[Given], kind: Field[Any, Any] | None = None
    ) -> None:
        self._texts = _Texts(lambda *given: make(*given).query, kinds)
        self._kind = kind

    def rows(self, *given: Given) -> list[tuple[Any, ...]]:
        """The rows, for these numbers and moments."""
        with connection.cursor() as cursor:
            cursor.execute(*self._texts.filled(given))
            return list(cursor.fetchall())

    def converted(self, *given: Given) -> Iterator[list[Any]]:
        """The rows, with the values that the fields have in their models."""
        found = self.rows(*given)
        converters = self._texts.text().converters
        for row in found:
            values = [*row]
            for place, (steps, expression) in converters.items():
                for step in steps:
                    values[place] = step(values[place], expression, connection)
            yield values

    def value(self, *given: Given) -> RawSQL:
        """Its only value, of the `kind`, as a column of another query."""
        return RawSQL(*self._texts.filled(given), output_field=self._kind)  # noqa: S611  Django's own text


class PreparedUpdate:
    """The same for an update: `make` takes what is named in `kinds`, and makes the rows and their new values."""

    def __init__(self, make: Callable[..., tuple[QuerySet[Any], dict[str, Any]]], **kinds: type[Given]) -> None:
        self._names = [*kinds]
        self._texts = _Texts(lambda *given: _update(*make(**dict(zip(kinds, given, strict=True)))), [*kinds.values()])

    def __call__(self, **given: Given) -> int:
        """How many rows there were."""
        with connection.cursor() as cursor:
            cursor.execute(*self._texts.filled([given[name] for name in self._names]))
            return int(cursor.rowcount)


def _update(rows: QuerySet[Any], values: dict[str, Any]) -> UpdateQuery:
    query = cast("UpdateQuery", rows.order_by().query.chain(UpdateQuery))
    query.add_update_values(values)
    return query


class _Texts:
    """Of one query, by the engine."""

    def __init__(self, make: Callable[..., Query], kinds: Sequence[type[Given]]) -> None:
        self._make, self._kinds = make, kinds
        self._made: dict[str, _Text] = {}

    def filled(self, given: Sequence[Given]) -> tuple[str, list[Any]]:
        text = self.text()
        values = [_adapted(each) for each in given]
        return text.sql, [values[each.number] if isinstance(each, _Place) else each for each in text.parameters]

    def text(self) -> _Text:
        made = self._made.get(connection.vendor)
        if made is None:
            made = self._made[connection.vendor] = self._spelled()
        return made

    def _spelled(self) -> _Text:
        stand_ins = [_stand_in(kind, number) for number, kind in enumerate(self._kinds)]
        compiler = self._make(*stand_ins).get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        places = {_adapted(each): _Place(number) for number, each in enumerate(stand_ins)}
        converters = compiler.get_converters([column for column, *_rest in compiler.select or ()])
        text = _Text(sql, [places.get(each, each) for each in parameters], converters)
        if {each.number for each in text.parameters if isinstance(each, _Place)} != {*range(len(stand_ins))}:
            raise ValueError("a value that the query was given is not in its text")
        return text


@dataclass(frozen=True, slots=True)
class _Text:
    """`converters`: of the columns that need any, by their place."""

    sql: str
    parameters: list[Any]
    converters: dict[int, tuple[list[Callable[..., Any]], Any]]


def moment(told: Any) -> datetime | None:
    """What a row has for a moment, or for none: SQLite keeps it as text."""
    return datetime.fromisoformat(told).replace(tzinfo=UTC) if isinstance(told, str) else told


class _Place:
    """Where the value of that number goes."""

    def __init__(self, number: int) -> None:
        self.number = number


def _stand_in(kind: type[Given], number: int) -> Given:
    """A value that nobody means."""
    if issubclass(kind, str):
        return f"stands in for {number}"
    return _EPOCH + timedelta(microseconds=number) if issubclass(kind, datetime) else _FIRST - number


def _adapted(value: Given) -> Any:
    """As the engine is given it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
