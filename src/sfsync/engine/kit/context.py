"""What every step of a run works with: the store, its two outsides, the lease, the journal and the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sfsync.conf import Conf
from sfsync.domain.mapping import Policy
from sfsync.engine.kit.channels import Channels
from sfsync.engine.kit.journal import Journal
from sfsync.engine.kit.lease import Clock, Lease
from sfsync.engine.kit.opening import Opening
from sfsync.engine.kit.tally import Tally
from sfsync.models import MarketplaceOrder, Store
from sfsync.shops.base import OpenShop, Status
from sfsync.shops.keys import StatusKey
from shoppingfeed import ShoppingFeedError
from shoppingfeed import Store as Feed

Stop = Callable[[float], bool]
"""Waits so many seconds; True when the run must end early."""


def never(seconds: float) -> bool:
    if seconds > 0:
        time.sleep(seconds)
    return False


class Turn:
    """A `Stop` that also ends a run when its time is over, so that the other stores have theirs. `over`: it did.

    `pause`: the `Stop` of a wait that has to be gone through once, however long the turn: cut short, it would begin
    anew in each.
    """

    def __init__(self, seconds: float, stop: Stop) -> None:
        self._until, self.pause = time.monotonic() + seconds, stop
        self.over = False

    def __call__(self, seconds: float) -> bool:
        left = self._until - time.monotonic()
        if self.pause(max(min(seconds, left), 0)):
            return True
        self.over = seconds >= left
        return self.over


class StatusNames:
    """A shop's statuses as the merchant knows them; asked for when the first is needed, and once."""

    def __init__(self, statuses: Callable[[], Iterable[Status]]) -> None:
        self._statuses = statuses
        self._names: dict[StatusKey, str] | None = None

    def load(self) -> None:
        """For whoever is about to open a transaction: the shop is not to be asked inside one."""
        if self._names is None:
            self._names = {each.status_id: each.name for each in self._statuses()}

    def of(self, status: StatusKey) -> str:
        self.load()
        return (self._names or {}).get(status) or f"#{status}"


class Provisional:
    """Is some marketplace order of the store known by its names alone? Asked when first needed, and once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._any: bool | None = None

    def any(self) -> bool:
        if self._any is None:
            ours = MarketplaceOrder.objects.filter(store=self._store, feed_id=None)
            self._any = ours.exclude(reference="").exists()
        return self._any

    def made(self) -> None:
        self._any = True


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one store: what its steps work with. They leave words in the journal and numbers in the tally; all
    else that they find out travels as their arguments and answers."""

    store: Store
    opening: Opening
    policy: Policy
    shop: OpenShop
    feed: Feed
    lease: Lease
    journal: Journal
    clock: Clock
    conf: Conf
    status_names: StatusNames
    provisional: Provisional
    channels: Channels
    turn: Turn
    tally: Tally = field(default_factory=Tally)

    def stop(self, seconds: float) -> bool:
        """A `Stop`: of work that can go on in the next turn."""
        return self.turn(seconds)

    def pause(self, seconds: float) -> bool:
        """A `Stop`: of a wait that is not shortened by the end of the turn."""
        return self.turn.pause(seconds)

    def knows_store(self) -> bool:
        """Does the API still answer for this store? Tells one bad order or batch from an API in trouble."""
        try:
            self.feed.tickets(limit=1)
        except ShoppingFeedError:
            return False
        return True
