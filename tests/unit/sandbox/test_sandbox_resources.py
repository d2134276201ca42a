"""What the sandbox has beside orders and tickets: test orders, documents, items, channels, warehouses, timeline."""

from __future__ import annotations

from typing import Any

import pytest

from shoppingfeed import Client, NotFoundError, Ship, TestItem
from shoppingfeed.sandbox import ManualClock, Sandbox
from tests.unit.sandbox.api import Api

LINE = {"reference": "A", "quantity": 2, "price": 5}


def made(api: Api, **more: Any) -> Any:
    answer = api.send("POST", "/v1/store/10/order", {"channelId": 7, "items": [LINE], **more})
    assert answer.status == 201
    return answer.document


# --- test orders ------------------------------------------------------------------------------------------------------


def test_a_test_order_is_made_listed_shipped_and_removed(api: Api) -> None:
    """R37."""
    order = made(api, reference="TRY-1")
    assert (order["isTest"], order["reference"], order["channelId"]) == (True, "TRY-1", 7)
    listed = api.get("/v1/store/10/order?isTest=1")["_embedded"]["order"]
    assert [each["id"] for each in listed] == [order["id"]]
    api.ship(order["id"])
    assert api.order(order["id"])["status"] == "shipped"
    assert api.raw("DELETE", f"/v1/store/10/order/{order['id']}").status == 204
    assert api.send("GET", f"/v1/store/10/order/{order['id']}").status == 404


@pytest.mark.parametrize(
    "body",
    [
        {"items": [LINE]},
        {"channelId": "seven", "items": [LINE]},
        {"channelId": 7, "items": []},
        {"channelId": 7, "items": [{"reference": "A", "quantity": 0, "price": 1}]},
        {"channelId": 7, "items": [{"quantity": 1, "price": 1}]},
        [],
    ],
)
def test_a_test_order_without_channel_or_items_is_refused(api: Api, body: Any) -> None:
    assert api.send("POST", "/v1/store/10/order", body).status == 422


def test_only_test_orders_can_be_removed(api: Api) -> None:
    api.sandbox.add_order(5)
    assert api.send("DELETE", "/v1/store/10/order/5").status == 403
    assert api.send("DELETE", "/v1/store/10/order/6").status == 404
    assert api.order(5)["id"] == 5


def test_a_test_order_goes_by_itself_after_thirty_days(api: Api) -> None:
    order = made(api)
    api.sandbox.advance(29 * 86400)
    assert api.order(order["id"])["isTest"] is True
    api.sandbox.advance(86400)
    assert api.send("GET", f"/v1/store/10/order/{order['id']}").status == 404


def test_a_test_order_takes_no_parts(api: Api) -> None:
    order = made(api)
    api.ship(order["id"], items=[{"id": order["items"][0]["id"], "quantity": 1}])
    assert [each["state"] for each in api.tickets()] == ["failed"]


def test_the_client_makes_and_removes_them() -> None:
    """R37."""
    sandbox = Sandbox(clock=ManualClock())
    store = Client("sandbox-token", transport=sandbox.transport()).store(10)
    order = store.create_test_order(7, [TestItem("A", 2, 5.0)], reference="TRY-1")
    assert (order.is_test, order.reference, order.channel_id) == (True, "TRY-1", 7)
    store.send([Ship(order.id, carrier="DHL", tracking_number="6A1")])
    assert store.order(order.id).status == "shipped"
    store.delete_test_order(order.id)
    with pytest.raises(NotFoundError):
        store.delete_test_order(order.id)
    with pytest.raises(ValueError, match="needs items"):
        store.create_test_order(7, [])


# --- items ------------------------------------------------------------------------------------------------------------


def test_items_have_ids_or_none_or_there_are_none(api: Api) -> None:
    """Real answers have all three."""
    api.sandbox.add_order(1, items=[LINE])
    api.sandbox.add_order(2, items=[LINE], item_ids=False)
    api.sandbox.add_order(3, items=[])
    assert "id" in api.order(1)["items"][0]
    assert "id" not in api.order(2)["items"][0]
    assert api.order(3)["items"] == []


def test_an_item_tells_how_far_it_is(api: Api) -> None:
    api.sandbox.add_order(1, channel="ManoMano", items=[LINE, {"reference": "B", "quantity": 1, "price": 1}])
    first, second = api.order(1)["items"]
    assert (first["status"], second["status"]) == ("waiting_shipment", "waiting_shipment")
    api.ship(1, items=[{"id": first["id"], "quantity": 2}])
    assert [each["status"] for each in api.order(1)["items"]] == ["shipped", "waiting_shipment"]
    api.ship(1, items=[{"id": second["id"], "quantity": 1}])
    assert [each["status"] for each in api.order(1)["items"]] == ["shipped", "shipped"]


# --- documents --------------------------------------------------------------------------------------------------------


def upload(api: Api, order: int) -> None:
    form = (
        b'--x\r\nContent-Disposition: form-data; name="files[]"; filename="F-1.pdf"\r\n\r\n%%PDF-1.4\r\n'
        b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\n'
        b'{"order": [{"id": %d, "documents": [{"type": "invoice"}]}]}\r\n--x--\r\n' % order
    )
    answer = api.raw(
        "POST", "/v1/store/10/order/upload-documents", form, content_type="multipart/form-data; boundary=x"
    )
    assert answer.status == 202


def documents(api: Api, order: int) -> list[tuple[str, str]]:
    page = api.get(f"/v1/store/10/order/{order}/document")
    return [(each["name"], each["status"]) for each in page.get("_embedded", {}).get("document", [])]


def test_documents_are_listed_with_what_became_of_them(api: Api) -> None:
    """R31: for thirty days."""
    api.sandbox.configure(ticket_seconds=60)
    api.sandbox.add_order(1, channel="Fnac")
    assert documents(api, 1) == []
    upload(api, 1)
    assert documents(api, 1) == [("F-1.pdf", "pending")]
    api.sandbox.advance(60)
    assert documents(api, 1) == [("F-1.pdf", "sent")]
    api.sandbox.advance(31 * 86400)
    assert documents(api, 1) == []


# --- channels, warehouses, timeline -----------------------------------------------------------------------------------


def test_a_channel_tells_its_engine(api: Api) -> None:
    api.sandbox.add_order(1, channel="leroymerlin")
    api.sandbox.add_order(2, channel="Amazon DE")
    api.sandbox.add_channel("leroymerlin", engine="mirakl")
    rows = api.get("/v1/store/10/channel")["_embedded"]["channel"]
    assert {each["name"]: each["engine"] for each in rows} == {"leroymerlin": "mirakl", "Amazon DE": "amazon"}
    assert [api.get(f"/v1/channel/{each['id']}")["name"] for each in rows] == [each["name"] for each in rows]
    assert api.send("GET", "/v1/channel/99999999").status == 404


def test_warehouses_are_kept_and_one_of_them_is_the_default(api: Api) -> None:
    path = "/v1/store/10/warehouse"
    first = api.send("POST", path, {"name": "Nantes"}).document
    second = api.send("POST", path, {"name": "Lyon"}).document
    assert (first["default"], second["default"]) == (True, False)
    assert api.send("DELETE", f"{path}/{first['id']}").status == 409
    assert api.send("PUT", f"{path}/{second['id']}", {"name": "Lyon 2", "default": True}).document["default"] is True
    assert [(each["name"], each["default"]) for each in api.get(path)["_embedded"]["warehouse"]] == [
        ("Nantes", False),
        ("Lyon 2", True),
    ]
    assert api.raw("DELETE", f"{path}/{first['id']}").status == 204
    assert api.send("GET", f"{path}/{first['id']}").status == 404
    assert api.send("POST", path, {"name": " "}).status == 422


def events(api: Api) -> int:
    response = api.raw("HEAD", "/v1/store/10/timeline")
    assert (response.status, response.body) == (200, b"")
    return int(response.headers["X-New-Events-Count"])


def test_the_timeline_counts_what_is_new_since_the_last_look(api: Api) -> None:
    assert events(api) == 0
    api.sandbox.add_order(1)
    api.ship(1)
    assert events(api) == 2
    assert events(api) == 0
    api.sandbox.change_order(1, status="cancelled")
    assert events(api) == 1
    assert "X-Last-Event-Timestamp" in api.raw("HEAD", "/v1/store/10/timeline").headers


def test_the_store_tells_how_many_orders_are_new(api: Api) -> None:
    api.sandbox.add_order(1)
    api.sandbox.add_order(2, store_reference="34")
    assert api.get("/v1/store/10")["_embedded"]["order"]["newCount"] == 1


def test_a_timeline_is_asked_over_http(api: Api) -> None:
    """`HEAD` has no body, not even for a refusal."""
    with api.sandbox.serve() as server:
        import httpx2

        token = {"Authorization": "Bearer sandbox-token"}
        with httpx2.Client(base_url=server.url, headers=token, trust_env=False) as client:
            assert client.head("/v1/store/10/timeline").headers["X-New-Events-Count"] == "0"
            assert client.head("/v1/store/11/timeline").status_code == 403
            assert client.get("/v1/ping").status_code == 200
