"""What a page says, without the line breaks and the indentation between its tags."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

_TAG = re.compile(r"<[^<>]*>")
_BREAK_AT_A_TAG = re.compile(r"(?<=>)\s*\n\s*|\s*\n\s*(?=<)")


def markup(response: Any) -> str:
    """The page as it came, on one long line."""
    assert response.status_code == 200
    page = _TAG.sub(lambda tag: re.sub(r"\s*\n\s*", " ", tag[0]), response.content.decode())
    return _BREAK_AT_A_TAG.sub("", page)


def text(response: Any) -> str:
    """The same with its entities as characters."""
    return unescape(markup(response))
