"""What the newer module's table says of an order: which marketplace order it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from sfsync.domain.identity import Claim

_BIGGEST_ID = 2**63 - 1


def claim_of(row: Row[Any]) -> Claim:
    return Claim(feed_id(row.id_internal_shoppingfeed), row.id_order_marketplace or "", row.name_marketplace or "")


def feed_id(text: str | None) -> int | None:
    """The order's id at Shopping Feed, which the module keeps as text: None for NULL, empty, 0 and nonsense."""
    text = (text or "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    number = int(text)
    return number if 0 < number <= _BIGGEST_ID else None
