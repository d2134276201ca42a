"""The process logger (R21): what every process did and what happened to each order, many rows a statement.

Everything also goes to the logger `sfsync.process`, for whoever wants it elsewhere. It is not the other way round, a
`logging.Handler`: building a log record for each of 100,000 orders cost a quarter of a run, and nearly nobody listens.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from django.utils import timezone, translation

from sfsync import texts
from sfsync.db.bulk import insert_rows
from sfsync.engine.kit.lease import Clock
from sfsync.models import LogEntry, Store
from sfsync.models.act import note
from sfsync.models.log import Level

logger = logging.getLogger("sfsync.process")
_COLUMNS = ("order", "level", "code", "message", "params")


class Journal:
    """One run's log. `say` takes a code of `sfsync.texts` and its parameters.

    Entries are kept until `flush`, so that they are committed together with what they tell.
    """

    def __init__(self, store: Store, process: str, run: str, clock: Clock = timezone.now) -> None:
        self.store, self.process, self.run, self.clock = store, process, run, clock
        self._entries: list[tuple[Level, str, int | None, dict[str, Any]]] = []

    def say(self, level: Level, code: str, order_id: int | None = None, **params: Any) -> None:
        self._entries.append((level, code, order_id, params))

    def forget(self) -> None:
        """Drop what was said since the last flush: it was said of changes that were undone."""
        self._entries.clear()

    def flush(self) -> None:
        entries, self._entries = self._entries, []
        rows = []
        language = self.store.language
        with translation.override(language):
            for level, code, order_id, params in entries:
                message = texts.sentence(code, params, language)
                rows.append((order_id, level.value, code, message, params))
                if logger.isEnabledFor(level):
                    logger.log(
                        level,
                        "%s: %s",
                        self.store.name,
                        message,
                        extra={"sfsync_store": self.store.name, "sfsync_order": order_id},
                    )
        same = {"store": self.store.pk, "process": self.process, "run": self.run, "at": self.clock()}
        insert_rows(LogEntry, _COLUMNS, rows, same=same)
        if self.process == "person":
            self._record(entries)

    def _record(self, entries: list[tuple[Level, str, int | None, dict[str, Any]]]) -> None:
        """What a person did, as one line however many orders it was done to."""
        orders: dict[str, list[int]] = {}
        for _level, code, order_id, params in entries:
            key = json.dumps([code, params], default=str)
            orders.setdefault(key, []).extend([order_id] if order_id else [])
        for key, ids in orders.items():
            code, params = json.loads(key)
            said = {"count": len(ids), "orders": ids[:50]} | params
            who = str(said.pop("who", ""))
            note(who, code, store=self.store.name, **{name: said[name] for name in said.keys() - {"store", "address"}})
