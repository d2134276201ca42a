"""What people type with digits in it that is no number of a parcel: a day, a price, a weight, hours."""

from __future__ import annotations

import re

_MONTH = (
    r"(?:jan|f[eé][bv]|mar|m[aä]r|a[vp]r|ma[iyg]|ju[iln]|giu|lug|ao[uû]|a[gu]g|ago|sep|set|o[ck]t|ott|nov|d[eé][cz]|dic|ene|gen)"
    r"[a-zéû]*\.?"
)
_DAY_OF_MONTH = r"(?:0?[1-9]|[12]\d|3[01])"
_DAY = (
    rf"(?:{_DAY_OF_MONTH}([/.-])(?:0?[1-9]|1[0-2])(?:\1(?:19|20|)[23]\d|\1(?:19|20)\d\d|/\d\d)|20\d\d([/-])\d\d?\2\d\d?"
    rf"|{_MONTH} ?{_DAY_OF_MONTH},? ?20\d\d|20\d\d-W\d\d|(?:KW|sem(?:aine|\.)?|week) ?\d\d?"
    rf"|{_DAY_OF_MONTH}[.-]? ?(?:er|de)? ?{_MONTH} ?(?:de)? ?(?:20\d\d)?|{_DAY_OF_MONTH}/(?:0?[1-9]|1[0-2]))"
    r"(?: ?(?:T|at|à|um|a)? ?\d{1,2}[:h]\d\d(?::\d\d(?:\.\d+)?)?Z?)?"
)
"""A day, and maybe a time of it."""
_DATE = re.compile(_DAY, re.IGNORECASE)
_DATE_IN_TEXT = re.compile(rf"(?<![\w./-]){_DAY}(?![\w/-])", re.IGNORECASE)
_WHICH_OF_MANY = re.compile(
    r"(?<![\w./-])(?:[1-9] ?/ ?[1-9]|x ?[1-9](?! \d{1,5}\b)|[1-9] ?x|[1-9](?:ER|E|[EÈ]ME|ND|ST|RD|TH) (?:COLIS|PARCEL))"
    r"(?![\w./-])"
)
"""`1/2`, `x2`, `2E COLIS`: how many parcels, and which of them."""
_BARE_AMOUNT = re.compile(r"(?=.*[1-9])\d{1,3}[.,]\d\d?")
"""A price or a weight without its unit."""
_AMOUNT = re.compile(
    r"(?<![\w.,])(?:[€$£] ?\d{1,6}(?:[.,]\d\d?)?|\d{1,6}(?:[.,]\d\d?)? ?(?:[€$£]|(?:EUR|USD|GBP|CHF|PLN)\b)"
    r"|\d{1,4}(?:[.,]\d{1,3})? ?(?:gr?|kg|[cm]?m|colis|parcels?|pakete?|paquetes?|bultos?|coll[io]|pacchi|lettres?)\b"
    r"|(?:\d\d? ?/ ?)?\d{1,2} ?h(?: ?\d\d)?\b|\d\d?:\d\d\b|24[rlx]\b|j ?\+ ?\d\b"
    r"|\d{1,2} ?palettes?\b|chrono ?\d\d\b|(?:EUR|USD|GBP) ?\d{1,6}(?:[.,]\d\d?)?\b"
    r"|(?:colis|parcel|package|paket|paquete|bulto|collo|pacco) ?(?:n[°o]?|nr)?\.? ?\d{1,2}(?: ?/ ?\d{1,2})?\b)",
    re.IGNORECASE,
)
"""A price, a weight, how many parcels, which of them, hours, a service that is named by its days."""
_DIGIT = re.compile(r"[0-9]")


def is_date(squeezed: str) -> bool:
    """`squeezed`: without its spaces."""
    return _DATE.fullmatch(squeezed) is not None


def without_dates(text: str) -> str:
    """`6A12345678901 expédié le 12/03/2024` has one number; `livré le 12/03/2024` has none."""
    return _DATE_IN_TEXT.sub(" ", text)


def without_counts(text: str) -> str:
    """Without which of how many parcels it is."""
    return _WHICH_OF_MANY.sub(" ", text)


def without_amounts(text: str) -> str:
    return _AMOUNT.sub(" ", text)


def is_amount(text: str) -> bool:
    """Of something, alone or with words: `LETTRE SUIVIE 20 g`, `DPD 2 colis`."""
    if _BARE_AMOUNT.fullmatch(text):
        return True
    rest = _AMOUNT.sub(" ", text)
    return rest != text and not _DIGIT.search(rest)
