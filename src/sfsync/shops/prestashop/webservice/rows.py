"""The rows that are asked for, with the names that the database gives their columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, get_type_hints

from sfsync.shops.prestashop.webservice.answers import Row, flag, number, text


class Order(NamedTuple):
    id_order: int
    id_carrier: int
    current_state: int
    module: str


class Listed(NamedTuple):
    id_order: int
    reference: str
    payment: str
    date_add: str


class Placed(NamedTuple):
    id_order: int
    reference: str
    date_add: str


class Message(NamedTuple):
    id_message: int
    id_order: int
    message: str
    private: bool


class OrderParcel(NamedTuple):
    """An order and one of its parcels, as the database would join them."""

    id_order: int
    current_state: int
    id_carrier: int
    id_order_carrier: int | None = None
    parcel_carrier: int | None = None
    tracking_number: str | None = None


class Parcel(NamedTuple):
    id_order_carrier: int
    id_order: int
    id_carrier: int
    tracking_number: str


class Shipment(NamedTuple):
    id_shipment: int
    id_order: int
    id_carrier: int
    tracking_number: str


class Held(NamedTuple):
    """So many of an article in a shipment."""

    id_shipment_product: int
    id_shipment: int
    id_order_detail: int
    quantity: int


class Article(NamedTuple):
    id_order_detail: int
    product_name: str
    product_reference: str


class Content(NamedTuple):
    """What a shipment holds, as the database would join it."""

    id_order: int
    id_shipment: int
    quantity: int
    product_name: str
    product_reference: str


class FeedOrder(NamedTuple):
    """What the newer module's table says of an order."""

    id_shoppingfeed_order: int
    id_order: int
    id_internal_shoppingfeed: str
    id_order_marketplace: str
    name_marketplace: str


class Change(NamedTuple):
    id_order_history: int
    id_order: int
    id_order_state: int


class Carrier(NamedTuple):
    id_carrier: int
    id_reference: int
    name: str
    url: str
    active: bool
    deleted: bool


class Shop(NamedTuple):
    id_shop: int
    id_shop_group: int
    name: str
    deleted: bool


class Setting(NamedTuple):
    id_configuration: int
    name: str
    value: str
    id_shop: int
    id_shop_group: int


class Language(NamedTuple):
    id_lang: int
    iso_code: str


_READ: dict[type, Callable[[Row, str], Any]] = {int: number, str: text, bool: flag}


def fields(kind: Any) -> list[str]:
    """What a question asks for: the first column is its `id`."""
    return [name for name, _read in _columns(kind)]


def read(kind: Any, row: Row) -> Any:
    """Raises `ShopUnavailable` where the row is of another shape."""
    return kind(*[read(row, name) for name, read in _columns(kind)])


@cache
def _columns(kind: Any) -> list[tuple[str, Callable[[Row, str], Any]]]:
    first, *others = get_type_hints(kind).items()
    return [("id", _READ[first[1]]), *((name, _READ[each]) for name, each in others)]
