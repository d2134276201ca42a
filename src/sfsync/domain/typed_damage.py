"""What a spreadsheet, an export or a wrong encoding did to a tracking number."""

from __future__ import annotations

import re

from sfsync.domain.typed_findings import Finding
from sfsync.domain.typed_placeholders import is_nought
from sfsync.domain.typed_remarks import DIGIT

_MOJIBAKE = re.compile("\ufffd|[ÃÂ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€|ï»¿|Ã\\b")
_ERROR = re.compile(
    r"#{2,}|\berr:5\d\d|#[¡¿]?(?:n/[ad]|nv|ref|rif|bezug|value|valeur|wert|valore?|name|nome?|nombre|num|zahl|nul"
    r"(?:l|lo|o)?|div/0|spill|calc|field)\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"\d+[.,]0{1,3}|\d{1,3}(?:[,']\d{3})+(?:[.,]\d{1,3})?|\d{1,3}(?:\.\d{3})+,\d{1,3}")
_DAMAGES = {
    Finding.SCIENTIFIC: re.compile(r"(?<![\w.,])\d{1,3}(?:[.,]\d*e[+-]?|e\+)\d{1,3}(?!\w)", re.IGNORECASE),
    Finding.CUT: re.compile(r"\.{2,}|\w\*+\w|\*{2,}"),
    Finding.UNREADABLE: re.compile(r"\w\?+\w|\?{2,}"),
}


def damage(text: str) -> Finding | None:
    """What a spreadsheet or an export did to it; a text without a digit has no number to damage."""
    if _ERROR.search(text):
        return Finding.SPREADSHEET
    squeezed = text.replace(" ", "")
    if is_nought(squeezed) or not DIGIT.search(text):
        return None
    if _AMOUNT.fullmatch(squeezed):
        return Finding.AMOUNT
    if squeezed.startswith("="):
        return Finding.SPREADSHEET
    return next((each for each, sign in _DAMAGES.items() if sign.search(text) or sign.search(squeezed)), None)


def is_mojibake(text: str) -> bool:
    """Signs that went through a wrong encoding, or bytes that are no text."""
    return _MOJIBAKE.search(text) is not None


def unquoted(text: str) -> str:
    """`="6A1"`, which keeps a spreadsheet from making a number of it, also as a CSV file quotes it."""
    match = re.fullmatch(r'"?="{1,2}([^"=]+)"{1,3}', text)
    return match[1].strip() if match else text
