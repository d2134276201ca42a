"""Between the runs of real-time stores: one small question to each shop, whether anything happened (R7).

A run reads all that it judges by, and costs twenty times as much as the question.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.db import close_old_connections
from django.utils import timezone

from sfsync.db.own_file import hold_to_file
from sfsync.db.secrets import SecretUnreadable
from sfsync.engine.due import watched
from sfsync.engine.kit.connections import Connections, Live
from sfsync.engine.people.at_once import ask_run
from sfsync.models import Store
from sfsync.shops.base import ShopError

AT_ONCE = 4
"""Shops asked at the same time."""


@dataclass(slots=True)
class Watch:
    """`connections`: its own, for a run may use another one of the same shop. `pulses`: what each shop said last."""

    connections: Connections = field(default_factory=Live)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="watch"))
    pulses: dict[int, int | None] = field(default_factory=dict)
    asking: set[int] = field(default_factory=set)
    looked_at: float = float("-inf")

    def look_around(self, every: float, wake: Callable[[], None]) -> float:
        """Ask every shop that rests, once in `every` seconds, and wait for no answer; `wake` is called when a store
        turned out to be due. Returns the seconds until they are to be asked again."""
        left = self.looked_at + every - time.monotonic()
        if left > 0:
            return left
        self.looked_at = time.monotonic()
        for store in watched(timezone.now()):
            if store.pk not in self.asking:
                self.asking.add(store.pk)
                self.pool.submit(self.ask, store, wake)
        return every

    def ask(self, store: Store, wake: Callable[[], None]) -> None:
        try:
            if self.moved(store):
                hold_to_file()
                ask_run(store)
                wake()
        finally:
            self.asking.discard(store.pk)
            self.connections.done(store)
            close_old_connections()

    def moved(self, store: Store) -> bool:
        """Since the last time. What goes wrong is told by the next run."""
        try:
            pulse = self.connections.shop(store).pulse()
        except (ShopError, SecretUnreadable):
            return False
        before = self.pulses.get(store.pk, pulse)
        self.pulses[store.pk] = pulse
        return pulse != before

    def close(self) -> None:
        self.pool.shutdown()
        self.connections.close()
