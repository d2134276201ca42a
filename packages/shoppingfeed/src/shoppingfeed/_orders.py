"""An order as the API returns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shoppingfeed import _json


@dataclass(frozen=True, slots=True)
class OrderError:
    """What the marketplace refused after its ticket had succeeded. `type` is the operation (`ship`, `acknowledge`);
    empty, or None, is what the API does not say."""

    type: str
    message: str
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class Order:
    """An order at Shopping Feed. Texts the API left out are empty; dates it left out or left empty are None.

    `id` is Shopping Feed's, `reference` the marketplace's, `store_reference` the shop's own (once acknowledged).
    `channel` is the marketplace's name. `fulfilled_by` is `store`, `channel`, `undefined` or empty. `latest_ship_date`:
    when it must have been shipped; one that came without a zone is read as UTC, `latest_ship_date_has_zone` is False,
    and it is right to a day. `errors` are what the marketplace refused later. `raw` is everything the API said.
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
    latest_ship_date: datetime | None
    latest_ship_date_has_zone: bool
    is_test: bool
    errors: tuple[OrderError, ...]
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
        latest_ship_date=_json.moment(body.get("latestShipDate")),
        latest_ship_date_has_zone=_json.has_zone(body.get("latestShipDate")),
        is_test=_json.flag(body.get("isTest")) or False,
        errors=_errors(body.get("errors")),
        raw=body,
    )


def _errors(errors: object) -> tuple[OrderError, ...]:
    entries = errors if isinstance(errors, list) else []
    said = (_error(entry if isinstance(entry, dict) else {"message": entry}) for entry in entries)
    return tuple(error for error in said if error.message or error.type)


def _error(entry: Mapping[str, object]) -> OrderError:
    """The API spells the key of the date in two ways."""
    at = _json.moment(entry.get("occurredAt")) or _json.moment(entry.get("occuredAt"))
    return OrderError(_json.text(entry.get("type")), _json.text(entry.get("message")), at)


@dataclass(frozen=True, slots=True)
class TestItem:
    """A line of a test order: the product's reference, how many of it, and the price of one."""

    __test__ = False

    reference: str
    quantity: int = 1
    price: float = 1.0


@dataclass(frozen=True, slots=True)
class Shipment:
    """A shipment of an order: every ship that was carried out created one, so two of a kind show a ship sent twice.
    `created_at`: when Shopping Feed was told; None where it does not say."""

    carrier: str
    tracking_number: str
    tracking_link: str
    created_at: datetime | None
    raw: Mapping[str, object] = field(repr=False, compare=False)


def parse_shipment(body: Mapping[str, object]) -> Shipment:
    return Shipment(
        carrier=_json.text(body.get("carrier")),
        tracking_number=_json.text(body.get("trackingNumber")),
        tracking_link=_json.text(body.get("trackingLink")),
        created_at=_json.moment(body.get("createdAt")),
        raw=body,
    )
