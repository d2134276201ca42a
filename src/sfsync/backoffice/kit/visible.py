"""What strangers wrote without being seen (direction marks, zero widths, controls) shows as a mark on every page."""

from __future__ import annotations

import re

_UNSEEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001-\U000e007f"
)
"""Not the soft hyphen, by which our own French words break."""
_SENT_BACK = r'\b(?:value|name|id|for)="[^"]*"'
_PIECES = re.compile(f"{_SENT_BACK}|[{_UNSEEN}]")


def visible(html: str) -> str:
    """The page with � for each of them; what a form sends back stays as it is."""
    return _PIECES.sub(lambda piece: piece[0] if len(piece[0]) > 1 else "�", html)
