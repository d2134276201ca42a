"""What goes to the error output, a line for each thing that happened."""

from __future__ import annotations

import logging
import re

_LINK = re.compile(r"(?<=/invitation/)[^/\s]+")


class RefusalsInOneLine(logging.Filter):
    """A request that was refused (403, 404, 400) is no fault of the code: nobody has to look for a place in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = record.exc_text = None
        return True


class LinksLeftOut(logging.Filter):
    """Until it was used, the link of an invitation opens what a password does, and readers of a log are others."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_LINK.sub("…", each) if isinstance(each, str) else each for each in record.args)
        return True
