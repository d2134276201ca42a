"""The two outsides of a store, the shop and Shopping Feed, behind one seam: tests and the demo hand in their own."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

from sfsync.conf import conf
from sfsync.domain.hosts import leads_to_forbidden, origin
from sfsync.engine.kit.shared_pace import shared_pace
from sfsync.models import Cursor, Order, Store, named_settings
from sfsync.shops.base import Json, OpenShop
from sfsync.shops.kind import Around
from sfsync.shops.switches import Switches
from shoppingfeed import Client, NotSentError, Transport


class Connections(Protocol):
    """Whoever makes one closes it; a run only uses what it is handed, and says when it is done with it."""

    def shop(self, store: Store) -> OpenShop: ...

    def client(self, store: Store) -> Client: ...

    def done(self, store: Store) -> None: ...

    def close(self) -> None: ...


KEPT = 64
"""Connections of each kind that stay open between runs; more of them only while more are in use. With fewer than there
are real-time stores each pass would open every one anew, and what a closed one leaves is garbage in cycles."""


MEMORY = "memory"
"""The name of the row, beside those of the sources, that keeps `OpenShop.memory`."""


class Live:
    """The real ones, by the store's settings; they stay open between runs. `transport` replaces the network, `pause`
    the waiting between two questions to a shop.

    Clients are shared by token, so that their pacing is (the rate limit is the token's). A shop's connection belongs to
    its store, which one run at a time holds. What this thread asked for stays open until it is `done` with the store.
    """

    def __init__(self, transport: Transport | None = None, pause: Callable[[float], None] = time.sleep) -> None:
        self.transport, self._pause = transport, pause
        self._shops: Kept[OpenShop] = Kept()
        self._clients: Kept[Client] = Kept()

    def shop(self, store: Store) -> OpenShop:
        """Opens lazily. Raises `ShopMisconfigured` where the settings alone are wrong."""
        key = (store.pk, store.feed_store_id, store.shop_kind, repr(sorted(named_settings.revealed(store).items())))
        return self._shops.get(_user(store), key, lambda: open_shop(store, pause=self._pause))

    def client(self, store: Store) -> Client:
        return self._clients.get(_user(store), (store.api_url, store.token), lambda: self._open_client(store))

    def done(self, store: Store) -> None:
        self._shops.done(_user(store))
        self._clients.done(_user(store))

    def close(self) -> None:
        self._shops.close()
        self._clients.close()

    def _open_client(self, store: Store) -> Client:
        settings = conf()
        token = store.token.reveal_for(store.api_url)
        if self.transport is None:
            refuse_own_network(store.api_url)
        return Client(
            token,
            base_url=store.api_url,
            transport=self.transport,
            timeout=settings.timeout,
            proxy=settings.proxy,
            concurrency=settings.concurrency,
            pace=settings.paced,
            shared_pace=shared_pace(store.api_url, token) if self.transport is None else None,
        )


def refuse_own_network(url: str) -> None:
    """Raises `NotSentError`; an unknown name is the client's to tell."""
    host = origin(url)[1]
    if leads_to_forbidden(host):
        raise NotSentError(f"{host} is an address of the machine's own network: nothing was sent there.")


def _user(store: Store) -> Hashable:
    """A run: it stays in its thread. Two runs of one store meet when the first outlived its lease."""
    return store.pk, threading.get_ident()


def open_shop(store: Store, timeout: float | None = None, pause: Callable[[float], None] = time.sleep) -> OpenShop:
    """`timeout` in seconds, that of the settings if None. Raises `ShopMisconfigured` and `SecretUnreadable`."""
    seconds = conf().timeout if timeout is None else timeout
    around = Around(store.feed_store_id, seconds, lambda: _memory(store), pause, lambda: _linked(store))
    return store.kind.open(named_settings.revealed(store), around)


def open_switches(store: Store, account: str = "") -> Switches | None:
    """The settings by which others send for this shop; None where its kind knows of none. `account`: see `ShopKind`.
    Raises as `open_shop` does."""
    if not store.kind.switches:
        return None
    around = Around(store.feed_store_id, conf().timeout, lambda: _memory(store))
    return store.kind.switches(named_settings.revealed(store), around, account)


def _memory(store: Store) -> Json | None:
    """What the shop remembered, if it is still the same one."""
    kept = Cursor.objects.filter(store_id=store.pk, name=MEMORY, identity=store.shop_identity or "")
    return kept.values_list("position", flat=True).first() if store.pk else None


def _linked(store: Store) -> bool:
    return store.pk is not None and Order.objects.filter(store_id=store.pk, linked=True).exists()


class Closes(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=Closes)


class Kept(Generic[T]):
    """The connections used last, by their settings. To make room, those unused for longest are closed, and never one
    that a user is not done with."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._used: set[tuple[Hashable, Hashable]] = set()
        self._lock = threading.Lock()

    def get(self, user: Hashable, key: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
            self._kept.move_to_end(key)
            self._used.add((user, key))
            self._make_room()
            return self._kept[key]

    def done(self, user: Hashable) -> None:
        with self._lock:
            self._used = {each for each in self._used if each[0] != user}
            self._make_room()

    def _make_room(self) -> None:
        in_use = {key for _, key in self._used}
        idle = [key for key in self._kept if key not in in_use]
        for key in idle[: max(len(self._kept) - KEPT, 0)]:
            self._kept.pop(key).close()

    def close(self) -> None:
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].close()
