"""An order as the API returns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shoppingfeed import _json


@dataclass(frozen=True, slots=True)
class Order:
    """An order at Shopping Feed. Texts the API left out are empty; dates it left out or left empty are None.

    `id` is Shopping Feed's, `reference` the marketplace's, `store_reference` the shop's own (once acknowledged).
    `channel` is the marketplace's name. `fulfilled_by` is `store`, `channel`, `undefined` or empty. `errors` are the
    messages of what the marketplace refused later. `raw` is everything the API said.
    """

    id: int
    store_id: int | None
    channel_id: int | None
    channel: str
    reference: str
    store_reference: str
    status: str
    fulfilled_by: str
    acknowledged_at: datetime | None
    created_at: datetime | None
    updated_at: datetime | None
    carrier: str
    tracking_number: str
    is_test: bool
    errors: tuple[str, ...]
    raw: Mapping[str, object] = field(repr=False, compare=False)


def parse_order(answer: object) -> Order:
    body = _json.mapping(answer)
    order_id = _json.identifier(body.get("id"))
    if order_id is None:
        raise _json.UnexpectedShapeError("an order with a numeric id")
    channel = _json.mapping(_json.mapping(body.get("_embedded")).get("channel"))
    shipment = _json.mapping(body.get("shipment"))
    return Order(
        id=order_id,
        store_id=_json.identifier(body.get("storeId")),
        channel_id=_json.identifier(body.get("channelId")) or _json.identifier(channel.get("id")),
        channel=_json.text(channel.get("name")),
        reference=_json.text(body.get("reference")),
        store_reference=_json.text(body.get("storeReference")),
        status=_json.text(body.get("status")),
        fulfilled_by=_json.text(body.get("fulfilledBy")),
        acknowledged_at=_json.moment(body.get("acknowledgedAt")),
        created_at=_json.moment(body.get("createdAt")),
        updated_at=_json.moment(body.get("updatedAt")),
        carrier=_json.text(shipment.get("carrier")),
        tracking_number=_json.text(shipment.get("trackingNumber")),
        is_test=_json.flag(body.get("isTest")) or False,
        errors=_messages(body.get("errors")),
        raw=body,
    )


def _messages(errors: object) -> tuple[str, ...]:
    entries = errors if isinstance(errors, list) else []
    said = (_json.text(entry.get("message") if isinstance(entry, dict) else entry) for entry in entries)
    return tuple(message for message in said if message)


@dataclass(frozen=True, slots=True)
class Shipment:
    """A shipment of an order: every ship that was carried out created one, so two of a kind show a ship sent twice."""

    carrier: str
    tracking_number: str
    tracking_link: str
    raw: Mapping[str, object] = field(repr=False, compare=False)


def parse_shipment(body: Mapping[str, object]) -> Shipment:
    return Shipment(
        carrier=_json.text(body.get("carrier")),
        tracking_number=_json.text(body.get("trackingNumber")),
        tracking_link=_json.text(body.get("trackingLink")),
        raw=body,
    )
