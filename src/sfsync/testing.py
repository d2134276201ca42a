"""A merchant's whole world for tests and for the demo: a PrestaShop, a Shopping Feed, a store that joins them, a clock.

world = World(tmp_path)
order = world.order()
world.shop.set_tracking(order, "TRK-1")
world.shop.set_status(order, SHIPPED)
world.sync(wait=10)
assert world.belief(order).status == "shipped"
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sfsync.domain.reconciliation import GRACE
from sfsync.engine.kit.connections import Live
from sfsync.engine.kit.trouble import Stopped
from sfsync.engine.market.reconcile import reconcile_store
from sfsync.engine.run import Result, run_store
from sfsync.models import Finding, LogEntry, Notice, Order, Store, Task
from sfsync.shops.prestashop.sample import SampleShop, build
from shoppingfeed.sandbox import Belief, ManualClock, Sandbox

PAID, PROCESSING, SHIPPED, DELIVERED, CANCELED, REFUNDED = 2, 3, 4, 5, 6, 7
"""PrestaShop's own statuses."""

STATUSES = {"shipped": [SHIPPED], "delivered": [DELIVERED], "canceled": [CANCELED], "refunded": [REFUNDED]}


class World:
    """`database` is where the shop is built (a SQLite file in `folder` by default); `settings` are the store's."""

    def __init__(
        self, folder: Path, *, orders: int = 20, database: str = "", name: str = "main", **settings: Any
    ) -> None:
        self.clock = ManualClock(time.time())
        url = database or f"sqlite:///{folder / f'{name}.sqlite3'}"
        self.shop: SampleShop = build(url, limit=orders)
        self.sandbox = Sandbox(clock=self.clock)
        self.connections = Live(self.sandbox.transport(), pause=lambda _seconds: None)
        self.store = self.add_store(name, shop_url=url, **settings)
        self._orders = iter(self.shop.order_ids())

    def add_store(self, name: str, *, shop_url: str = "", **settings: Any) -> Store:
        fields: dict[str, Any] = {
            "shop_secrets": {"url": shop_url},
            "name": name,
            "feed_store_id": 10,
            "token": "sandbox-token",
            "api_url": "https://sandbox.invalid",
            "recipients": ["merchant@example.com"],
            "statuses": STATUSES,
        }
        store = Store(**(fields | settings))
        store.full_clean()
        store.save()
        return Store.objects.get(pk=store.pk)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def advance(self, **duration: float) -> None:
        """Let time pass for everybody: `advance(minutes=5)`."""
        self.clock.advance(timedelta(**duration).total_seconds())

    def order(self) -> int:
        """The shop's id of a marketplace order that no one has touched yet."""
        return next(self._orders)

    def ship(self, order_id: int, tracking_number: str = "") -> int:
        """What a merchant does on a good day."""
        if tracking_number:
            self.shop.set_tracking(order_id, tracking_number)
        self.shop.set_status(order_id, SHIPPED)
        return order_id

    def sync(self, wait: float = 0, store: Store | None = None) -> Result:
        """One scheduled run, on the sandbox in process."""

        def stop(seconds: float) -> bool:
            self.clock.advance(seconds)
            return False

        return run_store(store or self.store, self.connections, wait=wait, clock=self.now, stop=stop)

    def list_there(self, *order_ids: int, **more: Any) -> None:
        """Have the marketplace list orders of the shop before anything is sent for them."""
        for each in order_ids:
            shown = self.shop.order(each)
            names = {"reference": shown.marketplace_reference, "channel": shown.channel}
            self.sandbox.add_order(self.feed_id(each), **(names | more))

    def reconcile(self, grace: timedelta = GRACE) -> Stopped | None:
        return reconcile_store(self.store, self.connections, grace=grace, clock=self.now)

    def findings(self, order_id: int | None = None) -> list[str]:
        """The kinds of what the marketplaces and we disagree about now, of one order or of all."""
        found = Finding.objects.open().filter(store=self.store)
        if order_id is not None:
            found = found.filter(order__shop_orders__key=order_id)
        return list(found.values_list("kind", flat=True))

    def feed_id(self, order_id: int) -> int:
        feed_id = self.shop.feed_id(order_id)
        assert feed_id is not None
        return feed_id

    def belief(self, order_id: int) -> Belief | None:
        """What the marketplace believes of an order."""
        return self.sandbox.ledger.belief(self.feed_id(order_id))

    def accepted(self, order_id: int) -> list[tuple[str, str]]:
        """The operations that Shopping Feed accepted for an order, with their tracking numbers, in order."""
        return [
            (each.operation, each.tracking_number) for each in self.sandbox.ledger.operations(self.feed_id(order_id))
        ]

    def row(self, order_id: int) -> Order:
        return Order.objects.select_related("marketplace_order").get(store=self.store, key=order_id)

    def told(self, order_id: int) -> list[tuple[str, str]]:
        """What the marketplace knows of an order as we keep it: operations and keys, the oldest first."""
        return list(self.row(order_id).marketplace_order.told.values_list("operation", "key"))

    def tasks(self, order_id: int) -> list[Task]:
        """What is not done yet, and not given up."""
        tasks = Task.objects.filter(order__shop_orders__key=order_id, store=self.store)
        return list(tasks.living().order_by("id"))

    def notices(self, order_id: int | None = None) -> list[str]:
        """The codes of what the merchant hears, of one order or of all."""
        notices = Notice.objects.filter(store=self.store)
        if order_id is not None:
            notices = notices.filter(order__shop_orders__key=order_id)
        return list(notices.values_list("code", flat=True))

    def story(self, order_id: int) -> list[str]:
        """The codes of what the log says of an order, oldest first."""
        entries = LogEntry.objects.filter(order__shop_orders__key=order_id).order_by("id")
        return list(entries.values_list("code", flat=True))
