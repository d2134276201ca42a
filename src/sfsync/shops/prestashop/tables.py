"""The tables and columns that are read, and nothing more: this list is also the list of rights that sfsync needs."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, Integer, MetaData, String, Table, case, exists, func, literal_column

from sfsync.shops.prestashop.problems import Misconfigured

COLUMNS = {
    "orders": ("id_order", "reference", "id_shop", "id_carrier", "current_state", "date_add", "module", "payment"),
    "order_carrier": ("id_order_carrier", "id_order", "id_carrier", "tracking_number"),
    "order_history": ("id_order_history", "id_order", "id_order_state"),
    "order_state": ("id_order_state", "color", "shipped", "paid", "deleted"),
    "order_state_lang": ("id_order_state", "id_lang", "name"),
    "carrier": ("id_carrier", "id_reference", "name", "url", "active", "deleted"),
    "configuration": ("id_configuration", "name", "value", "id_shop_group", "id_shop"),
    "lang": ("id_lang", "iso_code"),
    "shop": ("id_shop", "id_shop_group", "name", "deleted"),
    "shoppingfeed_order": (
        "id_shoppingfeed_order",
        "id_internal_shoppingfeed",
        "id_order_marketplace",
        "name_marketplace",
        "id_order",
        "id_shoppingfeed_token",
    ),
    "shoppingfeed_token": ("id_shoppingfeed_token", "shoppingfeed_store_id"),
}
"""Table (without its prefix) to columns."""

WISHED = {
    "module": ("id_module", "name", "active"),
    "module_shop": ("id_module", "id_shop"),
    "hook": ("id_hook", "name"),
    "hook_module": ("id_module", "id_shop", "id_hook"),
    "message": ("id_message", "id_order", "message", "private"),
    "shipment": ("id_shipment", "id_order", "id_carrier", "tracking_number", "date_add"),
    "shipment_product": ("id_shipment_product", "id_shipment", "id_order_detail", "quantity"),
    "order_detail": ("id_order_detail", "product_name", "product_reference"),
    "feature_flag": ("name", "state"),
}
"""The same for tables that a store can do without: what they would tell stays unknown where they cannot be read."""

_TEXT = {
    *(
        "reference",
        "date_add",
        "tracking_number",
        "color",
        "name",
        "url",
        "value",
        "iso_code",
        "module",
        "payment",
        "message",
        "product_name",
        "product_reference",
    ),
    *("id_internal_shoppingfeed", "id_order_marketplace", "name_marketplace"),
}


@functools.lru_cache(maxsize=64)
def tables_under(prefix: str) -> Tables:
    """The tables under one prefix. Raises `ShopMisconfigured` when the prefix could not be one."""
    return Tables(prefix)


class Tables:
    """See `tables_under`: a thousand shops share one description."""

    def __init__(self, prefix: str) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_]{0,32}", prefix):
            raise Misconfigured(
                f"The table prefix {prefix!r} is not one: at most 32 letters, digits and underscores, such as ps_.",
                code="prefix",
            )
        self.prefix = prefix
        self._metadata = MetaData()
        self.orders = self._table("orders")
        self.order_carrier = self._table("order_carrier")
        self.order_history = self._table("order_history")
        self.order_state = self._table("order_state")
        self.order_state_lang = self._table("order_state_lang")
        self.carrier = self._table("carrier")
        self.configuration = self._table("configuration")
        self.lang = self._table("lang")
        self.shop = self._table("shop")
        self.listing = self._table("shoppingfeed_order")
        self.token = self._table("shoppingfeed_token")
        self.module = self._table("module")
        self.module_shop = self._table("module_shop")
        self.hook = self._table("hook")
        self.hook_module = self._table("hook_module")
        self.message = self._table("message")
        self.shipment = self._table("shipment")
        self.shipment_product = self._table("shipment_product")
        self.order_detail = self._table("order_detail")
        self.feature_flag = self._table("feature_flag")

    def __iter__(self) -> Iterator[Table]:
        """Those that a store needs."""
        return (self._metadata.tables[self.prefix + name] for name in COLUMNS)

    def of_shop(self, shop_id: int) -> ColumnElement[bool]:
        """Orders of this shop. `coalesce` keeps the planner off the index on `id_shop`, which tells little."""
        return func.coalesce(self.orders.c.id_shop, 0) == shop_id

    @property
    def shipping_number(self) -> ColumnElement[str]:
        """Of `orders`, where it is there (`About.numbers_in_orders`)."""
        return literal_column(f"{self.prefix}orders.shipping_number", String)

    def text_of(self, column: str) -> ColumnElement[Any]:
        """One that a module has added, written `orders.COLUMN` or `order_carrier.COLUMN`."""
        return literal_column(f"{self.prefix}{column}", String)

    def number_of_parcel(self, *, in_orders: bool) -> ColumnElement[Any]:
        """A parcel's tracking number; with `in_orders` the order's own, where none of its parcels has one."""
        own = self.order_carrier.c.tracking_number
        if not in_orders:
            return own
        other = self.order_carrier.alias("other")
        numbered = exists().where(other.c.id_order == self.orders.c.id_order, other.c.tracking_number != "")
        return case((func.coalesce(own, "") != "", own), (~numbered, self.shipping_number)).label("tracking_number")

    def _table(self, name: str) -> Table:
        # Dates are text here: drivers hand out a zero date as text, and the shop's zone is not the column's business.
        columns = (Column(column, String if column in _TEXT else Integer) for column in (COLUMNS | WISHED)[name])
        return Table(self.prefix + name, self._metadata, *columns)
