"""The resources of PrestaShop's web service that are asked for, as columns of its tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """`fields`: in the order in which they are answered; `#` marks those that PrestaShop 9 gives as numbers, `#8` those
    that 8 does as well, `.` decimals, `*` those in every language, and `?` texts that are empty where the row has none.
    `unsorted`: the column by which rows come when no order was asked for."""

    table: str
    key: str
    fields: str
    unsorted: str = ""

    @property
    def marks(self) -> dict[str, str]:
        split = (each.partition(":") for each in self.fields.split())
        return {"id": "#8", **{name: mark for name, _, mark in split}}


RESOURCES = {
    "orders": Resource(
        "orders",
        "id_order",
        "id_carrier:# current_state:# module date_add date_upd shipping_number id_shop:# payment reference",
    ),
    "order_carriers": Resource("order_carrier", "id_order_carrier", "id_order:# id_carrier:# tracking_number"),
    "order_histories": Resource(
        "order_history", "id_order_history", "id_employee:# id_order_state:# id_order:# date_add"
    ),
    "order_states": Resource(
        "order_state",
        "id_order_state",
        "unremovable delivery hidden send_email module_name invoice color logable shipped paid pdf_delivery"
        " pdf_invoice deleted name:* template:*",
        unsorted="module_name",
    ),
    "carriers": Resource(
        "carrier",
        "id_carrier",
        "deleted is_module id_tax_rules_group:#8 id_reference:# name active is_free url:? shipping_handling"
        " shipping_external range_behavior shipping_method:# max_width:# max_height:# max_depth:# max_weight:. grade:#"
        " external_module_name:? need_range position:# delay:*",
    ),
    "configurations": Resource(
        "configuration",
        "id_configuration",
        "value name id_shop_group:? id_shop:? date_add date_upd",
        unsorted="name",
    ),
    "messages": Resource("message", "id_message", "id_order:# message private"),
    "shipments": Resource("shipment", "id_shipment", "id_order:# id_carrier:# tracking_number date_add date_upd"),
    "shipment_products": Resource(
        "shipment_product", "id_shipment_product", "id_shipment:# id_order_detail:# quantity:#"
    ),
    "order_details": Resource(
        "order_detail", "id_order_detail", "id_order:# product_name product_quantity:# product_reference:?"
    ),
    "shoppingfeed_orders": Resource(
        "shoppingfeed_order",
        "id_shoppingfeed_order",
        "id_order:# id_internal_shoppingfeed id_order_marketplace name_marketplace id_shoppingfeed_token:# date_add"
        " date_upd",
    ),
    "languages": Resource("lang", "id_lang", "name iso_code locale active"),
    "shops": Resource("shop", "id_shop", "id_shop_group:# id_category:# active:# deleted:# name color:? theme_name"),
}
OF_BRIDGE = frozenset({"shipments", "shipment_products", "shoppingfeed_orders"})
"""What the bridge adds to them."""
ENTRY = {"order_slip": "order_slips"}
"""Under which name a list is answered, where it is not the resource's own."""


def spelt(value: Any, mark: str, version: str) -> Any:
    """As PHP writes it: 8 makes texts of numbers."""
    nine = version.startswith("9")
    match mark:
        case "#8":
            return int(value or 0)
        case "#" if nine:
            return int(value or 0)
        case "." if value is not None:
            return f"{float(value):.6f}"
        case "?" if value is None:
            return ""
        case "*":
            return [{"id": each if nine else str(each), "value": text} for each, text in value]
    return None if value is None else str(value)
