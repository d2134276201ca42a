"""Queries whose text is made once in a process: making it takes Django longer than the database takes to answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Field, QuerySet
from django.db.models.expressions import RawSQL

Given = int | datetime
_FIRST = 2_000_304_711
"""Django leaves out a comparison with a number that its column cannot hold."""
_EPOCH = datetime(1703, 3, 7, 3, 7, 13, tzinfo=UTC)


class Prepared:
    """`make` takes numbers and moments and makes a query of plain columns: numbers and texts, which need no converting,
    and moments, which `moment` converts.

    It is called once for each engine, with values that stand for those to come, and may pass them on as they are only:
    what it works out of one would stay.
    """

    def __init__(
        self, make: Callable[..., QuerySet[Any, Any]], *kinds: type[Given], kind: Field[Any, Any] | None = None
    ) -> None:
        self._make = make
        self._kinds = kinds
        self._kind = kind
        self._texts: dict[str, tuple[str, list[Any]]] = {}

    def rows(self, *given: Given) -> list[tuple[Any, ...]]:
        """The rows, for these numbers and moments."""
        with connection.cursor() as cursor:
            cursor.execute(*self._filled(*given))
            return list(cursor.fetchall())

    def value(self, *given: Given) -> RawSQL:
        """Its only value, of the `kind`, as a column of another query."""
        return RawSQL(*self._filled(*given), output_field=self._kind)  # noqa: S611  Django's own text

    def _filled(self, *given: Given) -> tuple[str, list[Any]]:
        sql, parameters = self._texts.get(connection.vendor) or self._text()
        values = [_adapted(each) for each in given]
        return sql, [values[each.number] if isinstance(each, _Place) else each for each in parameters]

    def _text(self) -> tuple[str, list[Any]]:
        stand_ins = [_stand_in(kind, number) for number, kind in enumerate(self._kinds)]
        sql, parameters = self._make(*stand_ins).query.get_compiler(connection=connection).as_sql()
        places = {_adapted(each): _Place(number) for number, each in enumerate(stand_ins)}
        text = sql, [places.get(each, each) for each in parameters]
        if {each.number for each in text[1] if isinstance(each, _Place)} != {*range(len(stand_ins))}:
            raise ValueError("a value that the query was given is not in its text")
        self._texts[connection.vendor] = text
        return text


def moment(told: Any) -> datetime | None:
    """What a row has for a moment, or for none: SQLite keeps it as text."""
    return datetime.fromisoformat(told).replace(tzinfo=UTC) if isinstance(told, str) else told


class _Place:
    """Where the value of that number goes."""

    def __init__(self, number: int) -> None:
        self.number = number


def _stand_in(kind: type[Given], number: int) -> Given:
    """A value that nobody means."""
    return _EPOCH + timedelta(microseconds=number) if issubclass(kind, datetime) else _FIRST - number


def _adapted(value: Given) -> Any:
    """As the engine is given it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
