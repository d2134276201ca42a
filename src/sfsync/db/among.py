"""A long list of ids or keys in a condition, as one parameter of the statement."""

from __future__ import annotations

import json
from collections.abc import Iterable

from django.db import connection
from django.db.models.expressions import RawSQL


def among(values: Iterable[int | str]) -> RawSQL:
    """For `filter(pk__in=among(ids))`. Django prepares each value of a list by itself, which takes longer than the
    statement does, and SQLite takes at most 32,766 of them."""
    listed = list(values)
    if connection.vendor == "sqlite":
        return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(listed)])
    kind = "text" if listed and isinstance(listed[0], str) else "bigint"
    return RawSQL(f"SELECT unnest(%s::{kind}[])", [listed])  # noqa: S611 one of two words
