"""One night over many orders with differences of every kind among them: all are found, and nothing else (R32)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from time import process_time

import pytest

from sfsync.models import Finding, How, MarketplaceOrder, Order, Told
from sfsync.testing import World

ORDERS, SEEDED = 1000, 100
"""`SEEDED` of each kind; the others are shipped and shown, or in preparation and waiting."""
CPU = 10.0
"""Seconds."""


@pytest.mark.parametrize(("orders", "seeded"), [(ORDERS, SEEDED)])
def test_a_night_finds_all_and_nothing_else(world: World, orders: int, seeded: int) -> None:
    """R32: with at most three requests, and one for every 200 orders that wait."""
    wanted = fill(world, orders, seeded)
    before, began = len(world.sandbox.ledger.requests), process_time()
    world.reconcile()
    spent, requests = process_time() - began, len(world.sandbox.ledger.requests) - before
    found = Finding.objects.open().values_list("kind", "order__feed_id")
    assert set(found) == wanted
    waiting = sum(order.status == "waiting_shipment" for order in world.sandbox.market.stores[10].shelf.all())
    assert requests <= 3 + waiting // 200
    assert spent < CPU
    assert Counter(kind for kind, _order in found).most_common(1)[0][1] == seeded


def fill(world: World, orders: int, seeded: int) -> set[tuple[str, int | None]]:
    """Orders in turn: four with a difference each, until there are enough of those, then such as agree."""
    kinds = [*["not-seen", "refused-there", "cancelled-there", "refunded-there"] * seeded]
    kinds += ["agrees", "waits"] * ((orders - len(kinds)) // 2)
    told_at = world.now() - timedelta(days=3)
    same = {"store": world.store, "channel": "Fnac", "created_at": told_at}
    rows = [MarketplaceOrder(feed_id=number, reference=f"F-{number}", **same) for number in range(1, len(kinds) + 1)]
    for row, kind in zip(rows, kinds, strict=True):
        if kind in ("not-seen", "refused-there", "agrees"):
            row.confirmed_operation, row.confirmed_at = "ship", told_at
        show(world, row.feed_id or 0, kind)
    MarketplaceOrder.objects.bulk_create(rows)
    shop = {"store": world.store, "created_at": told_at, "seen_status": "3"}
    Order.objects.bulk_create([Order(marketplace_order=row, key=f"9{row.feed_id}", **shop) for row in rows])
    shipped = [row for row in rows if row.confirmed_operation]
    Told.objects.bulk_create(
        [Told(order=row, operation="ship", key="T", how=How.TICKET, at=told_at) for row in shipped]
    )
    return {(kind, row.feed_id) for row, kind in zip(rows, kinds, strict=True) if kind not in ("agrees", "waits")}


def show(world: World, feed_id: int, kind: str) -> None:
    """As the marketplace shows it."""
    statuses = {"cancelled-there": "cancelled", "refunded-there": "refunded", "agrees": "shipped"}
    at = world.clock() - 3 * 86400
    world.sandbox.add_order(feed_id, channel="Fnac", status=statuses.get(kind, "waiting_shipment"), created_at=at)
    if kind == "refused-there":
        world.sandbox.change_order(feed_id, error="ship", message="Unknown carrier")
