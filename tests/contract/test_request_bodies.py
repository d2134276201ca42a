"""Every request the client can send, byte for byte as the API page describes it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest

import shoppingfeed
from shoppingfeed import (
    Accept,
    Acknowledge,
    Cancel,
    Client,
    Deliver,
    Document,
    OrderOperation,
    Refund,
    RefundedProduct,
    Refuse,
    Request,
    ReturnInfo,
    Ship,
    ShippedItem,
    Unacknowledge,
)
from tests.unit.client.scripted import BASE, TOKEN, ScriptedTransport, accepted, answer, client_for, page

ID = 1078495000000
NOON = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
PDF = b"%PDF-1.4 ..."

OPERATIONS: list[tuple[OrderOperation, str, dict[str, Any]]] = [
    (
        Ship(ID),
        "ship",
        {"id": ID, "carrier": "", "trackingNumber": "", "trackingLink": "", "items": []},
    ),
    (
        Ship(
            ID,
            carrier="Colissimo",
            tracking_number="6A123",
            tracking_link="https://track.test/6A123",
            items=(ShippedItem(1234, 2),),
            return_info=ReturnInfo("UPS", "1Z9"),
            warehouse_id="w1",
        ),
        "ship",
        {
            "id": ID,
            "carrier": "Colissimo",
            "trackingNumber": "6A123",
            "trackingLink": "https://track.test/6A123",
            "items": [{"id": 1234, "quantity": 2}],
            "returnInfo": {"carrier": "UPS", "trackingNumber": "1Z9"},
            "warehouseId": "w1",
        },
    ),
    (Cancel(ID), "cancel", {"id": ID}),
    (Cancel(ID, reason="out of stock"), "cancel", {"id": ID, "reason": "out of stock"}),
    (Refund(ID), "refund", {"id": ID, "refund": {"shipping": True, "products": []}}),
    (
        Refund(ID, shipping=False, products=(RefundedProduct("abc", 1),)),
        "refund",
        {"id": ID, "refund": {"shipping": False, "products": [{"reference": "abc", "quantity": 1}]}},
    ),
    (Deliver(ID), "deliver", {"id": ID}),
    (Accept(ID), "accept", {"id": ID}),
    (Accept(ID, reason="gladly"), "accept", {"id": ID, "reason": "gladly"}),
    (Refuse(ID), "refuse", {"id": ID}),
    (
        Acknowledge(ID, "5969", NOON),
        "acknowledge",
        {
            "id": ID,
            "status": "success",
            "storeReference": "5969",
            "acknowledgedAt": "2024-03-01T12:00:00+00:00",
            "message": "",
        },
    ),
    (
        Acknowledge(ID, "", NOON, status="error", message="no such product"),
        "acknowledge",
        {
            "id": ID,
            "status": "error",
            "storeReference": "",
            "acknowledgedAt": "2024-03-01T12:00:00+00:00",
            "message": "no such product",
        },
    ),
    (Unacknowledge(ID), "unacknowledge", {"id": ID}),
]


@pytest.mark.parametrize(("operation", "verb", "item"), OPERATIONS, ids=lambda value: str(value)[:30])
def test_the_body_of_every_operation(operation: OrderOperation, verb: str, item: dict[str, Any]) -> None:
    transport = ScriptedTransport(accepted())
    client_for(transport).store(10).send([operation])
    (request,) = transport.received
    assert (request.method, request.url) == ("POST", f"{BASE}/v1/store/10/order/{verb}")
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body) == {"order": [item]}
    assert operation.operation == verb


def test_every_kind_of_operation_is_in_the_table_above() -> None:
    public = [getattr(shoppingfeed, name) for name in shoppingfeed.__all__]
    kinds = {each for each in public if isinstance(each, type) and issubclass(each, OrderOperation)}
    assert {type(operation) for operation, _, _ in OPERATIONS} == kinds - {OrderOperation}


@pytest.mark.parametrize(
    "text", ['"quotes" & <b>', "éà漢字", "\u200frtl", "🎁", "a/b\\c", "line\nbreak", "x" * 64, "\ud800"]
)
def test_any_text_survives_the_way(text: str) -> None:
    transport = ScriptedTransport(accepted())
    client_for(transport).store(10).send([Ship(ID, tracking_number=text)])
    assert transport.received[0].body.isascii()
    assert transport.bodies[0]["order"][0]["trackingNumber"] == text


def test_the_headers_of_every_request() -> None:
    transport = ScriptedTransport(answer(200, {"timestamp": 1}), accepted())
    client = client_for(transport)
    client.ping()
    client.store(10).send([Deliver(1)])
    for request in transport.received:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert request.headers["Accept"] == "application/json"
        assert re.fullmatch(r"shoppingfeed-python/\S+ \(Python; 3\.\d+\.\d+\S*\)", request.headers["User-Agent"])


def test_the_product_can_name_itself() -> None:
    transport = ScriptedTransport(answer(200, {"timestamp": 1}))
    client_for(transport, user_agent="shop/2.0 (PrestaShop; 8.2)").ping()
    assert transport.received[0].headers["User-Agent"] == "shop/2.0 (PrestaShop; 8.2)"


def test_login_sends_the_password_once_and_then_the_token() -> None:
    transport = ScriptedTransport(answer(200, {"access_token": "fresh"}), answer(200, {"timestamp": 1}))
    client = Client.login("me@shop.test", "hunter2", base_url=BASE, transport=transport, pace=False)
    client.ping()
    login, ping = transport.received
    assert (login.method, login.url) == ("POST", f"{BASE}/v1/auth")
    assert json.loads(login.body) == {"grant_type": "password", "username": "me@shop.test", "password": "hunter2"}
    assert "Authorization" not in login.headers
    assert ping.headers["Authorization"] == "Bearer fresh"


def test_a_list_of_orders_asks_for_what_was_given_and_nothing_else() -> None:
    transport = ScriptedTransport(by=lambda _: page("order", []))
    store = client_for(transport).store(10)
    list(store.orders())
    list(
        store.orders(
            status=["shipped", "refunded"],
            since=NOON,
            until=NOON,
            channel_id=66,
            reference="A/1 b",
            store_reference="5969",
            acknowledgment="unacknowledged",
            is_test=False,
            fulfilled_by="channel",
            error="ship",
            limit=50,
        )
    )
    assert transport.urls == [
        "/v1/store/10/order?limit=200&page=1",
        "/v1/store/10/order?status=shipped%2Crefunded&since=2024-03-01T12%3A00%3A00%2B00%3A00"
        "&until=2024-03-01T12%3A00%3A00%2B00%3A00&channelId=66&reference=A%2F1+b&storeReference=5969"
        "&acknowledgment=unacknowledged&isTest=0&fulfilledBy=channel&error=ship&limit=50&page=1",
    ]


def test_a_list_of_tickets_asks_for_what_was_given() -> None:
    transport = ScriptedTransport(by=lambda _: page("ticket", []))
    store = client_for(transport).store(10)
    store.tickets(batch_id="b/1", limit=1)
    store.tickets(order_id=ID)
    store.tickets(state="processing", type="order.notify.shipment")
    assert transport.urls == [
        "/v1/store/10/ticket?batchId=b%2F1&limit=1&page=1",
        f"/v1/store/10/ticket?type=order&payloadId={ID}&limit=200&page=1",
        "/v1/store/10/ticket?state=processing&type=order.notify.shipment&limit=200&page=1",
    ]


def test_single_things_are_asked_by_their_id() -> None:
    transport = ScriptedTransport(
        answer(200, {"id": ID}),
        page("shipment", [{"carrier": "UPS"}]),
        answer(200, {"id": "a/b?c", "state": "running"}),
    )
    store = client_for(transport).store(10)
    store.order(ID)
    store.shipments(ID)
    store.ticket("a/b?c")
    assert transport.urls == [
        f"/v1/store/10/order/{ID}",
        f"/v1/store/10/order/{ID}/shipment?limit=200&page=1",
        "/v1/store/10/ticket/a%2Fb%3Fc",
    ]


def parts_of(request: Request) -> list[Message]:
    whole = message_from_bytes(f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode() + request.body)
    return [part for part in whole.walk() if not part.is_multipart()]


def test_documents_go_as_multipart_in_the_order_in_which_the_body_names_them() -> None:
    transport = ScriptedTransport(accepted("docs-1"))
    documents = [
        Document(1, PDF + b"a", "a.pdf"),
        Document(2, PDF + b"b\r\n--b", "b é.pdf", type="credit-note"),
        Document(1, PDF + b"c", "c.pdf"),
    ]
    assert client_for(transport).store(10).upload_documents(documents).batch_id == "docs-1"
    (request,) = transport.received
    assert request.url == f"{BASE}/v1/store/10/order/upload-documents"
    *files, body = parts_of(request)
    assert [part.get_payload(decode=True) for part in files] == [PDF + b"a", PDF + b"c", PDF + b"b\r\n--b"]
    assert {part.get_content_type() for part in files} == {"application/pdf"}
    assert all(part.get_param("name", header="content-disposition") == "files[]" for part in files)
    assert body.get_param("name", header="content-disposition") == "body"
    named = body.get_payload(decode=True)
    assert isinstance(named, bytes)
    assert json.loads(named) == {
        "order": [
            {"id": 1, "documents": [{"type": "invoice"}, {"type": "invoice"}]},
            {"id": 2, "documents": [{"type": "credit-note"}]},
        ]
    }
