"""The tracking number in the address of a carrier's page."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from sfsync.domain.carrier_forms import clear_form
from sfsync.domain.typed_remarks import count_digits, folded
from sfsync.domain.typed_words import PARAMETERS


def numbers_in_link(link: str, *, maybe_cut: bool) -> set[str]:
    """As they stand there. `maybe_cut`: the address may have been longer, and a number at its end with it."""
    found = [_number_in(piece) for piece in re.split(r"[/?&#;]", link)[1:]]
    return set() if maybe_cut and found and found[-1] else {*filter(None, found)}


def _number_in(piece: str) -> str:
    """A part of a path or a parameter, when it is a number beyond doubt: by its form, or by the parameter's name."""
    name, _, value = piece.rpartition("=")
    value = unquote_plus(value)
    named = folded(name) in PARAMETERS and re.fullmatch(r"[\w-]{8,40}", value)
    return value if (named and count_digits(value) >= 6) or clear_form(value) else ""
