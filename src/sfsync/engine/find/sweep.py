"""Compare the open orders with what was last seen of them: the look that sees everything (R2, R5).

Most of the time nothing has changed, so the shop is first asked for one number a block of orders, and only the blocks
whose number has moved since the last sweep are looked at, order by order.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet

from sfsync.engine.find.cursors import Cursors
from sfsync.engine.find.outbox import LAST_SEEN, LastSeen, change, learn_names, save
from sfsync.engine.find.register import look_again
from sfsync.engine.kit.context import Run
from sfsync.engine.kit.future_dates import passed
from sfsync.models import Order, Task
from sfsync.shops.base import BLOCK
from sfsync.shops.keys import OrderKey

ORDERS = 10_000
"""Compared in one query each side."""
SAVED = 1000
"""Changes of one transaction."""
WHOLE = timedelta(days=1)
"""How often every order is looked at, whatever the blocks say."""


SWEEP = "sweep"
"""The name of its cursor: the shop's number for each block as of the last sweep, and when every order was last looked
at."""


def sweep(run: Run, cursors: Cursors) -> None:
    started = time.monotonic()
    _look_where_it_moved(run, list(_blocks(run)), cursors)
    run.tally.swept = time.monotonic() - started


@dataclass(frozen=True, slots=True)
class _Block:
    """Ordinals from `number * BLOCK` on: how many of them are open, and how many of those are to
    be looked at whatever the shop says of the block: they were never seen, or there was doubt."""

    number: int
    orders: int
    unsure: int


_NUMBER = F("ordinal") / BLOCK


def _blocks(run: Run) -> Iterator[_Block]:
    numbered = _open_orders(run).annotate(block=_NUMBER).values("block").order_by("block")
    counted = numbered.annotate(orders=Count("pk"), unsure=Count("pk", filter=Q(seen_status="") | Q(look_again=True)))
    return (_Block(*row) for row in counted.values_list("block", "orders", "unsure"))


def _look_where_it_moved(run: Run, blocks: list[_Block], cursors: Cursors) -> None:
    """The shop's numbers are read before its orders: a change in between is found again by the next sweep."""
    last = cursors.position(SWEEP) or {"fingerprints": {}, "whole_at": None}
    whole_at = datetime.fromisoformat(last["whole_at"]) if last["whole_at"] else None
    whole = passed(whole_at, run.clock(), WHOLE)
    now = {str(block): number for block, number in run.shop.fingerprints([each.number for each in blocks]).items()}
    before = last["fingerprints"].get
    moved = {each.number for each in blocks if before(str(each.number)) != now.get(str(each.number))}
    if whole and whole_at:
        look_again(run)
    for some in _together(each for each in blocks if whole or each.unsure or each.number in moved):
        _compare(run, [block.number for block in some], whole=whole)
    if whole or moved:
        with run.lease.writing("sweep"):
            at = run.clock().isoformat() if whole else last["whole_at"]
            cursors.keep(SWEEP, {"fingerprints": now, "whole_at": at})


def _together(blocks: Iterable[_Block]) -> Iterator[list[_Block]]:
    """Blocks whose orders are few enough for one query."""
    some: list[_Block] = []
    orders = 0
    for block in blocks:
        if some and orders + block.orders > ORDERS:
            yield some
            some, orders = [], 0
        some.append(block)
        orders += block.orders
    if some:
        yield some


def _compare(run: Run, blocks: list[int], *, whole: bool) -> None:
    """`whole`: once a day the shop is believed, even where it takes back a row of an order's history."""
    run.lease.beat("sweep")
    last = dict(_last_seen(run, blocks))
    seen = run.shop.look(last)
    changes = [change(now, last[key]) for key, now in seen.items() if last[key].differs(now)]
    changes = [replace(each, older=False) for each in changes] if whole else changes
    learn_names(run, changes)
    for start in range(0, len(changes), SAVED):
        with run.lease.writing("sweep"):
            save(run, changes[start : start + SAVED])


def _last_seen(run: Run, blocks: list[int]) -> Iterator[tuple[OrderKey, LastSeen]]:
    """The shop's key of each, and what was last seen of it. The range lets the database use its index."""
    within = (blocks[0] * BLOCK, (blocks[-1] + 1) * BLOCK - 1)
    orders = _open_orders(run).annotate(block=_NUMBER).filter(ordinal__range=within, block__in=blocks)
    return ((key, LastSeen(*row)) for key, *row in orders.values_list("key", *LAST_SEEN))


def _open_orders(run: Run) -> QuerySet[Order]:
    """Those that a change may still come for, and those whose update failed and waits for just such a change (R4)."""
    orders = Order.objects.filter(store=run.store)
    parked = Task.objects.filter(store=run.store).parked()
    still_open = orders.open_since(run.clock() - timedelta(days=run.conf.sweep_days))
    return still_open | orders.filter(marketplace_order__in=parked.values("order"))
