"""Texts of strangers (references, tracking numbers, API messages) made safe to put on one line of a mail."""

from __future__ import annotations

import re
import unicodedata

_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029 ]+")
_UNSEEN = {"Cc", "Cf", "Cs"}
"""Controls, formats (bidirectional marks, zero widths) and halves of surrogate pairs."""


def one_line(text: object, most: int) -> str:
    """`text` on one line of at most `most` characters; what could not be seen, or would reorder it, shows as �."""
    line = _BREAKS.sub(" ", str(text)).strip()
    shown = "".join("�" if unicodedata.category(each) in _UNSEEN else each for each in line[: most + 1])
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
