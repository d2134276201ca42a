"""What goes to the error output, a line for each thing that happened."""

from __future__ import annotations

import logging


class RefusalsInOneLine(logging.Filter):
    """A request that was refused (403, 404, 400) is no fault of the code: nobody has to look for a place in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = record.exc_text = None
        return True
