"""Read the shop orders of marketplace orders, all that are the same one together (R38)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sfsync.domain.orders import Snapshot
from sfsync.models import Order, Task
from sfsync.shops.base import Shop

Groups = Mapping[int, tuple[Snapshot, ...]]
"""Marketplace order → its shop orders as the shop shows them now, the first one first; without those that are gone."""


def read(shop: Shop, tasks: Iterable[Task]) -> Groups:
    """Raises `ShopError`."""
    numbers = shop_orders({task.order_id for task in tasks})
    snapshots = shop.read([number for each in numbers.values() for number in each])
    return {pk: tuple(snapshots[each] for each in its if each in snapshots) for pk, its in numbers.items()}


def shop_orders(order_ids: Iterable[int]) -> dict[int, list[int]]:
    """Marketplace order → the ids of its shop orders, the first one first."""
    rows = Order.objects.filter(marketplace_order__in=order_ids).values_list("marketplace_order", "shop_order_id")
    found: dict[int, list[int]] = defaultdict(list)
    for pk, number in sorted(rows):
        found[pk].append(number)
    return found
