"""The rows of a group as one JSON list."""

from __future__ import annotations

from typing import Any

from django.db.models import Aggregate, JSONField


class JsonList(Aggregate):
    """Of one value each, in no certain order."""

    function = "jsonb_agg"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="json_group_array", **context)
