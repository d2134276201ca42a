"""The process logger (R21): a `logging.Handler` that writes what happened into `LogEntry`, many rows a statement."""

from __future__ import annotations

import logging
from typing import Any

from django.utils import timezone, translation

from sfsync import texts
from sfsync.engine.lease import Clock
from sfsync.models import LogEntry, Store
from sfsync.models.bulk import insert_rows
from sfsync.models.log import Level

logger = logging.getLogger("sfsync.process")
_COLUMNS = ("store", "order", "process", "run", "level", "code", "message", "params", "at")
FULL = 500


class Journal(logging.Handler):
    """One run's log. `say` takes a code of `sfsync.texts`; other handlers of the logger `sfsync.process` hear it too.

    Rows are kept until `flush`, so that they are committed together with what they tell.
    """

    def __init__(self, store: Store, process: str, run: str, clock: Clock = timezone.now) -> None:
        super().__init__()
        self.store, self.process, self.run, self.clock = store, process, run, clock
        self._rows: list[tuple[Any, ...]] = []

    def say(self, level: Level, code: str, order_id: int | None = None, **params: Any) -> None:
        with translation.override(self.store.language):
            message = texts.sentence(code, params)
        extra = {"sfsync_order": order_id, "sfsync_code": code, "sfsync_params": params}
        record = logger.makeRecord(logger.name, int(level), "", 0, message, (), None, extra=extra)
        self.handle(record)
        if logger.isEnabledFor(level):
            logger.handle(record)

    def emit(self, record: logging.LogRecord) -> None:
        fields = record.__dict__
        order, code, params = fields["sfsync_order"], fields["sfsync_code"], fields["sfsync_params"]
        what = (record.levelno, code, record.getMessage(), params, self.clock())
        self._rows.append((self.store.pk, order, self.process, self.run, *what))

    def flush(self) -> None:
        rows, self._rows = self._rows, []
        insert_rows(LogEntry, _COLUMNS, rows)

    def flush_if_full(self) -> None:
        if len(self._rows) >= FULL:
            self.flush()
