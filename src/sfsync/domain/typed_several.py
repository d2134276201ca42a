"""Several numbers in one field: what stands between them, beside them in brackets, or nothing at all."""

from __future__ import annotations

import re

from sfsync.domain.carrier_forms import clear_form, looks_like
from sfsync.domain.typed_remarks import DIGIT, count_digits, is_word

_BETWEEN = re.compile(r"[,&+→⇒]|[-=]>|\s(?:et|and|und|y|e|ou|or|oder|o)\s")
_ASIDE = re.compile(r"(?<=\w)\s+[(\[]([^()\[\]]*)[)\]]")
_IDENTIFIER = re.compile(r"\((\d{2,4})\)(?=\w)")
_LONG = 11
"""Signs of a number that is no group of a longer one."""


def parts(text: str) -> list[str]:
    """What stands between signs and words that are never inside a number."""
    return [part for part in _BETWEEN.split(_without_asides(text)) if part.strip()]


def _without_asides(text: str) -> str:
    """Without `(parcel 1 of 2)`; what may be a number counts in brackets too, and GS1's `(00)` belongs to one."""
    text = _IDENTIFIER.sub(r"\1", text)
    rest = _ASIDE.sub(lambda aside: f",{aside[1]}" if count_digits(aside[1]) >= 6 else " ", text)
    return rest if DIGIT.search(rest) else _ASIDE.sub(r",\1", text)


def pieces(text: str) -> list[str]:
    """Two numbers beside each other: as long as carriers' are, or of one length at both sides of a slash. Empty where
    it is one."""
    if clear_form(text):
        return []
    if apart := _twins(text) or _apart(text):
        return apart
    for mark, least in (("/", 3), (" - ", 8), (" ", 8)):
        found = text.split(mark)
        lengths = {len(each.replace(" ", "")) for each in found}
        alike = min(lengths) >= 8 or (len(lengths) == 1 and min(lengths) >= least)
        if len(found) > 1 and alike and all(map(DIGIT.search, found)):
            return found
    return []


def _twins(text: str) -> list[str]:
    """`20481736-20481737`: digits alone, and as many on both sides."""
    found = re.split(r"[-_.~\\]+", text)
    alike = len(found) > 1 and len({len(each) for each in found}) == 1 and len(found[0]) >= 8
    return found if alike and all(map(str.isdecimal, found)) else []


def _apart(text: str) -> list[str]:
    """Numbers whose form each is clear by itself, whatever is between them or, after a space, beside the only one; of
    a form that several carriers have, beside a word."""
    every = {each for each in re.split(r"[\W_]+", text) if len(each) >= _LONG and clear_form(each)}
    if len(every) > 1:
        return sorted(every, key=text.index)
    groups = text.split()
    worded = any(is_word(group, 3) for group in groups)
    alone = [each for each in groups if len(each) >= _LONG and (clear_form(each) or (worded and looks_like(each)))]
    return alone if len(groups) > 1 else []
