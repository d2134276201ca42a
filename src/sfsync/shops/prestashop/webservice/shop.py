"""A PrestaShop whose web service can be reached: its reader, its source, and what it remembers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sfsync.shops.base import Listing, Note, Source
from sfsync.shops.keys import OrderKey
from sfsync.shops.kind import Around
from sfsync.shops.prestashop.webservice.bridge import Bridge, HiddenShipments
from sfsync.shops.prestashop.webservice.client import WebService
from sfsync.shops.prestashop.webservice.listings import Listings
from sfsync.shops.prestashop.webservice.pace import Pace
from sfsync.shops.prestashop.webservice.reader import WebServiceReader
from sfsync.shops.prestashop.webservice.senders import WebServiceSenders
from sfsync.shops.prestashop.webservice.source import WebServiceSource
from shoppingfeed import Transport


class WebServiceShop:
    """Implements `sfsync.shops.base.OpenShop`. `ceiling`: questions an hour; `ignore_senders`: it is no matter who else
    sends. Raises `ShopMisconfigured` where the address could be no shop's."""

    def __init__(
        self,
        address: str,
        key: str,
        *,
        shop_id: int,
        ceiling: int,
        around: Around,
        ignore_senders: bool = False,
        transport: Transport | None = None,
    ) -> None:
        remembered = around.memory()
        memory = remembered if isinstance(remembered, dict) else {}
        pace = Pace(ceiling, memory, pause=around.pause)
        self._service = WebService(
            address, key, shop_id=shop_id, pace=pace, timeout=around.timeout, memory=memory, transport=transport
        )
        bridge = Bridge(self._service)
        self.reader = WebServiceReader(self._service, bridge, memory)
        self._senders = WebServiceSenders(self.reader.settings, ignored=ignore_senders)
        self._listings = Listings(self._service, bridge, lambda: self.reader.about)
        self._source = WebServiceSource(self._service, self.reader, self._listings, bridge)
        self._hidden = HiddenShipments(bridge)

    def __repr__(self) -> str:
        return repr(self._service)

    @property
    def sources(self) -> Sequence[Source]:
        return (self._source, self._hidden)

    def listed(self, keys: Collection[OrderKey]) -> list[Listing]:
        return self._listings.of(keys)

    def in_the_way(self) -> Sequence[Note]:
        return self._senders.notes()

    def pulse(self) -> None:
        return None

    def memory(self) -> dict[str, Any]:
        return {**self._service.remember(), **self.reader.remember()}

    def close(self) -> None:
        self._service.close()
