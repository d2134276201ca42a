"""What a text is that stands where a shop keeps a tracking number: none, one, several, a link, or damaged (R2, R4).

Whatever is read out of a shop goes through `recognise`, so that all parts of the program mean the same by "the number".
It never refuses what a carrier could have written: a form it does not know is a number.

The number it gives is also the key of a told shipment (R11), so what is typed differently and means the same gives the
same text. No carrier's number has a space: barcodes have none, the gaps on labels are for the eye and differ from label
to label, and several marketplaces refuse them; so spaces go. Hyphens, dots and lower case can belong to a number of an
unknown form and stay, unless the number has, without them and in capitals, a form that `carrier_forms` knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from sfsync.domain.carrier_forms import clear_form, looks_like
from sfsync.domain.typed_amounts import is_amount, is_date, without_amounts, without_counts, without_dates
from sfsync.domain.typed_damage import damage, is_mojibake, unquoted
from sfsync.domain.typed_findings import Finding, Kind, Typed
from sfsync.domain.typed_links import numbers_in_link
from sfsync.domain.typed_placeholders import is_placeholder, is_test, worded
from sfsync.domain.typed_references import without_phones_in_pairs, without_references
from sfsync.domain.typed_remarks import DIGIT, WORDS, folded, is_remark, without_edges, without_label, without_remark
from sfsync.domain.typed_several import parts, pieces
from sfsync.domain.typed_signs import visible
from sfsync.domain.typed_words import ABBREVIATIONS, reads_like_a_word


@lru_cache(maxsize=8192)
def recognise(text: str | None) -> Typed:
    """What this text from a shop is. Never raises. Orders are looked at and then read: the second time is free."""
    if not text:
        return Typed(Finding.EMPTY)
    joined = text.replace(" ", "") if _GROUPED.fullmatch(text) else text
    if _PLAIN.fullmatch(joined):
        return Typed(Finding.NUMBER, (joined,))
    if is_mojibake(text):
        return Typed(Finding.UNREADABLE)
    seen = visible(text)
    if not seen:
        return Typed(Finding.EMPTY)
    if link := _LINK.search(seen):
        return _settled(_with_link(seen, link[0], maybe_cut=len(text) in _COLUMN_WIDTHS), text)
    return _settled(_lines(seen), text)


def _settled(typed: Typed, text: str) -> Typed:
    """With keys that are read as themselves: what was taken away may have hidden a date, a link or damage."""
    if typed.numbers in {(), (text,)}:
        return typed
    return replace(_together([recognise(number) for number in typed.numbers]), link=typed.link)


def is_earlier(numbers: Sequence[str], told: Sequence[str]) -> bool:
    """The first of an order's numbers was told, and since then one that is none of them: the marketplace keeps that one
    (R11). `told`: the oldest first."""
    if not numbers or not told or any(same_number(each, told[-1]) for each in numbers):
        return False
    return any(same_number(numbers[0], each) for each in told)


def same_number(number: str, told: str) -> bool:
    """Whether this number is the one, or among those, of a text that was told, by whatever version of the program."""
    return number == told or number in recognise(told).numbers


_PLAIN = re.compile(
    r"(?=0*[A-Z1-9])(?=[A-Z]*[0-9])(?!TEST|ESSAI|PRUEBA|PROVA|PROBE)"
    r"(?![A-Z]{4,}[0-9]{1,2}\Z|[0-9]{1,2}[A-Z]{4,}\Z)(?:[A-Z0-9]{8,64}|[A-Z]{1,2}[0-9]{3,5})",
    re.ASCII,
)
_GROUPED = re.compile(
    r"(?!(?:0|0033 ?)[1-7](?: \d\d){4}\Z)(?:(?:[A-Z]{1,2}|(?=[A-Z]*[0-9])[A-Z0-9]{1,7})(?: |\Z)){2,}", re.ASCII
)
"""Most numbers that exist, and how labels print them: they need no closer look (and get none, for speed)."""
_LINK = re.compile(r"\b[a-z][a-z+.-]*://\S*|\bwww\.\S+|\b(?:[\w-]+\.)+[a-z]{2,12}[/?]\S*", re.IGNORECASE)
_COLUMN_WIDTHS = (32, 64, 255)
"""A text as long as its column in the shop may have been longer."""


def _with_link(text: str, link: str, maybe_cut: bool) -> Typed:
    """The number beside a link, else the one in it where nothing else there could be meant."""
    beside = text.replace(link, "\n").strip()
    typed = _lines(beside)
    if typed.numbers:
        return Typed(typed.finding, typed.numbers, link)
    within = {_key(each) for each in numbers_in_link(link, maybe_cut=maybe_cut)}
    if len(within) == 1:
        return Typed(Finding.NUMBER, (within.pop(),), link)
    return Typed(Finding.LINK, link=link)


def _lines(text: str) -> Typed:
    return _together([_line(line) for line in re.split(r"[;|\n]|\\[nrt]", text)])


def _together(typed: list[Typed]) -> Typed:
    """Damage anywhere is damage; else the numbers that there are, each once."""
    for each in typed:
        if each.kind is Kind.DAMAGED:
            return each
    numbers = tuple(dict.fromkeys(number for each in typed for number in each.numbers))
    if numbers:
        return Typed(Finding.NUMBER if len(numbers) == 1 else Finding.SEVERAL, numbers)
    return next((each for each in typed if each.finding is not Finding.EMPTY), Typed(Finding.EMPTY))


def _line(text: str) -> Typed:
    """What stands between marks that are never inside a number."""
    text = unquoted(text.strip())
    if not text:
        return Typed(Finding.EMPTY)
    text, called = without_phones_in_pairs(text), text
    undated = without_dates(text)
    if finding := _emptied(called, text) or _no_number(text, undated) or damage(undated):
        return Typed(finding)
    text = _without_amounts(without_references(without_counts(undated)))
    if finding := _emptied(undated, text):
        return Typed(finding)
    return _together([_one(part) for part in parts(text)])


def _emptied(before: str, text: str) -> Finding | None:
    """What was taken away is all that there was."""
    return Finding.WORDS if before != text and not DIGIT.search(text) else None


def _without_amounts(text: str) -> str:
    """`2 colis 6A12345678901`, `24R 12345678`: where what is left has a carrier's form, and the whole is nobody's (all
    in capitals, like `1G 04 82 13 75 90`, none that others write too)."""
    rest, whole = without_amounts(text), looks_like if text.isupper() else clear_form
    return rest if rest != text and looks_like(without_label(rest)) and not whole(without_label(text)) else text


def _no_number(text: str, undated: str) -> Finding | None:
    """An amount or a day, alone or with words; `undated` is without the days."""
    if is_amount(text) or is_amount(undated):
        return Finding.WORDS
    dated = is_date(text.replace(" ", "")) or (undated != text and not DIGIT.search(undated))
    return Finding.DATE if dated else None


def _one(text: str) -> Typed:
    bare = without_label(text)
    if not DIGIT.search(bare):
        return _letters(text)
    squeezed = bare.replace(" ", "")
    if is_placeholder(squeezed) or is_test(text.strip()):
        return Typed(Finding.PLACEHOLDER)
    if is_date(squeezed):
        return Typed(Finding.DATE)
    if finding := worded(squeezed):
        return Typed(finding)
    if several := pieces(bare):
        return _together([_one(piece) for piece in several])
    bare = without_remark(bare)
    if is_remark(text, bare) or _MARKED.search(bare):
        return Typed(Finding.WORDS)
    return Typed(Finding.NUMBER, (_key(bare),))


def _letters(text: str) -> Typed:
    """Without a digit: only GLS writes numbers that may have none, its eight-sign Track IDs, and those are no words."""
    words = [word for group in re.split(r"[\W_]+", text) if (word := folded(group))]
    joined = "".join(words)
    if joined in ABBREVIATIONS or len(set(joined)) < 2 or all(word in WORDS for word in words):
        return Typed(Finding.PLACEHOLDER)
    if re.fullmatch(r"[A-Z]{8}", without_edges(text)) and not reads_like_a_word(joined):
        return Typed(Finding.NUMBER, (without_edges(text),))
    return Typed(Finding.WORDS)


_MARKED = re.compile(r"\w@[\w-]+\.[a-z]{2}|</")
"""A mail address, or the end of mark-up."""


def _key(text: str) -> str:
    squeezed = without_edges(unicodedata.normalize("NFKC", re.sub(r"\s", "", text)))
    compact = re.sub(r"[.-]", "", squeezed).upper()
    if clear_form(compact):
        return compact
    return squeezed.upper() if looks_like(squeezed) else squeezed
