"""What a shop's own statuses probably mean, by their flags and names: for a person to confirm, never to act upon."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from sfsync.domain.operations import meanings

_NAMES = {
    "refunded": re.compile(r"refunded|rembours", re.IGNORECASE),
    "canceled": re.compile(r"cancel|annul", re.IGNORECASE),
    "delivered": re.compile(r"\bdelivered|\blivré", re.IGNORECASE),
    "shipped": re.compile(r"shipped|dispatched|expédié|envoyé", re.IGNORECASE),
}
"""In English and French; the first that fits."""
_NOT_YET = re.compile(r"await|pending|request|partial|\bnot\b|attente|demand|en cours|partiel|non |à ", re.IGNORECASE)


class Named(Protocol):
    """A status of the shop. `shipped`: the shop itself takes its orders for sent."""

    @property
    def status_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def shipped(self) -> bool: ...
    @property
    def deleted(self) -> bool: ...


def propose(statuses: Iterable[Named]) -> dict[str, list[str]]:
    """The keys of the statuses by the meaning that the settings know (`shipped` …). What is unsure has none."""
    found: dict[str, list[str]] = {}
    for status in statuses:
        if (meaning := _meaning(status)) and not status.deleted:
            found.setdefault(meaning, []).append(status.status_id)
    return {meaning: found[meaning] for meaning in meanings() if meaning in found}


def _meaning(status: Named) -> str:
    if _NOT_YET.search(status.name):
        return ""
    named = next((meaning for meaning, pattern in _NAMES.items() if pattern.search(status.name)), "")
    return named or ("shipped" if status.shipped else "")
