"""What can be asked for an order, as values that know their own payload (API page, Operations on orders)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from shoppingfeed import _json

LARGEST_REQUEST = 100


def positive(value: object, what: str) -> None:
    """Refuse, with a sentence, a number the API would misunderstand (no `"id": 0`, R13b)."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _json.LARGEST_ID:
        raise ValueError(f"{what} must be a positive integer, not {value!r}")


@dataclass(frozen=True, slots=True)
class OrderOperation:
    """One operation for one order. `order_id` is the order's id at Shopping Feed, never the shop's."""

    operation: ClassVar[str] = ""
    order_id: int

    def __post_init__(self) -> None:
        positive(self.order_id, "order_id")

    def payload(self) -> dict[str, Any]:
        """The item as the API wants it."""
        return {"id": self.order_id}


@dataclass(frozen=True, slots=True)
class ShippedItem:
    """A line of a partial shipment: the item's id at Shopping Feed and how many of it."""

    id: int
    quantity: int = 1

    def __post_init__(self) -> None:
        positive(self.id, "the item's id")
        positive(self.quantity, "the item's quantity")


@dataclass(frozen=True, slots=True)
class ReturnInfo:
    """How the customer may send it back."""

    carrier: str = ""
    tracking_number: str = ""


@dataclass(frozen=True, slots=True)
class RefundedProduct:
    """A line of a partial refund: the product's reference and how many of it."""

    reference: str
    quantity: int = 1

    def __post_init__(self) -> None:
        if not self.reference:
            raise ValueError("a refunded product needs its reference")
        positive(self.quantity, "the product's quantity")


@dataclass(frozen=True, slots=True)
class Ship(OrderOperation):
    """Shipped. Strings may be empty; no items means all of them. Every ship creates another shipment: send it once."""

    operation: ClassVar[str] = "ship"
    carrier: str = ""
    tracking_number: str = ""
    tracking_link: str = ""
    items: tuple[ShippedItem, ...] = ()
    return_info: ReturnInfo | None = None
    warehouse_id: str | int | None = None

    def payload(self) -> dict[str, Any]:
        item: dict[str, Any] = {
            "id": self.order_id,
            "carrier": self.carrier,
            "trackingNumber": self.tracking_number,
            "trackingLink": self.tracking_link,
            "items": [{"id": line.id, "quantity": line.quantity} for line in self.items],
        }
        if self.return_info is not None:
            back = self.return_info
            item["returnInfo"] = {"carrier": back.carrier, "trackingNumber": back.tracking_number}
        if self.warehouse_id is not None:
            item["warehouseId"] = self.warehouse_id
        return item


@dataclass(frozen=True, slots=True)
class Cancel(OrderOperation):
    """Cancelled; possible only before shipment, and only on some channels (`channels.supports`)."""

    operation: ClassVar[str] = "cancel"
    reason: str | None = None

    def payload(self) -> dict[str, Any]:
        return {"id": self.order_id} if self.reason is None else {"id": self.order_id, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Refund(OrderOperation):
    """Refunded: the given products, or the whole order when there are none; with or without the shipping costs."""

    operation: ClassVar[str] = "refund"
    shipping: bool = True
    products: tuple[RefundedProduct, ...] = ()

    def payload(self) -> dict[str, Any]:
        products = [{"reference": line.reference, "quantity": line.quantity} for line in self.products]
        return {"id": self.order_id, "refund": {"shipping": self.shipping, "products": products}}


@dataclass(frozen=True, slots=True)
class Deliver(OrderOperation):
    """Delivered to the customer."""

    operation: ClassVar[str] = "deliver"


@dataclass(frozen=True, slots=True)
class Accept(OrderOperation):
    """The merchant takes the order."""

    operation: ClassVar[str] = "accept"
    reason: str | None = None

    def payload(self) -> dict[str, Any]:
        return {"id": self.order_id} if self.reason is None else {"id": self.order_id, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Refuse(OrderOperation):
    """The merchant does not take the order."""

    operation: ClassVar[str] = "refuse"


@dataclass(frozen=True, slots=True)
class Acknowledge(OrderOperation):
    """The shop has imported the order (or could not): `store_reference` is the shop's own order id."""

    operation: ClassVar[str] = "acknowledge"
    store_reference: str
    acknowledged_at: datetime
    status: Literal["success", "error"] = "success"
    message: str = ""

    def __post_init__(self) -> None:
        OrderOperation.__post_init__(self)
        if self.acknowledged_at.tzinfo is None:
            raise ValueError("acknowledged_at needs a time zone")
        if self.status not in ("success", "error"):
            raise ValueError(f"status must be success or error, not {self.status!r}")

    def payload(self) -> dict[str, Any]:
        return {
            "id": self.order_id,
            "status": self.status,
            "storeReference": self.store_reference,
            "acknowledgedAt": self.acknowledged_at.isoformat(timespec="seconds"),
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Unacknowledge(OrderOperation):
    """Forget that the shop imported the order."""

    operation: ClassVar[str] = "unacknowledge"


@dataclass(frozen=True, slots=True)
class Ignored:
    """An order that the API left out of a request: it gets no ticket (R12). `message` is the API's."""

    order_id: int | None
    reference: str
    channel: str
    message: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The API took a request: its orders, but for the ignored ones, now have tickets in this batch.

    `batch_id` is empty where there are no tickets: every order was ignored.
    """

    batch_id: str
    ignored: tuple[Ignored, ...] = ()


def chunks(operations: Iterable[OrderOperation], size: int = LARGEST_REQUEST) -> Iterator[list[OrderOperation]]:
    """Lists of at most `size` operations of one kind, ready for `Store.send_many`; lazily, in order within a kind."""
    if not 1 <= size <= LARGEST_REQUEST:
        raise ValueError(f"a request takes 1 to {LARGEST_REQUEST} operations, not {size}")
    filling: dict[type[OrderOperation], list[OrderOperation]] = {}
    for operation in operations:
        chunk = filling.setdefault(type(operation), [])
        chunk.append(operation)
        if len(chunk) == size:
            yield chunk
            filling[type(operation)] = []
    yield from filter(None, filling.values())


def request_of(operations: Sequence[OrderOperation]) -> str:
    """The name of the one operation that all of these are; `ValueError` when they cannot go in one request."""
    if not 1 <= len(operations) <= LARGEST_REQUEST:
        raise ValueError(f"a request takes 1 to {LARGEST_REQUEST} operations, not {len(operations)}")
    kind = type(operations[0])
    if not issubclass(kind, OrderOperation) or not kind.operation:
        raise ValueError(f"{kind.__name__} is not an operation on orders")
    if any(type(operation) is not kind for operation in operations):
        raise ValueError(f"a request takes operations of one kind: {kind.__name__}, and something else was among them")
    return kind.operation


def request_body(operations: Sequence[OrderOperation]) -> bytes:
    """The JSON body of a request."""
    items = [operation.payload() for operation in operations]
    return json.dumps({"order": items}, separators=(",", ":"), allow_nan=False).encode()


def parse_accepted(answer: object, order_ids: Collection[int]) -> Accepted:
    """The batch id, and who was left out of these orders. Only when all of them were, there need not be a batch."""
    body = _json.mapping(answer)
    batch_id = _json.text(body.get("id"))
    ignored = tuple(_ignored(entry) for entry in _reported(body.get("report")))
    if not batch_id and not {each.order_id for each in ignored}.issuperset(order_ids):
        raise _json.UnexpectedShapeError("the id of a batch")
    return Accepted(batch_id, ignored)


def _reported(report: object) -> list[Mapping[str, object]]:
    """The ignored orders. An unreadable entry is passed over: the batch id matters more."""
    try:
        entries = _json.listed(report, "a report that is a list of orders")
    except _json.UnexpectedShapeError:
        return []
    return [entry for entry in entries if _json.text(entry.get("state", "ignored")).lower() == "ignored"]


def _ignored(entry: Mapping[str, object]) -> Ignored:
    return Ignored(
        order_id=_json.identifier(entry.get("id")),
        reference=_json.text(entry.get("reference")),
        channel=_json.text(entry.get("channelName")),
        message=_json.text(entry.get("message")),
    )
