"""The orders that the shop's bridge told of (`engine.hear`): looked at whatever the shop's own sources see of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from sfsync.engine.kit.lease import Clock
from sfsync.models import Hint, Store
from sfsync.shops.base import Json, KnownOrders, Noticed

AGAIN = timedelta(seconds=10)
"""After the first look: a shop may answer from a copy of its database that is behind."""
KEPT = timedelta(hours=1)
"""Much longer than a message is accepted for, so that one that comes again is known."""
MESSAGES = 200
"""Of one page."""


class Hints:
    """A source of every kind of shop. It has no cursor: each message keeps whether it was followed."""

    name = "hints"
    lists = False
    needed = False
    share = 1.0
    every = timedelta()

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def after(self, cursor: Json | None, orders: KnownOrders) -> Iterator[Noticed]:
        now = self._clock()
        due = Hint.objects.filter(store=self._store, look_at__lte=now).order_by("look_at", "id")
        while page := list(due[:MESSAGES]):
            yield Noticed(touched={key: () for each in page for key in each.orders})
            self._followed(page)

    def _followed(self, page: Sequence[Hint]) -> None:
        """Their orders were looked at, and what was seen is kept."""
        now = self._clock()
        hints = Hint.objects.filter(pk__in=[each.pk for each in page])
        if any(each.looked for each in page):
            hints.filter(looked=True).update(look_at=None)
            Hint.objects.filter(store=self._store, look_at=None, at__lt=now - KEPT).delete()
        hints.filter(looked=False).update(looked=True, look_at=now + AGAIN)
