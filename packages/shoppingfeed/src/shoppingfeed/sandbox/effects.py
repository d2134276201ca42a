"""What a ticket that is carried out does to its order, or why the marketplace refuses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shoppingfeed.channels import Feature, supports
from shoppingfeed.sandbox.clock import iso
from shoppingfeed.sandbox.orders import NO_RETURN, Order

Item = Mapping[str, Any]

_NAMED = ("carrier", "trackingNumber", "trackingLink")


class RefusedError(Exception):
    """The marketplace does not carry the operation out; the text becomes the ticket's message."""


def carry_out(order: Order, operation: str, item: Item, now: float, *, late_cancel: bool = False) -> str:
    """Change the order as a succeeding ticket does, and return the ticket's message. Raises RefusedError."""
    if operation == "cancel" and not late_cancel and order.status in {"shipped", "partially_shipped"}:
        raise RefusedError("The order is already shipped: it can no longer be cancelled.")
    order.errors.pop(operation, None)
    message = _EFFECTS[operation](order, item, now)
    order.change(updatedAt=iso(now))
    return message


def _require(order: Order, feature: Feature, refused: str) -> None:
    """Raise RefusedError for what a known marketplace cannot do; one that is not known takes everything."""
    if supports(order.channel, feature) is False:
        raise RefusedError(f"{order.channel} does not support {refused}.")


def _ship(order: Order, item: Item, now: float) -> str:
    if order.status in {"cancelled", "refused"}:
        raise RefusedError(f"The order is {order.status}: it cannot be shipped.")
    if order.fulfilled_by == "channel":
        raise RefusedError("The order is fulfilled by the marketplace itself: it cannot be shipped by the store.")
    if order.is_test and item.get("items"):
        raise RefusedError("A test order cannot be shipped in parts.")
    order.shipments.append(_shipment(item, now))
    if order.status not in {"refunded", "partially_refunded"}:
        order.status = "shipped" if _all_shipped(order) else "partially_shipped"
    order.change(shipment={name: order.shipments[-1][name] for name in (*_NAMED, "returnInfo")})
    return "The shipment was notified."


def _shipment(item: Item, now: float) -> dict[str, Any]:
    """What the list of shipments shows; `items` is null where nothing but the whole order was named."""
    return {
        **{name: str(item.get(name) or "") for name in _NAMED},
        "items": item.get("items") or None,
        "returnInfo": {**NO_RETURN, **(item.get("returnInfo") or {})},
        "createdAt": iso(now),
    }


def _all_shipped(order: Order) -> bool:
    if any(not shipment["items"] for shipment in order.shipments):
        return True
    sent = sum(int(line["quantity"]) for shipment in order.shipments for line in shipment["items"])
    return sent >= _ordered(order)


def _ordered(order: Order) -> int:
    return sum(int(line["quantity"]) for line in order.document()["items"])


def _cancel(order: Order, item: Item, now: float) -> str:
    _require(order, Feature.CANCEL, "the cancellation of an order")
    order.status = "cancelled"
    return "The cancellation was notified."


def _refund(order: Order, item: Item, now: float) -> str:
    products = (item.get("refund") or {}).get("products") or []
    _require(order, Feature.REFUND, "refunds")
    if products:
        _require(order, Feature.PARTIAL_REFUND, "partial refunds")
    if order.status != "refunded":
        order.status = "partially_refunded" if products else "refunded"
    return "The refund was notified."


def _deliver(order: Order, item: Item, now: float) -> str:
    order.delivered = True
    return "The delivery was notified."


def _accept(order: Order, item: Item, now: float) -> str:
    if order.status in {"created", "waiting_store_acceptance"}:
        order.status = "waiting_shipment"
    return "The acceptance was notified."


def _refuse(order: Order, item: Item, now: float) -> str:
    if order.status in {"shipped", "partially_shipped"}:
        raise RefusedError("The order is already shipped: it can no longer be refused.")
    order.status = "refused"
    return "The refusal was notified."


def _acknowledge(order: Order, item: Item, now: float) -> str:
    if item.get("status", "success") == "error":
        order.note_error("acknowledge", str(item.get("message") or "The store could not import the order."), now)
        return "The failed import was noted."
    at, reference = str(item.get("acknowledgedAt") or iso(now)), str(item.get("storeReference") or "")
    order.acknowledged = True
    order.change(acknowledgedAt=at, storeReference=reference or order.store_reference)
    return "The order was acknowledged."


def _unacknowledge(order: Order, item: Item, now: float) -> str:
    order.acknowledged = False
    order.change(acknowledgedAt=None)
    return "The order is no longer acknowledged."


def _upload_documents(order: Order, item: Item, now: float) -> str:
    return f"{len(item['documents'])} document(s) were sent to the marketplace."


_EFFECTS: dict[str, Callable[[Order, Item, float], str]] = {
    "ship": _ship,
    "cancel": _cancel,
    "refund": _refund,
    "deliver": _deliver,
    "accept": _accept,
    "refuse": _refuse,
    "acknowledge": _acknowledge,
    "unacknowledge": _unacknowledge,
    "upload-documents": _upload_documents,
}
