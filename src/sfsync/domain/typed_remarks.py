"""What people write around a tracking number: labels, the carrier's name, remarks, quotes, brackets."""

from __future__ import annotations

import re
import unicodedata

from sfsync.domain.carrier_forms import clear_form, looks_like
from sfsync.domain.typed_words import FILLERS, LABELS, STATUS, reads_like_a_word

DIGIT = re.compile(r"[0-9]")
WORDS = LABELS | STATUS | FILLERS


def without_label(text: str) -> str:
    """Without what stands around it: quotes, brackets, `Tracking number:`, the carrier's name."""
    groups = re.sub(r"[:#=]", " ", text).split()
    groups = groups[_run_of_words(groups, shortest=1) :]
    groups = groups[: len(groups) - _run_of_words(groups[::-1], shortest=3)]
    return without_edges(" ".join(groups))


def _run_of_words(groups: list[str], shortest: int) -> int:
    """How many groups at the start are words about a number; the last of them cannot be a part of one (`DE`, `LA`)."""
    run = 0
    for place, group in enumerate(groups, start=1):
        word = folded(group)
        if DIGIT.search(group) or (word and (word not in WORDS or len(word) < shortest)):
            break
        if (len(word) > 2 and word not in FILLERS) or group.casefold() in {"no.", "nr.", "n."}:
            run = place
    return run


def without_remark(bare: str) -> str:
    """`6A12345678901 urgent`, `fragile 6A12345678901`: a number is long enough without the words at its side."""
    groups = bare.split()
    if len(groups) == 1 or clear_form(bare) or (len(groups[0]) <= 4 and looks_like(bare)):
        return bare
    others = [group for group in groups if not is_word(group)]
    figures = [group for group in others if group.isupper() or not group.isalpha()]
    for number in (" ".join(others), " ".join(figures)):
        if clear_form(number):
            return number
    left = " ".join(figures)
    whole = count_digits(left) >= 6 and len(left.replace(" ", "")) >= 8
    return left if whole and len(others) < len(groups) else bare


def is_word(group: str, shortest: int = 4) -> bool:
    """And no letters of a number (`JVGL`)."""
    return group.isalpha() and len(group) >= shortest and (not group.isupper() or reads_like_a_word(folded(group)))


def is_remark(text: str, bare: str) -> bool:
    """Words with a digit or two among them, not a number of a form unknown."""
    words = [group for group in bare.split() if group.isalpha() and len(group) > 3]
    says = any(folded(group) in STATUS for group in text.split() if not DIGIT.search(group))
    few = count_digits(bare) < 6
    reads = any(map(is_word, words))
    return len(words) > 1 or (few and (says or reads))


def without_edges(text: str) -> str:
    return re.sub(r"^[\W_]+|[\W_]+$", "", text)


def count_digits(text: str) -> int:
    return len(DIGIT.findall(text))


def folded(text: str) -> str:
    """Letters alone, small, without accents."""
    return "".join(filter(str.isalpha, unicodedata.normalize("NFKD", text.casefold())))
