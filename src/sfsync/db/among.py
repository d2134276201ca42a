"""A long list of ids or keys in a condition, as one parameter of the statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models.expressions import RawSQL


class Among(RawSQL):
    """Nothing is among none: such a query is answered without being asked."""

    def __init__(self, sql: str, listed: Sequence[int | str], parameter: object) -> None:
        super().__init__(sql, [parameter])
        self.listed = listed

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        if not self.listed:
            raise EmptyResultSet
        return super().as_sql(*args, **kwargs)


def among(values: Iterable[int | str]) -> Among:
    """For `filter(pk__in=among(ids))`. Django prepares each value of a list by itself, which takes longer than the
    statement does, and SQLite takes at most 32,766 of them."""
    listed = list(values)
    if connection.vendor == "sqlite":
        return Among("SELECT value FROM json_each(%s)", listed, json.dumps(listed))
    kind = "text" if listed and isinstance(listed[0], str) else "bigint"
    return Among(f"SELECT unnest(%s::{kind}[])", listed, listed)
