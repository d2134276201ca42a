"""The two outsides of a store, the shop and Shopping Feed, behind one seam: tests and the demo hand in their own."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

from sfsync.conf import conf
from sfsync.models import Store
from sfsync.shops.base import Shop, ShopMisconfigured
from sfsync.shops.prestashop import PrestaShop
from shoppingfeed import Client, Transport

SHOP_KINDS = {"prestashop": PrestaShop}


class Connections(Protocol):
    """Whoever makes one closes it; a run only uses what it is handed."""

    def shop(self, store: Store) -> Shop: ...

    def client(self, store: Store) -> Client: ...

    def close(self) -> None: ...


KEPT = 32
"""Connections of each kind that stay open between runs; more than one process runs at once."""


class Live:
    """The real ones, by the store's settings; they stay open between runs. `transport` replaces the network.

    Clients are shared by token, so that their pacing is (the rate limit is the token's). A shop's connection belongs to
    its store, which one run at a time holds.
    """

    def __init__(self, transport: Transport | None = None) -> None:
        self.transport = transport
        self._shops: Kept[Shop] = Kept()
        self._clients: Kept[Client] = Kept()

    def shop(self, store: Store) -> Shop:
        """Opens lazily. Raises `ShopMisconfigured` where the settings alone are wrong."""
        key = (store.pk, store.shop_kind, store.shop_url, store.shop_prefix, store.shop_id, store.feed_store_id)
        return self._shops.get(key, lambda: open_shop(store))

    def client(self, store: Store) -> Client:
        return self._clients.get((store.api_url, store.token), lambda: self._open_client(store))

    def close(self) -> None:
        self._shops.close()
        self._clients.close()

    def _open_client(self, store: Store) -> Client:
        settings = conf()
        return Client(
            store.token.reveal(),
            base_url=store.api_url,
            transport=self.transport,
            timeout=settings.timeout,
            concurrency=settings.concurrency,
            pace=settings.paced,
        )


def open_shop(store: Store) -> Shop:
    """Raises `ShopMisconfigured`."""
    kind = SHOP_KINDS.get(store.shop_kind)
    if kind is None:
        raise ShopMisconfigured(f"“{store.shop_kind}” is not a kind of shop; sfsync knows {', '.join(SHOP_KINDS)}.")
    return kind(
        store.shop_url.reveal(),
        prefix=store.shop_prefix,
        shop_id=store.shop_id,
        store_id=store.feed_store_id,
        timeout=conf().timeout,
    )


class Closes(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=Closes)


class Kept(Generic[T]):
    """The connections used last, by their settings; the one unused for longest is closed to make room."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)[1].close()
            return self._kept[key]

    def close(self) -> None:
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].close()
