"""What the shop's bridge adds to its web service, as far as the key may read it: the newer module's table of
marketplace orders, and the shipments of PrestaShop 9.1."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sfsync.domain.identity import Claim
from sfsync.shops.base import Json, KnownOrders, Noticed
from sfsync.shops.prestashop.claims import claim_of
from sfsync.shops.prestashop.problems import Misconfigured
from sfsync.shops.prestashop.sources.shipments import FIRST, version_of
from sfsync.shops.prestashop.webservice import rows
from sfsync.shops.prestashop.webservice.address import Question, any_of
from sfsync.shops.prestashop.webservice.client import WebService
from sfsync.shops.prestashop.webservice.kept import Kept

MODULES = ("sfpayment", "shoppingfeed")
"""What `orders.module` says of an order that came from a marketplace, with either module."""
TABLE, SHIPMENTS = "shoppingfeed_orders", "shipments"
CONTENTS = ("shipment_products", "order_details")
_HIDDEN = (
    "This shop keeps tracking numbers in its shipments, which its web service does not show. Install the bridge"
    " (Settings › Connection › Bridge) and tick View (GET) for shipments at the key; or connect the shop through its"
    " database."
)


class Bridge:
    """`rights` are asked for once, and now and then (`kept`)."""

    def __init__(self, service: WebService) -> None:
        self._service = service
        self._rights = Kept(self._read_rights)

    def remember(self) -> Any:
        return self._rights.remember()

    def recall(self, kept: Any) -> None:
        """What `remember` gave in another process."""
        self._rights.recall(kept)

    @property
    def rights(self) -> Mapping[str, Collection[str]]:
        return self._rights.known

    def probe(self) -> Mapping[str, Collection[str]]:
        """The rights as they are now."""
        self._rights.renew()
        return self.rights

    @property
    def shows_table(self) -> bool:
        return "get" in self.rights.get(TABLE, ())

    @property
    def shows_shipments(self) -> bool:
        """A shop before 9.1 has none, and is not asked for its rights."""
        return self._may_have_shipments and "get" in self.rights.get(SHIPMENTS, ())

    @property
    def shows_contents(self) -> bool:
        """What is in each shipment."""
        return self.shows_shipments and all("get" in self.rights.get(each, ()) for each in CONTENTS)

    @property
    def hides_shipments(self) -> bool:
        """It has some, and does not show them. An order with shipments has no carrier of its own: nothing else tells
        that there are any."""
        if self.shows_shipments or not self._may_have_shipments:
            return False
        return bool(self._service.ids("orders", {"module": any_of(MODULES), "id_carrier": "[0]"}))

    @property
    def kept(self) -> Sequence[Kept[Any]]:
        """What is to be fresh when it is needed."""
        return [self._rights]

    def claims(self, ids: Collection[int]) -> dict[int, Claim]:
        """By order, what the module's table says; of several rows of one order the newest counts. One question."""
        if not (ids and self.shows_table):
            return {}
        question = Question(TABLE, {"id_order": any_of(ids)}, rows.fields(rows.FeedOrder), most=2000)
        found = [rows.read(rows.FeedOrder, each) for each in self._service.all_rows(question)]
        return {each.id_order: claim_of(each) for each in found}

    def counted(self, orders: int) -> dict[str, int | None]:
        """How many marketplace orders the newer module's table has, and how many more the older one left; `orders` are
        those of both. Without the table the two cannot be told apart."""
        if not self.shows_table:
            return {"module": orders}
        listed = len(self._service.ids(TABLE, {}))
        return {"table": listed, "old_module": max(orders - listed, 0)}

    def _read_rights(self) -> dict[str, list[str]]:
        return {resource: sorted(methods) for resource, methods in self._service.rights().items()}

    @property
    def _may_have_shipments(self) -> bool:
        return version_of(self._service.version) >= FIRST


class HiddenShipments:
    """A source that notices nothing: it is in trouble while the shop keeps numbers where nobody sees them."""

    name = "shipments"
    lists = False
    needed = False
    share = 1.0
    every = timedelta(hours=1)

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def after(self, cursor: Json | None, orders: KnownOrders) -> Iterator[Noticed]:
        if self._bridge.hides_shipments:
            raise Misconfigured(_HIDDEN, code="webservice-shipments")
        return iter(())
