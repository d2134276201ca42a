"""Numbers of something else, in the place of a tracking number or beside it: a telephone, an order, a pick-up point."""

from __future__ import annotations

import re

from sfsync.domain.typed_remarks import folded
from sfsync.domain.typed_words import LABELS

_PHONE = re.compile(
    r"\b(?:t[eé]l(?:[eé]phone|[eé]fono|efon)?|phone|portable|mobile|gsm|handy|whatsapp)\b[ .:]*\+?\d"
    r"(?:[ ./()-]{0,2}\d){5,}"
    r"|^ *\+ ?\d(?:[ ./()-]{0,2}\d){7,} *$",
    re.IGNORECASE,
)
_IN_PAIRS = re.compile(
    r"(?<![\w.+/-])(?:0|(?:00|\+)33 ?(?:\(0\) ?|0)?)[1-7](?:([ .-])\d\d)(?:\1\d\d){3}(?![\w/-]|[ .]?\d| [A-Z]{1,4}\b)"
)
"""`06 12 34 56 78`, `0033 6 12 34 56 78`: how the French write a telephone number, and no carrier its own."""
_GROUP = re.compile(r"\b[A-Z0-9]{1,4} ?\Z")
"""Of a number that goes on."""
_LAST_WORD = re.compile(r"([^\W\d_]+)[\W_]*\Z")
_SHORT = r"#? ?(?<![\w-])\d{1,7}(?![\w/-]| ?\d)"
"""Shorter than any carrier's."""
_OF_AN_ORDER = re.compile(
    r"\b(?:commande|cde|order|bestell(?:ung|nr)|pedido|ordine|facture|invoice|rechnung|fattura|factura)\b[ .:#n°ºo]*"
    r"[A-Z]{0,3}\d[\d-]{2,10}(?!\w)"
    rf"|\b(?:sav|avoir|devis|ticket|cliente?|customer|kunden(?:nummer|nr))\b[ .:]*{_SHORT}"
    r"|(?<![\w-])(?:\d{3}-\d{7}-\d{7}|\d\d-\d{5}-\d{5})(?![\w-])",
    re.IGNORECASE,
)
"""Or of an invoice; the last two are how Amazon and eBay write theirs."""
_SAME_AS_ANOTHER = re.compile(
    r"\b(?:(?:[ií]dem|dit?to|same(?! day)|m[eê]mes?|mism[ao]|igual|stess[ao]|gleiche?[rs]?|cf|vgl|voir|see|siehe"
    r"|v[eé]ase|ver|vedi|zie|wie|come|group[eé]e?s?|zusammen|together|insieme|junt[oa]|joint(?:es?|s)?)\b[^\d\n]{0,30}?"
    rf"|(?:avec|with|mit|con|met)\b[ .:]*){_SHORT}",
    re.IGNORECASE,
)
"""`idem 100234`, `groupé avec 100234`: it went out with another order."""
_PLACE = re.compile(
    r"\b(?:point(?: relais| retrait)?|relais|pick-?up(?: point)?|punto|locker|consigne|parcelshop|paketshop)\b[ .:#]*"
    r"(?:[A-Z]{2}-?)?\d{5,6}(?!\w)"
    r"|\b(?:packstation|postfiliale)\b[ .:#]*\d{3}(?!\w)(?:[ ,/]+(?:postnummer[ .:]*)?\d{6,10}(?!\w))?"
    r"|\bpostnummer\b[ .:]*\d{6,10}(?!\w)",
    re.IGNORECASE,
)
"""A pick-up point; a German one goes with the number of the customer."""
_REGISTERED = re.compile(
    r"\b(?:siren|siret|tva|vat|iban|ean|gtin|isbn)\b[ .:#]*[A-Z]{0,2}\d{8,25}(?!\w)",
    re.IGNORECASE,
)


def without_references(text: str) -> str:
    for one in (_PHONE, _OF_AN_ORDER, _SAME_AS_ANOTHER, _PLACE, _REGISTERED):
        text = one.sub(" ", text)
    return text


def without_phones_in_pairs(text: str) -> str:
    """But `DPD 06 12 34 56 78` says what it is, and `CM 01 23 45 67 89` is another's form."""
    return _IN_PAIRS.sub(lambda found: found[0] if _belongs_to(text[: found.start()]) else " ", text)


def _belongs_to(before: str) -> bool:
    word = _LAST_WORD.search(before)
    return bool(_GROUP.search(before) or (word and folded(word[1]) in LABELS))
