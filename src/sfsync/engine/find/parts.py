"""Shop orders that are one marketplace order (R38), looked at now and then: where one of them was deleted, the others
have to be decided without it, and a source that tells of changes tells of nothing that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sfsync.models import Order, Store
from sfsync.shops.base import PAGE, Json, KnownOrders, Noticed


class Parts:
    """A source of every kind of shop. It has no cursor: there are few such orders."""

    name = "parts"
    lists = False
    needed = False
    share = 1.0
    every = timedelta(hours=1)

    def __init__(self, store: Store) -> None:
        self._store = store

    def after(self, cursor: Json | None, orders: KnownOrders) -> Iterator[Noticed]:
        its = Order.objects.filter(store=self._store).open_since(orders.since).in_parts()
        keys = list(its.order_by("pk").values_list("key", flat=True))
        for start in range(0, len(keys), PAGE):
            yield Noticed(touched=dict.fromkeys(keys[start : start + PAGE], ()))
