"""How carriers fared lately: what went out with each of them to each marketplace, and what became of it (R26)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from sfsync.domain.carriers import plain
from sfsync.domain.operations import numbered_kinds
from sfsync.models import LogEntry, Store

DAYS, ENTRIES = 30, 6000
"""How long ago, and how many entries of the log at most are looked through."""
SENT = ("sent", "sent-after-all")


@dataclass(slots=True)
class Fared:
    """A carrier as it went out to one marketplace: how often that was confirmed, and how often it failed."""

    marketplace: str
    name: str
    confirmed: int = 0
    failed: int = 0


def fared(store: Store, counts: Callable[[str], bool]) -> list[Fared]:
    """Of the marketplaces that count, the commonest first. One statement."""
    found: dict[tuple[str, str], Fared] = {}
    flying: dict[int, Fared] = {}
    for order, channel, code, carrier in _entries(store):
        if code not in SENT:
            _end(flying.pop(order, None), well=code == "confirmed")
        elif carrier and counts(channel):
            flying[order] = found.setdefault((channel, carrier), Fared(channel, carrier))
    return sorted(found.values(), key=lambda each: -(each.confirmed + each.failed))


def never_confirmed(store: Store, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those pairs of marketplace and carrier that no confirmation is known of."""
    asked = list(pairs)
    channels = {plain(channel) for channel, _carrier in asked}
    known = fared(store, lambda name: plain(name) in channels) if asked else []
    confirmed = {(plain(each.marketplace), each.name) for each in known if each.confirmed}
    return [(channel, carrier) for channel, carrier in asked if (plain(channel), carrier) not in confirmed]


def _end(one: Fared | None, *, well: bool) -> None:
    if one:
        one.confirmed += well
        one.failed += not well


def _entries(store: Store) -> Iterable[tuple[int, str, str, str]]:
    """What was said of shipments, the oldest first: order, marketplace, code, and the carrier that was sent."""
    numbered = {kind.name for kind in numbered_kinds()}
    entries = LogEntry.objects.filter(store=store, order__isnull=False, at__gte=timezone.now() - timedelta(days=DAYS))
    entries = entries.filter(Q(code__in=(*SENT, "confirmed")) | Q(code__startswith="failed-"))
    rows = entries.order_by("-id").values_list("order", "order__channel", "code", "params")[:ENTRIES]
    said: list[tuple[int, str, str, dict[str, Any]]] = [*rows]
    for order, channel, code, params in reversed(said):
        if params.get("operation") in numbered:
            yield order, channel or "", code, str((params.get("payload") or {}).get("carrier") or "")
