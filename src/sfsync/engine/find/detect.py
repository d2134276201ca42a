"""Notice every change of a marketplace order in the shop, and save its task before anything is sent (R1, R2, R5).

Three looks, each a few statements a thousand orders: new marketplace orders, the status history after a cursor, and a
sweep over the orders that are still open, which alone sees tracking numbers and what was written by plain SQL.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sfsync.engine.find.outbox import LAST_SEEN, Change, LastSeen, change, learn_names, save
from sfsync.engine.find.register import register
from sfsync.engine.find.sweep import sweep
from sfsync.engine.kit.context import Run
from sfsync.models import Order
from sfsync.shops.base import StatusChange
from sfsync.shops.keys import OrderKey, StatusKey

OVERLAP = 500
"""History rows read again behind the cursor: ids are given out in order but committed out of order."""


def detect(run: Run) -> None:
    follow_listings(run)
    follow_history(run)
    if run.sweeping:
        sweep(run)


def follow_listings(run: Run) -> None:
    """Learn of the marketplace orders that the shop imported; the sweep then sees them for the first time."""
    horizon = run.clock() - timedelta(days=run.conf.sweep_days)
    if not any(run.shop.listings_after(run.store.listing_cursor, since=horizon)):
        return
    start = max(run.store.listing_cursor - OVERLAP, 0)
    for page in run.shop.listings_after(start, since=horizon):
        run.lease.beat("orders")
        if page[-1].row_id > run.store.listing_cursor:
            with run.lease.writing("orders"):
                register(run, page)
                run.store.listing_cursor = page[-1].row_id
                run.store.save(update_fields=["listing_cursor"])


def follow_history(run: Run) -> None:
    """R1. What the last runs have read already is known by its row ids, so nothing is found twice to any effect."""
    store = run.store
    if store.history_cursor is None:
        _start_history(run)
        return
    for page in run.shop.history_after(max(store.history_cursor - OVERLAP, 0)):
        run.lease.beat("history")
        known = set(store.history_window)
        fresh = [row for row in page if row.row_id not in known]
        if fresh:
            _advance(run, fresh, [*store.history_window, *(row.row_id for row in fresh)])


def _start_history(run: Run) -> None:
    """The first run ever: what happened before is judged by the sweep, what comes next by the history.

    A wrong shop id or a missing right would only look like a shop where nothing happens, so the shop is tried first.
    """
    run.shop.probe()
    last = run.shop.last_history_id()
    window = [
        row.row_id for page in run.shop.history_after(max(last - OVERLAP, 0)) for row in page if row.row_id <= last
    ]
    with run.lease.writing("history"):
        run.store.history_cursor, run.store.history_window = last, window
        run.store.save(update_fields=["history_cursor", "history_window"])


def _advance(run: Run, rows: list[StatusChange], window: list[int]) -> None:
    changes = _of_history(run, rows)
    cursor = max(run.store.history_cursor or 0, *(row.row_id for row in rows))
    learn_names(run, changes)
    with run.lease.writing("history"):
        save(run, changes)
        run.store.history_cursor = cursor
        run.store.history_window = [row_id for row_id in window if row_id > cursor - OVERLAP]
        run.store.save(update_fields=["history_cursor", "history_window"])


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
    rows = Order.objects.filter(store=run.store, key__in=list(keys))
    return {key: LastSeen(*row) for key, *row in rows.values_list("key", *LAST_SEEN)}
