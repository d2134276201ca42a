"""Orders as the marketplaces see them: what is kept, how it is found, how the API shows it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from shoppingfeed.sandbox.answers import ProblemError
from shoppingfeed.sandbox.clock import iso, seconds_of
from shoppingfeed.sandbox.ledger import Belief

STATUSES = (
    "created",
    "waiting_store_acceptance",
    "refused",
    "waiting_shipment",
    "shipped",
    "cancelled",
    "refunded",
    "partially_refunded",
    "partially_shipped",
)
FULFILMENTS = ("store", "channel", "undefined")
ERRORS = ("ship", "acknowledge")
"""The operations of which the API shows what the marketplace refused."""

_ADDRESS = {
    "firstName": "Camille",
    "lastName": "Martin",
    "company": "",
    "street": "1 rue du Port",
    "street2": "",
    "other": "",
    "postalCode": "44000",
    "city": "Nantes",
    "country": "FR",
    "phone": "",
    "mobilePhone": "",
    "email": "buyer@example.com",
}


_ITEM = {
    "commission": None,
    "taxAmount": 0,
    "ecotaxAmount": 0,
    "additionalFields": None,
    "name": "Something to send",
    "image": "",
}
PLAIN_ITEMS: tuple[Mapping[str, Any], ...] = ({"reference": "SKU-1", "quantity": 1, "price": 10},)
NO_RETURN = {"carrier": None, "trackingNumber": None}


@dataclass(slots=True)
class SentDocument:
    """A document that was uploaded for an order. `status` is `pending`, `sent` or `failed`."""

    number: int
    batch_id: str
    said: Mapping[str, Any]
    at: float
    status: str = "pending"

    def document(self) -> dict[str, Any]:
        named = {"id": self.number, "name": self.said.get("name", ""), "type": self.said.get("type", "")}
        return {**named, "status": self.status, "createdAt": iso(self.at)}


@dataclass(slots=True, eq=False)
class Order:
    """An order of one store. `source` is the sample it came from; `changes` are the fields that differ from it since.

    A `channel_id` of 0 is replaced by one that the channel's name always gets. `errors` keeps, by operation, what the
    marketplace refused last, as the API shows it. `items` are shown with their ids, unless `item_ids` is False.
    """

    id: int
    store: int
    reference: str
    channel: str
    status: str
    created_at: float
    fulfilled_by: str = "store"
    store_reference: str = ""
    acknowledged: bool = False
    delivered: bool = False
    channel_id: int = 0
    is_test: bool = False
    source: Mapping[str, Any] | None = None
    changes: dict[str, Any] | None = None
    shipments: list[dict[str, Any]] = field(default_factory=list)
    errors: dict[str, dict[str, str]] = field(default_factory=dict)
    items: tuple[Mapping[str, Any], ...] = PLAIN_ITEMS
    item_ids: bool = True
    documents: list[SentDocument] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.channel_id = self.channel_id or channel_number(self.channel)

    def change(self, **fields: Any) -> None:
        """Remember fields that the API shows differently from now on."""
        self.changes = {**(self.changes or {}), **fields}

    def note_error(self, operation: str, message: str, at: float, *, misspelt: bool = False) -> None:
        """Remember what the marketplace refused, until the same operation succeeds. `misspelt`: the key of its date,
        as some answers spell it."""
        moment = {"occuredAt" if misspelt else "occurredAt": iso(at)}
        self.errors[operation] = {"type": operation, "message": message, **moment}

    def note_documents(self, batch_id: str, documents: Iterable[Mapping[str, Any]], at: float) -> None:
        """Documents arrived, and nobody looked at them yet."""
        self.documents += [SentDocument(len(self.documents) + 1, batch_id, each, at) for each in documents]

    def settle_documents(self, batch_id: str, status: str) -> None:
        """What became of the documents of one request."""
        for each in self.documents:
            each.status = status if each.batch_id == batch_id else each.status

    @property
    def tracking_numbers(self) -> tuple[str, ...]:
        """The tracking numbers of its shipments, in order."""
        return tuple(str(shipment["trackingNumber"]) for shipment in self.shipments)

    def belief(self) -> Belief:
        """What the marketplace believes now."""
        return Belief(
            order_id=self.id,
            store=self.store,
            reference=self.reference,
            channel=self.channel,
            status=self.status,
            tracking_numbers=self.tracking_numbers,
            delivered=self.delivered,
            cancelled=self.status == "cancelled",
            refunded=self.status in {"refunded", "partially_refunded"},
        )

    def whole_document(self) -> dict[str, Any]:
        """The order as its own address shows it: every item with all its keys, its id above all (api.md, *Orders*)."""
        shown = self.document()
        return {**shown, "items": [self._item(nth, item) for nth, item in enumerate(shown["items"], start=1)]}

    def document(self) -> dict[str, Any]:
        """The order as lists show it (api.md, *Orders*); a sample keeps its nulls and its missing keys."""
        shown = dict(self.source) if self.source is not None else self._plain()
        shown |= {"id": self.id, "storeId": self.store, "reference": self.reference, "status": self.status}
        shown |= self.changes or {}
        if self.errors:
            shown["errors"] = list(self.errors.values())
        shown["_links"] = {
            "self": {"href": f"/v1/store/{self.store}/order/{self.id}"},
            "store": {"href": f"/v1/store/{self.store}"},
        }
        return shown

    def _item(self, nth: int, said: Mapping[str, Any]) -> dict[str, Any]:
        item = {"id": self.id * 100 + nth, "channelReference": f"{self.reference}-{nth}", **_ITEM, **said}
        item.setdefault("status", self._item_status(item))
        return item if self.item_ids else {name: value for name, value in item.items() if name != "id"}

    def _item_status(self, item: Mapping[str, Any]) -> str:
        """Its own where the order was shipped in parts, else the order's."""
        if self.status != "partially_shipped":
            return self.status
        lines = (line for shipment in self.shipments for line in shipment["items"] or ())
        sent = sum(int(line["quantity"]) for line in lines if str(line["id"]) == str(item["id"]))
        return "shipped" if sent >= int(item["quantity"]) else "waiting_shipment"

    def _plain(self) -> dict[str, Any]:
        channel_link = {"self": {"href": f"/v1/channel/{self.channel_id}"}}
        return {
            "channelId": self.channel_id,
            "storeReference": self.store_reference,
            "isTest": self.is_test,
            "acknowledgedAt": iso(self.created_at) if self.acknowledged else None,
            "createdAt": iso(self.created_at),
            "updatedAt": iso(self.created_at),
            "anonymized": False,
            "fulfilledBy": self.fulfilled_by,
            "payment": {"shippingAmount": 0, "productAmount": 10, "totalAmount": 10, "currency": "EUR", "method": ""},
            "commission": None,
            "latestShipDate": None,
            "shipment": {"carrier": "", "trackingNumber": "", "trackingLink": "", "returnInfo": NO_RETURN},
            "additionalFields": {},
            "errors": [],
            "itemsReferencesAliases": None,
            "items": [self._item(nth, item) for nth, item in enumerate(self.items, start=1)],
            "shippingAddress": _ADDRESS,
            "billingAddress": _ADDRESS,
            "_embedded": {"channel": {"id": self.channel_id, "name": self.channel, "_links": channel_link}, "tag": []},
        }


def channel_number(name: str) -> int:
    """A channel id that a name always gets."""
    return 1_000 + zlib.crc32(name.lower().encode("utf-8", "surrogatepass")) % 90_000


def sample_documents() -> list[dict[str, Any]]:
    """The packaged sample orders, by file name. Two of them share an id and a reference, on two channels."""
    folder = files("shoppingfeed.sandbox") / "samples"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    return [json.loads((folder / name).read_text(encoding="utf-8")) for name in names]


def order_of_sample(document: Mapping[str, Any], store: int) -> Order:
    """A sample as an order of `store`."""
    return Order(
        id=int(document["id"]),
        store=store,
        reference=document["reference"],
        channel=document["_embedded"]["channel"]["name"],
        channel_id=document["channelId"],
        status=document["status"],
        created_at=seconds_of(document["createdAt"]),
        fulfilled_by=document.get("fulfilledBy") or "undefined",
        store_reference=document.get("storeReference") or "",
        acknowledged=bool(document.get("acknowledgedAt")),
        is_test=bool(document.get("isTest")),
        source=document,
    )


class Shelf:
    """The orders of one store, found by id, by reference and by the shop's own reference."""

    def __init__(self) -> None:
        self._orders: dict[int, Order] = {}
        self._by_reference: dict[str, dict[int, Order]] = {}
        self._by_store_reference: dict[str, dict[int, Order]] = {}

    def __len__(self) -> int:
        return len(self._orders)

    def put(self, order: Order) -> None:
        """Add an order, in the place of one with the same id."""
        if old := self._orders.get(order.id):
            self._by_reference[old.reference].pop(old.id, None)
            self._by_store_reference.get(old.store_reference, {}).pop(old.id, None)
        self._orders[order.id] = order
        self._by_reference.setdefault(order.reference, {})[order.id] = order
        if order.store_reference:
            self._by_store_reference.setdefault(order.store_reference, {})[order.id] = order

    def remove(self, order: Order) -> None:
        """Forget an order."""
        self._orders.pop(order.id, None)
        self._by_reference.get(order.reference, {}).pop(order.id, None)
        self._by_store_reference.get(order.store_reference, {}).pop(order.id, None)

    def rename(self, order: Order, store_reference: str) -> None:
        """Give an order another reference in the shop."""
        self._by_store_reference.get(order.store_reference, {}).pop(order.id, None)
        order.store_reference = store_reference
        if store_reference:
            self._by_store_reference.setdefault(store_reference, {})[order.id] = order

    def find(self, order_id: int) -> Order | None:
        """The order of that id."""
        return self._orders.get(order_id)

    def named(self, reference: str, channel: str) -> Order | None:
        """The order of that reference on that channel, upper and lower case alike."""
        same = self._by_reference.get(reference, {}).values()
        return next((order for order in same if order.channel.lower() == channel.lower()), None)

    def all(self) -> list[Order]:
        """Every order, as they were added."""
        return list(self._orders.values())

    def select(self, query: Mapping[str, str]) -> list[Order]:
        """The orders that the filters of a list ask for (api.md, *Orders*)."""
        tests = list(_tests(query))
        return [order for order in self._candidates(query) if all(test(order) for test in tests)]

    def _candidates(self, query: Mapping[str, str]) -> Iterable[Order]:
        if references := query.get("reference"):
            return _under(self._by_reference, references)
        if store_references := query.get("storeReference"):
            return _under(self._by_store_reference, store_references)
        return self._orders.values()


def _under(index: Mapping[str, Mapping[int, Order]], names: str) -> list[Order]:
    return [order for name in names.split(",") for order in index.get(name, {}).values()]


Test = Callable[[Order], bool]


def _tests(query: Mapping[str, str]) -> Iterable[Test]:
    for name, make in _FILTERS.items():
        if text := query.get(name):
            yield make(text)


def _one_of(name: str, text: str, allowed: Iterable[str]) -> set[str]:
    asked = set(text.split(","))
    if unknown := asked - set(allowed):
        raise ProblemError(400, f"'{name}' has no value '{sorted(unknown)[0][:40]}'; it takes {', '.join(allowed)}.")
    return asked


def _date(name: str, text: str) -> float:
    try:
        return seconds_of(text)
    except ValueError:
        raise ProblemError(400, f"'{name}' is not an ISO 8601 date: '{text[:40]}'.") from None


def _status(text: str) -> Test:
    asked = _one_of("status", text, STATUSES)
    return lambda order: order.status in asked


def _since(text: str) -> Test:
    at = _date("since", text)
    return lambda order: order.created_at >= at


def _until(text: str) -> Test:
    at = _date("until", text)
    return lambda order: order.created_at <= at


def _reference(text: str) -> Test:
    asked = set(text.split(","))
    return lambda order: order.reference in asked


def _store_reference(text: str) -> Test:
    asked = set(text.split(","))
    return lambda order: order.store_reference in asked


def _channel_id(text: str) -> Test:
    asked = set(text.split(","))
    return lambda order: str(order.channel_id) in asked


def _acknowledgment(text: str) -> Test:
    wanted = _one_of("acknowledgment", text, ("acknowledged", "unacknowledged"))
    return lambda order: ("acknowledged" if order.acknowledged else "unacknowledged") in wanted


def _is_test(text: str) -> Test:
    wanted = _one_of("isTest", text.lower(), ("true", "false", "1", "0")) & {"true", "1"}
    return lambda order: order.is_test is bool(wanted)


def _fulfilled_by(text: str) -> Test:
    asked = _one_of("fulfilledBy", text, FULFILMENTS)
    return lambda order: order.fulfilled_by in asked


def _error(text: str) -> Test:
    asked = _one_of("error", text, ERRORS)
    return lambda order: any(type_ in asked for type_ in order.errors)


_FILTERS: dict[str, Callable[[str], Test]] = {
    "status": _status,
    "since": _since,
    "until": _until,
    "reference": _reference,
    "storeReference": _store_reference,
    "channelId": _channel_id,
    "acknowledgment": _acknowledgment,
    "isTest": _is_test,
    "fulfilledBy": _fulfilled_by,
    "error": _error,
}
