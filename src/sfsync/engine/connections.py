"""The two outsides of a store, the shop and Shopping Feed, behind one seam: tests and the demo hand in their own."""

from __future__ import annotations

from typing import Protocol

from sfsync.conf import conf
from sfsync.models import Store
from sfsync.shops.base import Shop, ShopMisconfigured
from sfsync.shops.prestashop import PrestaShop
from shoppingfeed import Client, Transport

SHOP_KINDS = {"prestashop": PrestaShop}


class Connections(Protocol):
    def shop(self, store: Store) -> Shop: ...

    def client(self, store: Store) -> Client: ...


class Live:
    """The real ones, by the store's settings. `transport` replaces the network under the client."""

    def __init__(self, transport: Transport | None = None) -> None:
        self.transport = transport

    def shop(self, store: Store) -> Shop:
        """Opens lazily. Raises `ShopMisconfigured` where the settings alone are wrong."""
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

    def client(self, store: Store) -> Client:
        settings = conf()
        return Client(
            store.token.reveal(),
            base_url=store.api_url,
            transport=self.transport,
            timeout=settings.timeout,
            concurrency=settings.concurrency,
            pace=settings.paced,
        )
