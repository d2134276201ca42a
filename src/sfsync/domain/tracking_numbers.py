"""What a text is that stands where a shop keeps a tracking number: none, one, several, a link, or damaged (R2, R4).

Whatever is read out of a shop goes through `recognise`, so that all parts of the program mean the same by "the number".
It never refuses what a carrier could have written: a form it does not know is a number.

The number it gives is also the key of a told shipment (R11), so what is typed differently and means the same gives the
same text. No carrier's number has a space: barcodes have none, the gaps on labels are for the eye and differ from label
to label, and several marketplaces refuse them; so spaces go. Hyphens, dots and lower case can belong to a number of an
unknown form and stay, unless the number has, without them and in capitals, a form that `carrier_forms` knows.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote_plus

from sfsync.domain.carrier_forms import clear_form, looks_like
from sfsync.domain.typed_amounts import is_amount, is_date, without_amounts, without_counts, without_dates
from sfsync.domain.typed_references import without_phones_in_pairs, without_references
from sfsync.domain.typed_remarks import (
    DIGIT,
    WORDS,
    count_digits,
    folded,
    is_remark,
    is_word,
    without_edges,
    without_label,
    without_remark,
)
from sfsync.domain.typed_words import ABBREVIATIONS, PARAMETERS, reads_like_a_word, spelt
from sfsync.domain.value import value


class Kind(StrEnum):
    """What can be done with it."""

    NUMBER = "number"
    NOTHING = "nothing"
    """As good as empty: a number is still to come."""
    SEVERAL = "several"
    LINK = "link"
    DAMAGED = "damaged"
    """There was a number, and it is no longer whole: only the merchant can mend it."""


class Finding(StrEnum):
    """What exactly it is; each one but NUMBER has a sentence for the merchant."""

    NUMBER = "number"
    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    """`0`, `-`, `N/A`, `en cours`."""
    WORDS = "words"
    """A remark, a name, a sentence."""
    DATE = "date"
    SEVERAL = "several"
    LINK = "link"
    SCIENTIFIC = "scientific"
    """`6,90E+12`: a spreadsheet rounded it."""
    AMOUNT = "amount"
    """`690123.0`, `690,123`: a spreadsheet took it for an amount, and may have dropped zeros or rounded it."""
    SPREADSHEET = "spreadsheet"
    """`#REF!`, `#####`, `=A2`: the cell's error, its width or its formula instead of its value."""
    CUT = "cut"
    """`6A123...`, `6A12****01`: part of it is missing."""
    UNREADABLE = "unreadable"
    """Signs that went through a wrong encoding."""

    @property
    def kind(self) -> Kind:
        return _KINDS[self]


_KINDS = {
    Finding.NUMBER: Kind.NUMBER,
    Finding.EMPTY: Kind.NOTHING,
    Finding.PLACEHOLDER: Kind.NOTHING,
    Finding.WORDS: Kind.NOTHING,
    Finding.DATE: Kind.NOTHING,
    Finding.SEVERAL: Kind.SEVERAL,
    Finding.LINK: Kind.LINK,
    Finding.SCIENTIFIC: Kind.DAMAGED,
    Finding.AMOUNT: Kind.DAMAGED,
    Finding.SPREADSHEET: Kind.DAMAGED,
    Finding.CUT: Kind.DAMAGED,
    Finding.UNREADABLE: Kind.DAMAGED,
}


@value
class Typed:
    """What a text turned out to be. `numbers` are keys, in order, each once; `link` is the address in the text."""

    finding: Finding
    numbers: tuple[str, ...] = ()
    link: str = ""

    @property
    def kind(self) -> Kind:
        return self.finding.kind

    @property
    def number(self) -> str:
        """The one number, which is what can be told; empty for all else."""
        return self.numbers[0] if self.finding is Finding.NUMBER else ""

    @property
    def spoilt(self) -> bool:
        """Somebody meant a number, and none can be told: only the merchant knows it."""
        return not self.numbers and self.kind in (Kind.DAMAGED, Kind.LINK)


@lru_cache(maxsize=8192)
def recognise(text: str | None) -> Typed:
    """What this text from a shop is. Never raises. Orders are looked at and then read: the second time is free."""
    if not text:
        return Typed(Finding.EMPTY)
    joined = text.replace(" ", "") if _GROUPED.fullmatch(text) else text
    if _PLAIN.fullmatch(joined):
        return Typed(Finding.NUMBER, (joined,))
    if _MOJIBAKE.search(text):
        return Typed(Finding.UNREADABLE)
    visible = _visible(text)
    if not visible:
        return Typed(Finding.EMPTY)
    if link := _LINK.search(visible):
        return _settled(_with_link(visible, link[0], maybe_cut=len(text) in _COLUMN_WIDTHS), text)
    return _settled(_lines(visible), text)


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
_MOJIBAKE = re.compile("\ufffd|[ÃÂ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€|ï»¿|Ã\\b")
_LINK = re.compile(r"\b[a-z][a-z+.-]*://\S*|\bwww\.\S+|\b(?:[\w-]+\.)+[a-z]{2,12}[/?]\S*", re.IGNORECASE)
_COLUMN_WIDTHS = (32, 64, 255)
"""A text as long as its column in the shop may have been longer."""


# What is there for the eye.

_TAG = re.compile(r"</?(?:a|b|br|div|em|font|i|li|p|small|span|strong|td|tr|u|ul)\b[^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
_NUMERO = re.compile(r"(?<!\w)n\s?[°º]|№", re.IGNORECASE)
_LIKE = str.maketrans(
    dict.fromkeys("‐‑‒–—―−", "-")
    | dict.fromkeys("’‘‚‛`´", "'")
    | dict.fromkeys('“”„‟«»"', '"')
    | {"：": ":"}
    | dict(zip("АВЕКМНОРСТХ", "ABEKMHOPCTX", strict=True))
)


_AS_SEEN = re.compile(r"[ !-$'-;=-_a-~]*")
"""Nothing of the above is in it."""


def _visible(text: str) -> str:
    """Without mark-up and signs that nobody sees; a gap is one space, what ends a line or a cell is a line break."""
    if _AS_SEEN.fullmatch(text):
        return " ".join(text.split())
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), _TAG.sub("\n", text))
    text = _NUMERO.sub(" : ", "".join(map(_seen, text)))
    text = unicodedata.normalize("NFKC", text).translate(_LIKE)
    text = "".join(str(unicodedata.decimal(sign, sign)) for sign in text).replace("%20", " ")
    return re.sub(r"[^\S\n]+", " ", text).strip()


def _seen(sign: str) -> str:
    if sign in "\n\r\t\v\f\u2028\u2029\x85":
        return "\n"
    hidden = unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn"} or "\ufe00" <= sign <= "\ufe0f"
    return "" if hidden else sign


# Links.


def _with_link(text: str, link: str, maybe_cut: bool) -> Typed:
    """The number beside a link, else the one in it where nothing else there could be meant."""
    beside = text.replace(link, "\n").strip()
    typed = _lines(beside)
    if typed.numbers:
        return Typed(typed.finding, typed.numbers, link)
    within = _in_link(link, maybe_cut)
    if len(within) == 1:
        return Typed(Finding.NUMBER, (within.pop(),), link)
    return Typed(Finding.LINK, link=link)


def _in_link(link: str, maybe_cut: bool) -> set[str]:
    pieces = re.split(r"[/?&#;]", link)[1:]
    candidates = [_key(value) for piece in pieces if (value := _number_in(piece))]
    if maybe_cut and pieces and _number_in(pieces[-1]):
        return set()
    return set(candidates)


def _number_in(piece: str) -> str:
    """A part of a path or a parameter, when it is a number beyond doubt: by its form, or by the parameter's name."""
    name, _, value = piece.rpartition("=")
    value = unquote_plus(value)
    named = folded(name) in PARAMETERS and re.fullmatch(r"[\w-]{8,40}", value)
    return value if (named and count_digits(value) >= 6) or clear_form(value) else ""


# One number, several, or none.


def _lines(text: str) -> Typed:
    return _together([_line(line) for line in re.split(r"[;|\n]|\\[nrt]", text)])


def _together(parts: list[Typed]) -> Typed:
    """Damage anywhere is damage; else the numbers that there are, each once."""
    for part in parts:
        if part.kind is Kind.DAMAGED:
            return part
    numbers = tuple(dict.fromkeys(number for part in parts for number in part.numbers))
    if numbers:
        return Typed(Finding.NUMBER if len(numbers) == 1 else Finding.SEVERAL, numbers)
    return next((part for part in parts if part.finding is not Finding.EMPTY), Typed(Finding.EMPTY))


def _line(text: str) -> Typed:
    """What stands between marks that are never inside a number."""
    text = _unquoted(text.strip())
    if not text:
        return Typed(Finding.EMPTY)
    text, called = without_phones_in_pairs(text), text
    undated = without_dates(text)
    if finding := _emptied(called, text) or _no_number(text, undated) or _damage(undated):
        return Typed(finding)
    text = _without_amounts(without_references(without_counts(undated)))
    if finding := _emptied(undated, text):
        return Typed(finding)
    return _together([_one(part) for part in _BETWEEN.split(_without_asides(text)) if part.strip()])


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
    if (
        _NOUGHT.fullmatch(squeezed)
        or _TOO_SHORT.fullmatch(squeezed)
        or _TEST.fullmatch(text.strip())
        or _TEST.fullmatch(squeezed)
    ):
        return Typed(Finding.PLACEHOLDER)
    if is_date(squeezed):
        return Typed(Finding.DATE)
    if finding := _worded(squeezed):
        return Typed(finding)
    pieces = _pieces(bare)
    if pieces != [bare]:
        return _together([_one(piece) for piece in pieces])
    bare = without_remark(bare)
    if is_remark(text, bare) or _MARKED.search(bare):
        return Typed(Finding.WORDS)
    return Typed(Finding.NUMBER, (_key(bare),))


def _worded(squeezed: str) -> Finding | None:
    """A word with a digit or two: `ENCOURS1`; one that is not known (`TOURNEE3`) may be a number of eight signs."""
    worded = _WORDED.fullmatch(squeezed)
    letters = folded(worded[0]) if worded else ""
    if letters and spelt(letters):
        return Finding.PLACEHOLDER
    return Finding.WORDS if len(letters) > 4 and len(squeezed) < 8 and reads_like_a_word(letters) else None


def _letters(text: str) -> Typed:
    """Without a digit: only GLS writes numbers that may have none, its eight-sign Track IDs, and those are no words."""
    words = [word for group in re.split(r"[\W_]+", text) if (word := folded(group))]
    joined = "".join(words)
    if joined in ABBREVIATIONS or len(set(joined)) < 2 or all(word in WORDS for word in words):
        return Typed(Finding.PLACEHOLDER)
    if re.fullmatch(r"[A-Z]{8}", without_edges(text)) and not reads_like_a_word(joined):
        return Typed(Finding.NUMBER, (without_edges(text),))
    return Typed(Finding.WORDS)


_NOUGHT = re.compile(r"[\W_0]*|\d\d?")
"""And what is too short for any carrier: `1`, typed so that the field is not empty."""
_TOO_SHORT = re.compile(r"(?=.*[a-zà-ÿ])(?!(?:\D*\d){3}).{1,5}")
"""`2ème`, `Bat 4`: two digits at most, and small letters."""
_TEST = re.compile(r"(?:test|essai|prueba|prova|probe)[\W_]{0,3}\d{0,3}", re.IGNORECASE)
_WORDED = re.compile(r"[^\W\d_]{4,}[\W_]?\d{1,2}|\d{1,2}[\W_]?[^\W\d_]{4,}")
_MARKED = re.compile(r"\w@[\w-]+\.[a-z]{2}|</")
"""A mail address, or the end of mark-up."""
_BETWEEN = re.compile(r"[,&+→⇒]|[-=]>|\s(?:et|and|und|y|e|ou|or|oder|o)\s")
_ASIDE = re.compile(r"(?<=\w)\s+[(\[]([^()\[\]]*)[)\]]")
_IDENTIFIER = re.compile(r"\((\d{2,4})\)(?=\w)")


def _without_asides(text: str) -> str:
    """Without `(parcel 1 of 2)`; what may be a number counts in brackets too, and GS1's `(00)` belongs to one."""
    text = _IDENTIFIER.sub(r"\1", text)
    rest = _ASIDE.sub(lambda aside: f",{aside[1]}" if count_digits(aside[1]) >= 6 else " ", text)
    return rest if DIGIT.search(rest) else _ASIDE.sub(r",\1", text)


def _pieces(text: str) -> list[str]:
    """Two numbers beside each other: as long as carriers' are, or of one length at both sides of a slash."""
    if clear_form(text):
        return [text]
    if apart := _twins(text) or _apart(text):
        return apart
    for mark, least in (("/", 3), (" - ", 8), (" ", 8)):
        pieces = text.split(mark)
        lengths = {len(piece.replace(" ", "")) for piece in pieces}
        alike = min(lengths) >= 8 or (len(lengths) == 1 and min(lengths) >= least)
        if len(pieces) > 1 and alike and all(map(DIGIT.search, pieces)):
            return pieces
    return [text]


def _twins(text: str) -> list[str]:
    """`20481736-20481737`: digits alone, and as many on both sides."""
    pieces = re.split(r"[-_.~\\]+", text)
    alike = len(pieces) > 1 and len({len(piece) for piece in pieces}) == 1 and len(pieces[0]) >= 8
    return pieces if alike and all(map(str.isdecimal, pieces)) else []


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


_LONG = 11
"""Signs of a number that is no group of a longer one."""


def _key(text: str) -> str:
    squeezed = without_edges(unicodedata.normalize("NFKC", re.sub(r"\s", "", text)))
    compact = re.sub(r"[.-]", "", squeezed).upper()
    if clear_form(compact):
        return compact
    return squeezed.upper() if looks_like(squeezed) else squeezed


# Damage.


def _unquoted(text: str) -> str:
    """`="6A1"`, which keeps a spreadsheet from making a number of it, also as a CSV file quotes it."""
    match = re.fullmatch(r'"?="{1,2}([^"=]+)"{1,3}', text)
    return match[1].strip() if match else text


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


def _damage(text: str) -> Finding | None:
    """What a spreadsheet or an export did to it; a text without a digit has no number to damage."""
    if _ERROR.search(text):
        return Finding.SPREADSHEET
    squeezed = text.replace(" ", "")
    if _NOUGHT.fullmatch(squeezed) or not DIGIT.search(text):
        return None
    if _AMOUNT.fullmatch(squeezed):
        return Finding.AMOUNT
    if squeezed.startswith("="):
        return Finding.SPREADSHEET
    return next((damage for damage, sign in _DAMAGES.items() if sign.search(text) or sign.search(squeezed)), None)
