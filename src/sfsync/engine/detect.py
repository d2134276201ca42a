"""Notice every change of a marketplace order in the shop, and save its task before anything is sent (R1, R2, R5).

Three looks, each a few statements a thousand orders: new marketplace orders, the status history after a cursor, and a
sweep over the orders that are still open, which alone sees tracking numbers and what was written by plain SQL.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from sfsync.engine.context import Run
from sfsync.models import Action, Order, Task
from sfsync.models.bulk import insert_rows, update_rows
from sfsync.models.log import Level
from sfsync.shops.base import Listing, Sighting, StatusChange

OVERLAP = 500
"""History rows read again behind the cursor: ids are given out in order but committed out of order."""
SWEEP = 20_000
"""Orders compared in one query each side."""


@dataclass(frozen=True, slots=True)
class Change:
    """An order that is not as it was last seen. `statuses` are all those it took, the current one last."""

    order_id: int
    statuses: tuple[int, ...]
    tracking_number: str
    new_status: bool
    new_tracking: bool
    first_seen: bool = False
    counted: bool = False
    """This run has found it already: its rows lie on two pages of the history."""


def detect(run: Run) -> None:
    follow_listings(run)
    follow_history(run)
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


def register(run: Run, listings: Iterable[Listing]) -> None:
    names = ("store", "shop_order_id", "shop_reference", "feed_id", "reference", "channel", "created_at", "date_add")
    columns = (*names, "fulfilled_by", "seen_tracking", "shipped_sent", *_CONFIRMED)
    now = run.clock()
    rows = [
        (
            run.store.pk,
            each.order_id,
            _clean(each.shop_reference, 64),
            each.feed_id,
            _clean(each.reference, 255),
            _clean(each.channel, 64),
            each.created_at,
            now,
            *("", "", False, "", ""),
        )
        for each in listings
    ]
    insert_rows(Order, columns, rows, conflict="ON CONFLICT (store_id, shop_order_id) DO NOTHING")


_CONFIRMED = ("confirmed_operation", "confirmed_ticket")


def _clean(text: str, most: int) -> str:
    return text.replace("\x00", "")[:most]


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
    _learn_names(run, changes)
    with run.lease.writing("history"):
        save(run, changes)
        run.store.history_cursor = cursor
        run.store.history_window = [row_id for row_id in window if row_id > cursor - OVERLAP]
        run.store.save(update_fields=["history_cursor", "history_window"])


def _of_history(run: Run, rows: list[StatusChange]) -> list[Change]:
    statuses: dict[int, list[int]] = {}
    for row in rows:
        statuses.setdefault(row.order_id, []).append(row.status)
    orders = _orders(run, statuses)
    strangers = statuses.keys() - orders.keys()
    if strangers:
        register(run, run.shop.listings_of(strangers))
        orders = _orders(run, statuses)
    seen = run.shop.look(orders) if orders else []
    return [_change(each, orders[each.order_id], statuses[each.order_id], run.lease.taken_at) for each in seen]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was last seen of an order of ours."""

    pk: int
    status: int | None
    tracking_number: str
    at: datetime | None = None


def _orders(run: Run, order_ids: Collection[int]) -> dict[int, _Seen]:
    rows = Order.objects.filter(store=run.store, shop_order_id__in=list(order_ids))
    return {
        shop_id: _Seen(pk, status, tracking, at)
        for shop_id, pk, status, tracking, at in rows.values_list(
            "shop_order_id", "pk", "seen_status", "seen_tracking", "seen_at"
        )
    }


def _change(
    sighting: Sighting, seen: _Seen, history: Collection[int] = (), run_began: datetime | None = None
) -> Change:
    return Change(
        order_id=seen.pk,
        statuses=(*history, sighting.status),
        tracking_number=sighting.tracking_number,
        new_status=sighting.status != seen.status,
        new_tracking=sighting.tracking_number != seen.tracking_number,
        first_seen=seen.status is None,
        counted=bool(seen.at and run_began and seen.at >= run_began and sighting.status == seen.status),
    )


def sweep(run: Run) -> None:
    """Compare the open orders with what was last seen of them (R2, R5)."""
    orders = _open_orders(run)
    columns = ("shop_order_id", "pk", "seen_status", "seen_tracking")
    last = -1
    while page := list(orders.filter(shop_order_id__gt=last).order_by("shop_order_id").values_list(*columns)[:SWEEP]):
        run.lease.beat("sweep")
        seen = {shop_id: last for shop_id, *last in page}
        changes = [
            _change(each, _Seen(*seen[each.order_id]))
            for each in run.shop.look(seen)
            if seen[each.order_id][1:] != [each.status, each.tracking_number]
        ]
        _learn_names(run, changes)
        for start in range(0, len(changes), 1000):
            with run.lease.writing("sweep"):
                save(run, changes[start : start + 1000])
        last = page[-1][0]
        if len(page) < SWEEP:
            break


def _learn_names(run: Run, changes: list[Change]) -> None:
    """Before the transaction that needs them: nothing of ours stays locked while the shop is asked."""
    if changes:
        run.status_name(changes[0].statuses[-1])


def _open_orders(run: Run) -> QuerySet[Order]:
    """Those that a change may still come for, and those whose update failed and waits for just such a change (R4)."""
    orders = Order.objects.filter(store=run.store)
    parked = Task.objects.filter(store=run.store).parked()
    return orders.open_since(run.clock() - timedelta(days=run.conf.sweep_days)) | orders.filter(
        pk__in=parked.values("order")
    )


def save(run: Run, changes: list[Change]) -> None:
    """Save what was seen, and a task for each order that the marketplace may have to hear of."""
    if not changes:
        return
    told = _told(changes)
    news = [each for each in changes if each.order_id in told or _matters(run, each)]
    _save_tasks(run, news)
    _save_seen(run, changes)
    run.counts.detected += sum(not each.counted for each in news)
    run.journal.flush()


def _matters(run: Run, change: Change) -> bool:
    """R1: a mapped status. R2: a tracking number. R6: a mapped status may be in the past of an unknown order."""
    mapped = any(status in run.policy.mapping for status in change.statuses)
    unknown_past = change.first_seen and run.policy.latest_mapped
    return bool(change.tracking_number) or mapped or unknown_past


def _told(changes: list[Change]) -> set[int]:
    """The orders that the marketplace was told of, or is being told of: whatever happens to them is judged (R8). And
    those whose update has failed: it may be needless now (R6)."""
    going_on = Q(action=Action.CHECK) | Q(failed_at__isnull=False)
    task = Exists(Task.objects.filter(going_on, order_id=OuterRef("pk")))
    orders = Order.objects.filter(pk__in=[each.order_id for each in changes])
    return set(orders.filter(~Q(confirmed_operation="") | task).values_list("pk", flat=True))


_MERGE = """ON CONFLICT (store_id, order_id, action) DO UPDATE SET
    since = excluded.since, update_at = excluded.update_at, date_upd = excluded.date_upd, lease = '',
    attempts = 0, split = 0, silences = 0, failure = '', last_error = '', failed_at = NULL, episode = t.episode + 1"""
_TEXTS = ("lease", "operation", "wanted", "tracking_number", "request_key", "batch_id", "ticket_number")
_TASK = (
    *("store", "order", "action", "since", "update_at", "date_add", "date_upd"),
    *(*_TEXTS, "failure", "last_error"),
    *("attempts", "looks", "split", "silences", "episode"),
)
_BLANK = ("",) * 9 + (0,) * 5


def queue(run: Run, order_ids: Iterable[int], *, conflict: str) -> list[int]:
    """Save intentions, due now. A saved one merges with the order's earlier one, or stands back, as `conflict` says."""
    now = run.clock()
    rows = [(run.store.pk, order_id, Action.SYNC.value, *(now,) * 4, *_BLANK) for order_id in order_ids]
    run.touched = run.touched or bool(rows)
    return insert_rows(Task, _TASK, rows, conflict=conflict)


def _save_tasks(run: Run, changes: list[Change]) -> None:
    queue(run, (each.order_id for each in changes), conflict=_MERGE)
    for each in changes:
        code = "seen-status" if each.new_status or not each.new_tracking else "seen-tracking"
        status, tracking = run.status_name(each.statuses[-1]), each.tracking_number
        run.journal.say(Level.INFO, code, each.order_id, status=status, tracking_number=tracking)


def _save_seen(run: Run, changes: list[Change]) -> None:
    now = run.clock()
    moved = [(each.order_id, each.statuses[-1], each.tracking_number, now) for each in changes if each.new_status]
    update_rows(Order, ("id", "seen_status", "seen_tracking", "seen_at"), moved)
    still = [(each.order_id, each.tracking_number) for each in changes if each.new_tracking and not each.new_status]
    update_rows(Order, ("id", "seen_tracking"), still)
