"""Carriers as the merchant knows them, from rows of which every edit makes a new one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from sfsync.shops.base import Carrier
from sfsync.shops.prestashop.tracking import clean_text


def families(rows: Sequence[Any], shop_name: Callable[[], str]) -> list[Carrier]:
    """One carrier a reference, from rows by rising id. `shop_name` is asked when a carrier goes by it (`0`)."""
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.id_reference or row.id_carrier].append(row)
    return [_carrier(reference, found[reference], shop_name) for reference in sorted(found)]


def _carrier(reference: int, rows: list[Any], shop_name: Callable[[], str]) -> Carrier:
    """Named as its newest row that is not deleted, else as the newest one."""
    newest = next((row for row in reversed(rows) if not row.deleted), rows[-1])
    name = clean_text(newest.name)
    return Carrier(
        carrier_id=str(reference),
        name=shop_name() if name == "0" else name,
        ids=frozenset(str(row.id_carrier) for row in rows) | {str(reference)},
        active=bool(newest.active),
        deleted=bool(newest.deleted),
    )
