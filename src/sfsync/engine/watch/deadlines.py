"""Tell of orders whose deadline is near or past (R25): once a step, as long as nobody has shipped them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sfsync.conf import conf
from sfsync.domain.deadlines import Source, nearness, step
from sfsync.engine.kit.future_dates import passed
from sfsync.engine.outgoing.conclude import NoticeRow, tell
from sfsync.models import Store
from sfsync.models.deadlines import to_ship

EVERY = timedelta(minutes=10)


def raise_deadlines(store: Store, now: datetime) -> bool:
    """Looked at every ten minutes. Orders that are older than the sweep are left alone. True where some are near."""
    if not passed(store.state.deadlines_at, now, EVERY):
        return False
    horizon = now - timedelta(days=conf().sweep_days)
    near = to_ship([store]).filter(ship_by__lte=now + nearness(store.deadline_steps), created_at__gte=horizon)
    rows = near.values_list("pk", "ship_by", "ship_by_from")
    notices = [row for row in (_notice(*each, now, store.deadline_steps) for each in rows) if row]
    tell(store, now, notices)
    store.state.deadlines_at = now
    store.state.save(update_fields=["deadlines_at"])
    return bool(notices)


def _notice(
    order: int, ship_by: datetime | None, source: str, now: datetime, steps: Collection[int]
) -> NoticeRow | None:
    said = step(ship_by, source, now, steps) if ship_by else ""
    if not ship_by or not said:
        return None
    at = ship_by.date().isoformat() if source == Source.DAY else ship_by.isoformat(timespec="seconds")
    code = "late" if said == "late" else "at-risk"
    return (order, f"deadline:{order}:{said}:{ship_by.isoformat()}", code, {"at": at})
