"""Notice every change of a marketplace order in the shop, and save its task before anything is sent (R1, R2, R5).

Three looks, each a few statements a thousand orders: new marketplace orders, the status history after a cursor, and a
sweep over the orders that are still open, which alone sees tracking numbers and what was written by plain SQL.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from sfsync.db.among import among
from sfsync.engine.find.cursors import Cursors, Position
from sfsync.engine.find.outbox import LAST_SEEN, Change, LastSeen, change, learn_names, save
from sfsync.engine.find.register import register
from sfsync.engine.find.sweep import sweep
from sfsync.engine.kit.context import Run
from sfsync.models import Order
from sfsync.shops.base import Listing, StatusChange
from sfsync.shops.keys import OrderKey, StatusKey

OVERLAP = 500
"""History rows read again behind the cursor: ids are given out in order but committed out of order."""


LISTINGS, HISTORY = "table", "history"
"""Names of cursors. A position is how far (`at`, a row id) and the `last` row that was read there: where that row is
missing, or another one, the shop went back to an earlier state, and its row ids mean something else."""


def detect(run: Run, *, sweeping: bool) -> None:
    """Without `sweeping` only the status history tells of changes."""
    cursors = Cursors(run)
    follow_listings(run, cursors)
    follow_history(run, cursors)
    if sweeping:
        sweep(run, cursors)


def follow_listings(run: Run, cursors: Cursors) -> None:
    """Learn of the marketplace orders that the shop imported; the sweep then sees them for the first time."""
    horizon = run.clock() - timedelta(days=run.conf.sweep_days)
    place = cursors.position(LISTINGS) or {"at": 0, "last": None}
    pages = run.shop.listings_after(max(place["at"] - OVERLAP, 0), since=horizon)
    first = next(pages, [])
    if _is_lost(place["last"], map(_listed, first)) and _is_young(place["last"], horizon):
        cursors.start_anew("shop-restored")
        follow_listings(run, cursors)
        return
    for page in chain([first] if first else [], pages):
        run.lease.beat("orders")
        if page[-1].row_id > place["at"]:
            place = {"at": page[-1].row_id, "last": _listed(page[-1])}
            with run.lease.writing("orders"):
                register(run, page)
                cursors.keep(LISTINGS, place)


def _listed(row: Listing) -> list[Any]:
    return [row.row_id, row.key, row.created_at.isoformat()]


def _changed(row: StatusChange) -> list[Any]:
    return [row.row_id, row.key, row.status]


def _is_lost(last: list[Any] | None, rows: Iterable[list[Any]]) -> bool:
    return last is not None and last not in rows


def _is_young(listed: list[Any], horizon: datetime) -> bool:
    """An older listing is not read any more: that it is missing means nothing."""
    return datetime.fromisoformat(listed[-1]) >= horizon


def follow_history(run: Run, cursors: Cursors) -> None:
    """R1. What the last runs have read already is known by its row ids, so nothing is found twice to any effect."""
    place = cursors.position(HISTORY)
    if place is None:
        _start_history(run, cursors)
        return
    pages = run.shop.history_after(max(place["at"] - OVERLAP, 0))
    first = next(pages, [])
    if _is_lost(place["last"], map(_changed, first)):
        cursors.start_anew("shop-restored")
        follow_listings(run, cursors)
        _start_history(run, cursors)
        return
    for page in chain([first] if first else [], pages):
        run.lease.beat("history")
        known = set(place["window"])
        fresh = [row for row in page if row.row_id not in known]
        if fresh:
            place = _further(place["window"], fresh, max(place["at"], fresh[-1].row_id), page)
            _advance(run, cursors, fresh, place)


def _start_history(run: Run, cursors: Cursors) -> None:
    """The first run ever: what happened before is judged by the sweep, what comes next by the history.

    A wrong shop id or a missing right would only look like a shop where nothing happens, so the shop is tried first.
    """
    run.shop.probe()
    last = run.shop.last_history_id()
    pages = run.shop.history_after(max(last - OVERLAP, 0))
    rows = [row for page in pages for row in page if row.row_id <= last]
    with run.lease.writing("history"):
        cursors.keep(HISTORY, _further([], rows, last, rows))


def _further(window: list[int], fresh: list[StatusChange], at: int, page: list[StatusChange]) -> Position:
    """The newest row that is still read again the next time is the one to know the shop by."""
    behind = at - OVERLAP
    last = _changed(page[-1]) if page and page[-1].row_id > behind else None
    return {
        "at": at,
        "last": last,
        "window": [each for each in [*window, *(row.row_id for row in fresh)] if each > behind],
    }


def _advance(run: Run, cursors: Cursors, rows: list[StatusChange], place: Position) -> None:
    changes = _of_history(run, rows)
    learn_names(run, changes)
    with run.lease.writing("history"):
        save(run, changes)
        cursors.keep(HISTORY, place)


def _of_history(run: Run, rows: list[StatusChange]) -> list[Change]:
    statuses: dict[OrderKey, list[StatusKey]] = {}
    for row in rows:
        statuses.setdefault(row.key, []).append(row.status)
    orders = _orders(run, statuses)
    strangers = statuses.keys() - orders.keys()
    if strangers:
        listings = run.shop.listings_of(strangers)
        with run.lease.writing("history"):
            register(run, listings)
        orders = _orders(run, statuses)
    seen = run.shop.look(orders) if orders else {}
    return [change(now, orders[key], statuses[key], run.lease.taken_at) for key, now in seen.items()]


def _orders(run: Run, keys: Collection[OrderKey]) -> dict[OrderKey, LastSeen]:
    rows = Order.objects.filter(store=run.store, key__in=among(keys))
    return {key: LastSeen(*row) for key, *row in rows.values_list("key", *LAST_SEEN)}
