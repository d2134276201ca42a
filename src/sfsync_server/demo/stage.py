"""Where the story plays: a PrestaShop in SQLite, a Shopping Feed on the loopback, a store that joins them, a clock."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import update

from sfsync.engine.kit.connections import Live
from sfsync.engine.run import Result, run_store
from sfsync.models import Store
from sfsync.shops.prestashop.sample import SampleShop, build
from sfsync.testing import STATUSES
from sfsync_server.demo.mailbox import Mail
from shoppingfeed.sandbox import Sandbox

CHANNELS = (
    *("Amazon", "CDiscount", "Rakuten", "Zalando", "eBay", "Leroy Merlin"),
    *("Fnac", "Zalando", "ManoMano", "BackMarket"),
)
"""Who the first orders of the shop came from, as Shopping Feed writes it; the others stay with Amazon, untouched."""
ORDERS = 16
TICKET_SECONDS = 0.4
RATE_LIMIT = (10, 2)


class StoryClock:
    """The machine's own clock, in seconds since 1970, which can be pushed on: five minutes of a story take no time."""

    def __init__(self) -> None:
        self._ahead = 0.0

    @property
    def ahead(self) -> timedelta:
        """How far it runs before the machine's clock."""
        return timedelta(seconds=self._ahead)

    def __call__(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds


class Stage:
    """Open until it is left. `mails` is where the mails that are sent turn up; `language` is the store's."""

    def __init__(self, folder: Path, mails: Sequence[Mail], *, language: str = "en") -> None:
        self.mails = mails
        self.clock = StoryClock()
        self.shop: SampleShop = build(f"sqlite:///{folder / 'shop.sqlite3'}", limit=ORDERS)
        self.sandbox = Sandbox(clock=self.clock, ticket_seconds=TICKET_SECONDS, rate_limit=RATE_LIMIT, strict=True)
        self.server = self.sandbox.serve()
        self._connections = Live()
        self.store = _store(self.server.url, self.shop.url, language)
        self._untouched = self._cast()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connections.close()
        self.server.close()
        self.shop.close()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def order(self, channel: str) -> int:
        """The shop's id of an order of that marketplace that no one has touched yet."""
        return self._untouched[channel].pop(0)

    def add_orders(self, number: int, channel: str) -> list[int]:
        """More orders come in, all at once: the shop's ids."""
        first = max(self.shop.feed_id(order_id) or 0 for order_id in self.shop.order_ids()) + 1
        order_ids = self.shop.add_orders(number, channel=channel, first_feed_id=first)
        for feed_id, order_id in enumerate(order_ids, first):
            self.sandbox.add_order(feed_id, reference=f"{channel}-{order_id}", channel=channel)
        return order_ids

    def sync(self) -> Result:
        """One scheduled run, as `sfsync sync --wait 60` does it; the waiting takes no time."""
        return run_store(self.store, connections=self._connections, wait=60, clock=self.now, stop=self._skip)

    def _skip(self, seconds: float) -> bool:
        self.clock.advance(seconds)
        return False

    def _cast(self) -> dict[str, list[int]]:
        """Make both sides know the orders: each listed in the shop, and waiting at its marketplace."""
        listing = self.shop.tables["shoppingfeed_order"]
        untouched: dict[str, list[int]] = {}
        for number, order_id in enumerate(self.shop.order_ids()):
            channel = CHANNELS[number] if number < len(CHANNELS) else "Amazon"
            self.shop.execute(update(listing).where(listing.c.id_order == order_id).values(name_marketplace=channel))
            order = self.shop.order(order_id)
            self.sandbox.add_order(order.feed_id or 0, reference=order.marketplace_reference, channel=channel)
            untouched.setdefault(channel, []).append(order_id)
        return untouched


def _store(api_url: str, shop_url: str, language: str) -> Store:
    """As `sfsync apply` would make it."""
    store = Store(
        name="demo",
        feed_store_id=10,
        token="sandbox-token",  # noqa: S106 - the sandbox's own, good for nothing else
        api_url=api_url,
        shop_secrets={"url": shop_url},
        language=language,
        recipients=["merchant@example.com"],
        statuses=STATUSES,
    )
    store.full_clean()
    store.save()
    return Store.objects.get(pk=store.pk)
