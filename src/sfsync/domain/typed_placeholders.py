"""What is typed so that the field is not empty, or to say that a number is still to come, with digits in it."""

from __future__ import annotations

import re

from sfsync.domain.typed_findings import Finding
from sfsync.domain.typed_remarks import folded
from sfsync.domain.typed_words import reads_like_a_word, spelt

_NOUGHT = re.compile(r"[\W_0]*|\d\d?")
"""And what is too short for any carrier: `1`."""
_TOO_SHORT = re.compile(r"(?=.*[a-zà-ÿ])(?!(?:\D*\d){3}).{1,5}")
"""`2ème`, `Bat 4`: two digits at most, and small letters."""
_TEST = re.compile(r"(?:test|essai|prueba|prova|probe)[\W_]{0,3}\d{0,3}", re.IGNORECASE)
_WORDED = re.compile(r"[^\W\d_]{4,}[\W_]?\d{1,2}|\d{1,2}[\W_]?[^\W\d_]{4,}")


def is_placeholder(squeezed: str) -> bool:
    """`squeezed`: without its spaces."""
    return is_nought(squeezed) or _TOO_SHORT.fullmatch(squeezed) is not None or is_test(squeezed)


def is_nought(squeezed: str) -> bool:
    return _NOUGHT.fullmatch(squeezed) is not None


def is_test(text: str) -> bool:
    return _TEST.fullmatch(text) is not None


def worded(squeezed: str) -> Finding | None:
    """A word with a digit or two: `ENCOURS1`; one that is not known (`TOURNEE3`) may be a number of eight signs."""
    match = _WORDED.fullmatch(squeezed)
    letters = folded(match[0]) if match else ""
    if letters and spelt(letters):
        return Finding.PLACEHOLDER
    return Finding.WORDS if len(letters) > 4 and len(squeezed) < 8 and reads_like_a_word(letters) else None
