"""What people type with digits in it that is no number of a parcel: a day, a price, a weight, hours."""

from __future__ import annotations

import re

_MONTH = (
    r"(?:jan|f[eé][bv]|mar|m[aä]r|a[vp]r|ma[iyg]|ju[iln]|giu|lug|ao[uû]|a[gu]g|ago|sep|set|o[ck]t|ott|nov|d[eé][cz]|dic|ene|gen)"
    r"[a-zéû]*\.?"
)
_DATE = re.compile(
    r"(?:(?:0?[1-9]|[12]\d|3[01])([/.-])(?:0?[1-9]|1[0-2])(?:\1(?:19|20)\d\d|/\d\d)|20\d\d([/-])\d\d\2\d\d"
    rf"|(?:0?[1-9]|[12]\d|3[01])\.?(?:er|de)?{_MONTH}(?:de)?(?:20\d\d)?)"
    r"(?:(?:T|at|à|um|a)?\d{1,2}[:h]\d\d(?::\d\d(?:\.\d+)?)?Z?)?",
    re.IGNORECASE,
)
"""A day, and maybe a time of it."""
_AMOUNT = re.compile(
    r"(?<![\w.,])(?:[€$£] ?\d{1,6}(?:[.,]\d\d?)?|\d{1,6}(?:[.,]\d\d?)? ?(?:[€$£]|(?:EUR|USD|GBP|CHF|PLN)\b)"
    r"|\d{1,4}(?:[.,]\d{1,3})? ?(?:gr?|kg|[cm]?m|colis|parcels?|pakete?|paquetes?|bultos?|coll[io]|pacchi|lettres?)\b"
    r"|\d{1,2} ?h(?: ?\d\d)?\b|\d\d?:\d\d\b|24[rlx]\b|j ?\+ ?\d\b"
    r"|(?:colis|parcel|package|paket|paquete|bulto|collo|pacco) ?(?:n[°o]?|nr)?\.? ?\d{1,2}(?: ?/ ?\d{1,2})?\b)",
    re.IGNORECASE,
)
"""A price, a weight, how many parcels, which of them, hours, a service that is named by its days."""
_DIGIT = re.compile(r"[0-9]")


def is_date(squeezed: str) -> bool:
    """`squeezed`: without its spaces."""
    return _DATE.fullmatch(squeezed) is not None


def is_amount(text: str) -> bool:
    """Of something, alone or with words: `LETTRE SUIVIE 20 g`, `DPD 2 colis`."""
    rest = _AMOUNT.sub(" ", text)
    return rest != text and not _DIGIT.search(rest)
