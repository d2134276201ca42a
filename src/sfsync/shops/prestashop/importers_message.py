"""The private message in which shoppingfluxexport leaves an order's reference: the only place that has it."""

from __future__ import annotations

import re

from sfsync.shops.prestashop.tracking import clean_text

LIKE = "Num%ro de commande%:%"
"""Its beginning, in whatever encoding, as a condition of SQL. The module leaves other messages as well."""
_BEGINNING = re.compile(r"\s*Num\S{0,10}?ro de commande[^:\n]*:[ \t]*([^\r\n]*)", re.IGNORECASE)


def reference_in(message: str | None) -> str:
    """`402-1234567-7654300` of `Numéro de commande Amazon :402-1234567-7654300`; empty for any other message."""
    found = _BEGINNING.match(message or "")
    return clean_text(found[1]) if found else ""
