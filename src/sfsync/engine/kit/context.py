"""What every step of a run works with: the store, its two outsides, the lease, the journal and the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sfsync.conf import Conf
from sfsync.domain.mapping import Policy
from sfsync.engine.kit.counts import Counts
from sfsync.engine.kit.journal import Journal
from sfsync.engine.kit.lease import Clock, Lease
from sfsync.engine.kit.trouble import Stopped, stopped_by
from sfsync.models import MarketplaceOrder, Store
from sfsync.shops.base import Shop, ShopError, ShopMisconfigured
from sfsync.shops.keys import StatusKey
from shoppingfeed import ShoppingFeedError
from shoppingfeed import Store as Feed

Stop = Callable[[float], bool]
"""Waits so many seconds; True when the run must end early."""


def never(seconds: float) -> bool:
    time.sleep(seconds)
    return False


@dataclass(slots=True)
class Run:
    """One run of one store. Resources only; what the steps find out travels as their arguments and answers."""

    store: Store
    policy: Policy
    shop: Shop
    feed: Feed
    lease: Lease
    journal: Journal
    clock: Clock
    conf: Conf
    counts: Counts = field(default_factory=Counts)
    troubles: list[Stopped] = field(default_factory=list)
    stop: Stop = never
    touched: bool = False
    """The queue is not as it was when the run began: tasks were saved, or came back from their ticket."""
    sweeping: bool = True
    """Compare the open orders; without it only the status history tells of changes."""
    swept: float = 0.0
    """Seconds that comparing them took."""
    _status_names: dict[StatusKey, str] | None = None
    provisional: bool | None = None
    """Some marketplace order of the store is known by its names alone; None: not asked yet."""

    def status_name(self, status: StatusKey) -> str:
        """A shop status as the merchant knows it; read once a run."""
        if self._status_names is None:
            self._status_names = {each.status_id: each.name for each in self.shop.statuses(self.store.language)}
        return self._status_names.get(status) or f"#{status}"

    def has_provisional(self) -> bool:
        """Asked once a run."""
        if self.provisional is None:
            ours = MarketplaceOrder.objects.filter(store=self.store, feed_id=None)
            self.provisional = ours.exclude(reference="").exists()
        return self.provisional

    def knows_store(self) -> bool:
        """Does the API still answer for this store? Tells one bad order or batch from an API in trouble."""
        try:
            self.feed.tickets(limit=1)
        except ShoppingFeedError:
            return False
        return True

    @contextmanager
    def standing(self) -> Iterator[None]:
        """What stops one step (a shop or an API in trouble) does not stop the others; it is kept, and shown."""
        try:
            yield
        except (ShopError, ShoppingFeedError) as error:
            self.journal.forget()
            self.troubles.append(stopped_by(self._diagnosed(error)))

    def _diagnosed(self, error: Exception) -> Exception:
        """Of a setting that is wrong, the shop's own probe knows best which one."""
        try:
            if isinstance(error, ShopMisconfigured):
                self.shop.probe()
        except ShopMisconfigured as better:
            return better
        except ShopError:  # it went away meanwhile: what was seen first stands
            return error
        return error
