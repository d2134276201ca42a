"""A name whose letters were broken on the way: UTF-8 that was read as Windows-1252, or bytes that were no text at all.

A marketplace would show it to its customer. A name decides nothing, so it is mended as well as can be, and told.
"""

from __future__ import annotations

import re
from functools import lru_cache

LOST = "\ufffd"
"""In the place of a letter that nobody knows any more."""
_FOREIGN = re.compile(r"[^\x00-\x7f]{2,}")
_LOST = re.compile(f"(?: +{LOST}+)+ +")
"""What stood for itself leaves one space."""
_LONELY = re.compile(r"(?<!\S)Ã(?!\S)")
"""An `à` that stood for itself: the second half of it is taken for a space."""


def mended(text: str) -> str:
    """As it was written, where that can be known; what is lost is left out."""
    return text if text.isascii() else _mended(text)


@lru_cache(maxsize=1024)
def _mended(text: str) -> str:
    read_anew = _LONELY.sub("à", _FOREIGN.sub(lambda piece: _read_anew(piece[0]), text))
    return _LOST.sub(" ", read_anew).replace(LOST, "").strip() if LOST in read_anew else read_anew


def _read_anew(piece: str) -> str:
    """The same bytes as UTF-8; as it is where they are none, which is nearly always so where nothing was broken."""
    try:
        return b"".join(map(_byte, piece)).decode("utf-8")
    except UnicodeError:
        return piece


def _byte(letter: str) -> bytes:
    """Windows-1252 leaves five places empty, which its readers take for those of Latin-1."""
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")
