"""Keep what was found, tell it once, and close it when it has gone (R32)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sfsync.db.among import among
from sfsync.db.bulk import insert_rows
from sfsync.db.conflict import KEEP
from sfsync.domain.reconciliation import Found
from sfsync.engine.market.context import Market
from sfsync.engine.outgoing.conclude import tell
from sfsync.models import Finding
from sfsync.models.finding import FindingQuerySet
from sfsync.models.log import Level


def keep(market: Market, found: Sequence[tuple[int, Found]]) -> int:
    """`found`: a marketplace order of ours, and where it differs; a difference that is known already stays as it is.
    Returns how many are new."""
    now = market.clock()
    rows = [(order, each.difference.value, each.message, each.since) for order, each in found]
    new = insert_rows(
        Finding,
        ("order", "kind", "message", "since"),
        rows,
        same={"store": market.store.pk, "found_at": now},
        conflict=KEEP,
        returning=("id", "order", "kind", "message"),
    )
    for _pk, order, kind, message in new:
        market.journal.say(Level.WARNING, kind, order, message=message)
    notices = [(order, f"found:{pk}", kind, {"operation": "", "message": message}) for pk, order, kind, message in new]
    tell(market.store, now, notices)
    return len(new)


def close_others(market: Market, seen: Collection[tuple[int, str]], known: FindingQuerySet) -> int:
    """Findings of those `known` that this look did not make again: the marketplace shows them no more."""
    rows = known.open().filter(store=market.store).values_list("pk", "order", "kind")
    gone = [(pk, order) for pk, order, kind in rows if (order, kind) not in seen]
    Finding.objects.filter(pk__in=among(pk for pk, _order in gone)).update(closed_at=market.clock())
    for _pk, order in gone:
        market.journal.say(Level.INFO, "difference-over", order)
    return len(gone)
