"""Operations and what they do to an order once their ticket succeeds (api.md, Operations on orders)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shoppingfeed.channels import CHANNELS, Channel, Feature
from shoppingfeed.sandbox import Belief, Sandbox
from tests.unit.sandbox.api import Api

PDF = b"%PDF-1.4\r\n--not-a-boundary\r\n\x00\xff\r\n"


def believed(sandbox: Sandbox, order_id: int) -> Belief:
    belief = sandbox.ledger.belief(order_id)
    assert belief is not None
    return belief


def outcome(api: Api) -> tuple[str, str]:
    """The state and message of the newest ticket."""
    ticket = api.tickets()[-1]
    return ticket["state"], ticket["result"]["message"]


def test_a_ship_makes_a_shipment_with_its_tracking_number(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1078495000000)

    api.ship(1078495000000, number="6A123", trackingLink="https://carrier.example/6A123")

    belief = believed(sandbox, 1078495000000)
    assert (belief.status, belief.tracking_numbers) == ("shipped", ("6A123",))
    assert api.order(1078495000000)["shipment"] == {
        "carrier": "Colissimo",
        "trackingNumber": "6A123",
        "trackingLink": "https://carrier.example/6A123",
        "returnInfo": {"carrier": None, "trackingNumber": None},
    }
    page = api.get("/v1/store/10/order/1078495000000/shipment")
    assert page["total"] == 1
    assert page["_embedded"]["shipment"][0]["trackingLink"] == "https://carrier.example/6A123"


def test_a_shipment_lists_its_items_or_null_for_the_whole_order(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1)
    [item] = api.order(1)["items"]

    api.ship(1, items=[{"id": item["id"], "quantity": 1}], returnInfo={"trackingNumber": "R1"})
    api.ship(1, number="6A2", items=[])
    api.ship(1, number="6A3")

    shipments = api.get("/v1/store/10/order/1/shipment")["_embedded"]["shipment"]
    assert [shipment["items"] for shipment in shipments] == [[{"id": item["id"], "quantity": 1}], None, None]
    assert [shipment["returnInfo"]["trackingNumber"] for shipment in shipments] == ["R1", None, None]


def test_a_ship_sent_twice_is_two_shipments_and_no_error(sandbox: Sandbox, api: Api) -> None:
    api.ship(1)
    api.ship(1)

    assert api.get("/v1/store/10/order/1/shipment")["total"] == 2
    assert outcome(api)[0] == "succeed"
    assert [one.order_id for one in sandbox.ledger.duplicates()] == [1]


def test_the_answer_is_202_with_a_batch_and_a_link_to_its_tickets(api: Api) -> None:
    answer = api.operate("ship", {"id": 1}, {"id": 2})

    assert set(answer) == {"id", "_links"}
    tickets = api.get(answer["_links"]["ticket"]["href"])["_embedded"]["ticket"]
    assert [ticket["payload"]["id"] for ticket in tickets] == [1, 2]
    assert {ticket["batchId"] for ticket in tickets} == {answer["id"]}


def test_part_of_an_order_is_partially_shipped_until_all_of_it_is(sandbox: Sandbox, api: Api) -> None:
    sandbox.load_samples()
    order_id = 17005067711  # two of one product, and already shipped as far as its status says
    sandbox.market.stores[10].shelf.find(order_id).status = "waiting_shipment"  # type: ignore[union-attr]

    api.ship(order_id, items=[{"id": 1, "quantity": "1"}])
    assert believed(sandbox, order_id).status == "partially_shipped"
    api.ship(order_id, number="6A2", items=[{"id": 1, "quantity": 1}])

    assert believed(sandbox, order_id).status == "shipped"
    assert believed(sandbox, order_id).tracking_numbers == ("6A1", "6A2")


def test_deliver_leaves_the_status_and_shows_in_the_ledger(sandbox: Sandbox, api: Api) -> None:
    api.ship(1)
    api.operate("deliver", {"id": 1})

    belief = believed(sandbox, 1)

    assert (belief.status, belief.delivered) == ("shipped", True)
    assert api.tickets("payloadId=1&type=order")[-1]["type"] == "order.notify.delivery"


def test_a_cancel_before_shipment_and_again(sandbox: Sandbox, api: Api) -> None:
    api.operate("cancel", {"id": 1, "reason": "out of stock"})
    api.operate("cancel", {"id": 1})

    assert believed(sandbox, 1).cancelled
    assert outcome(api)[0] == "succeed"


def test_a_cancel_after_shipment_fails_and_says_why(sandbox: Sandbox, api: Api) -> None:
    api.ship(1)
    api.operate("cancel", {"id": 1})

    assert outcome(api) == ("failed", "The order is already shipped: it can no longer be cancelled.")
    assert believed(sandbox, 1).status == "shipped"


def test_a_cancel_after_shipment_can_be_allowed(sandbox: Sandbox, api: Api) -> None:
    sandbox.configure(late_cancel=True)
    api.ship(1)
    api.operate("cancel", {"id": 1})

    assert believed(sandbox, 1).cancelled


@pytest.mark.parametrize(
    ("order", "operation", "reason"),
    [
        ({"status": "cancelled"}, "ship", "The order is cancelled: it cannot be shipped."),
        ({"fulfilled_by": "channel"}, "ship", "The order is fulfilled by the marketplace itself"),
        ({"channel": "Backmarket"}, "cancel", "Backmarket does not support the cancellation"),
        ({"channel": "AMAZON"}, "refund", "AMAZON does not support refunds."),
        ({"status": "shipped"}, "refuse", "The order is already shipped"),
    ],
)
def test_the_marketplace_refuses_and_says_why(
    sandbox: Sandbox, api: Api, order: dict[str, str], operation: str, reason: str
) -> None:
    sandbox.add_order(1, **order)  # type: ignore[arg-type]
    before = believed(sandbox, 1)

    api.operate(operation, {"id": 1, "refund": {"shipping": True, "products": []}})

    state, message = outcome(api)
    assert state == "failed"
    assert message.startswith(reason)
    assert believed(sandbox, 1) == before


@pytest.mark.parametrize(
    ("channel", "products", "status"),
    [
        ("Cdiscount", [], "refunded"),
        ("zalandolingeriestory", [{"reference": "abc", "quantity": "1"}], "partially_refunded"),
        ("eBay", [], "refunded"),
        ("eBay", [{"reference": "abc", "quantity": 1}], "waiting_shipment"),
        ("a channel nobody knows", [{"reference": "abc", "quantity": 1}], "partially_refunded"),
    ],
)
def test_refunds_by_channel(sandbox: Sandbox, api: Api, channel: str, products: list[Any], status: str) -> None:
    sandbox.add_order(1, channel=channel)

    api.operate("refund", {"id": 1, "refund": {"shipping": True, "products": products}})

    assert believed(sandbox, 1).status == status
    assert believed(sandbox, 1).refunded is (status != "waiting_shipment")


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.family)
@pytest.mark.parametrize(
    ("feature", "operation", "refund"),
    [
        (Feature.CANCEL, "cancel", {}),
        (Feature.REFUND, "refund", {"products": []}),
        (Feature.PARTIAL_REFUND, "refund", {"products": [{"reference": "abc", "quantity": 1}]}),
    ],
)
def test_each_marketplace_takes_what_the_table_of_the_client_says(
    sandbox: Sandbox, api: Api, channel: Channel, feature: Feature, operation: str, refund: dict[str, Any]
) -> None:
    """R9."""
    sandbox.add_order(1, channel=channel.family)

    api.operate(operation, {"id": 1, "refund": refund})

    assert outcome(api)[0] == ("succeed" if feature in channel.features else "failed")


def test_a_refused_ship_shows_in_the_error_filter_until_one_succeeds(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1, status="cancelled")
    api.ship(1)

    refused = api.get("/v1/store/10/order?error=ship")["_embedded"]["order"]
    [error] = refused[0]["errors"]
    assert (error["type"], error["message"]) == ("ship", "The order is cancelled: it cannot be shipped.")
    assert error["occurredAt"] == "2026-01-01T00:00:00+00:00"
    sandbox.market.stores[10].shelf.find(1).status = "waiting_shipment"  # type: ignore[union-attr]
    api.ship(1)

    assert api.get("/v1/store/10/order?error=ship")["total"] == 0


@pytest.mark.parametrize(
    ("before", "operation", "after"),
    [
        ("waiting_store_acceptance", "accept", "waiting_shipment"),
        ("created", "accept", "waiting_shipment"),
        ("shipped", "accept", "shipped"),
        ("waiting_store_acceptance", "refuse", "refused"),
    ],
)
def test_accept_and_refuse(sandbox: Sandbox, api: Api, before: str, operation: str, after: str) -> None:
    sandbox.add_order(1, status=before)

    api.operate(operation, {"id": 1, "reason": ""})

    assert believed(sandbox, 1).status == after


def test_acknowledging_gives_the_order_its_reference_in_the_shop(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1)
    item = {"id": 1, "status": "success", "storeReference": "55", "acknowledgedAt": "2026-01-01T12:00:00+01:00"}
    api.operate("acknowledge", {**item, "message": ""})

    found = api.get("/v1/store/10/order?storeReference=55&acknowledgment=acknowledged")["_embedded"]["order"][0]

    assert (found["storeReference"], found["acknowledgedAt"]) == ("55", "2026-01-01T12:00:00+01:00")
    api.operate("unacknowledge", {"id": 1})
    assert api.order(1)["acknowledgedAt"] is None
    assert api.get("/v1/store/10/order?acknowledgment=acknowledged")["total"] == 0


def test_acknowledging_with_an_error_shows_in_the_error_filter(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1, store_reference="55")
    api.operate("acknowledge", {"id": 1, "status": "error", "message": "No such product"})

    found = api.get("/v1/store/10/order?error=acknowledge")["_embedded"]["order"][0]

    assert [(error["type"], error["message"]) for error in found["errors"]] == [("acknowledge", "No such product")]
    assert found["storeReference"] == "55"


def test_an_order_nobody_added_is_made_up_on_the_way(sandbox: Sandbox, api: Api) -> None:
    api.ship(987654321098)

    belief = believed(sandbox, 987654321098)

    assert (belief.reference, belief.status) == ("SF-987654321098", "shipped")


def test_strict_ignores_an_order_nobody_added_and_reports_it(sandbox: Sandbox, api: Api) -> None:
    sandbox.configure(strict=True)
    sandbox.add_order(1)

    answer = api.operate("ship", {"id": 1}, {"id": 2})

    line = {"id": 2, "channelName": "", "reference": "", "state": "ignored", "message": "The order 2 was not found."}
    assert answer["report"] == [line]
    assert len(api.tickets(f"batchId={answer['id']}")) == 1
    assert [(one.order_id, one.operation) for one in sandbox.ledger.ignored] == [(2, "ship")]


def test_an_id_of_zero_is_nobody_and_is_never_made_up(api: Api) -> None:
    answer = api.operate("ship", {"id": 0})

    assert answer["report"][0]["message"] == "The order 0 was not found."
    assert api.tickets() == []


def test_an_item_may_name_its_order_by_reference_and_channel(sandbox: Sandbox, api: Api) -> None:
    """The deprecated way, which must not mix up the same reference on two channels."""
    sandbox.add_order(1, reference="R", channel="Amazon")
    sandbox.add_order(2, reference="R", channel="eBay")

    api.operate("ship", {"reference": "R", "channelName": "ebay", "trackingNumber": "6A"})

    assert believed(sandbox, 1).status == "waiting_shipment"
    assert believed(sandbox, 2).tracking_numbers == ("6A",)


def test_a_reference_nobody_added_is_made_up_or_ignored(sandbox: Sandbox, api: Api) -> None:
    api.operate("ship", {"reference": "R", "channelName": "eBay"})
    sandbox.configure(strict=True)

    report = api.operate("ship", {"reference": "S", "channelName": "eBay"})["report"]

    assert api.get("/v1/store/10/order?reference=R&status=shipped")["total"] == 1
    assert report[0]["message"] == "The order 'S' of eBay was not found."


def test_what_the_php_client_sends_is_understood(sandbox: Sandbox, api: Api) -> None:
    """Escaped slashes, ids and quantities as strings, nulls where nothing is meant."""
    sandbox.add_order(1078495000000)
    body = (
        rb'{"order":[{"id":"1078495000000","carrier":"","trackingNumber":"6A\/1","trackingLink":"https:\/\/c.fr\/1",'
        rb'"items":[{"id":"1","quantity":"1"}],"warehouseId":null}]}'
    )

    response = api.raw("POST", "/v1/store/10/order/ship", body, content_type="application/json")

    assert response.status == 202
    assert believed(sandbox, 1078495000000).tracking_numbers == ("6A/1",)


@pytest.mark.parametrize(
    ("operation", "body", "status"),
    [
        ("ship", b"not json", 400),
        ("ship", b"\xff\xfe", 400),
        ("ship", b"[" * 100_000, 400),
        ("ship", b"[]", 422),
        ("ship", b'{"order": {"id": 1}}', 422),
        ("ship", b'{"order": []}', 422),
        ("ship", b'{"order": [1]}', 422),
        ("ship", b'{"order": [{"carrier": "x"}]}', 422),
        ("ship", b'{"order": [{"id": "x"}]}', 422),
        ("ship", b'{"order": [{"id": true}]}', 422),
        ("ship", b'{"order": [{"id": 1.5}]}', 422),
        ("ship", b'{"order": [{"reference": "R"}]}', 422),
        ("ship", b'{"order": [{"id": 1, "items": "all"}]}', 422),
        ("ship", b'{"order": [{"id": 1, "returnInfo": "R1"}]}', 422),
        ("ship", b'{"order": [{"id": 1, "items": [{"id": 1, "quantity": -1}]}]}', 422),
        ("refund", b'{"order": [{"id": 1}]}', 422),
        ("refund", b'{"order": [{"id": 1, "refund": {"products": [{"quantity": 1}]}}]}', 422),
        ("acknowledge", b'{"order": [{"id": 1, "status": "perhaps"}]}', 422),
        ("upload-documents", b'{"order": [{"id": 1}]}', 422),
    ],
)
def test_a_request_that_is_wrong_is_refused_as_a_whole(
    sandbox: Sandbox, api: Api, operation: str, body: bytes, status: int
) -> None:
    response = api.raw("POST", f"/v1/store/10/order/{operation}", body, content_type="application/json")

    assert (response.status, json.loads(response.body)["status"]) == (status, status)
    assert sandbox.ledger.accepted == []


def test_a_hundred_items_pass_and_one_more_does_not(sandbox: Sandbox, api: Api) -> None:
    """R12"""
    items = [{"id": n} for n in range(1, 102)]

    assert api.send("POST", "/v1/store/10/order/ship", {"order": items}).status == 422
    assert sandbox.ledger.accepted == []
    assert api.send("POST", "/v1/store/10/order/ship", {"order": items[:100]}).status == 202
    assert len(sandbox.ledger.accepted) == 100


def test_hostile_text_comes_back_as_it_was(sandbox: Sandbox, api: Api) -> None:
    number = "'\"<b>\u202e\U0001f600\ud800\n"
    api.ship(1, number=number)

    assert believed(sandbox, 1).tracking_numbers == (number,)
    assert api.order(1)["shipment"]["trackingNumber"] == number


class Form:
    """A multipart form, as an HTTP client writes it."""

    def __init__(self, *files: bytes, documents: int | None = None, boundary: str = "xYz") -> None:
        count = len(files) if documents is None else documents
        order = {"id": 1, "reference": None, "channelName": None, "documents": [{"type": "invoice"}] * count}
        parts = [self._part('name="files[]"; filename="a.pdf"', content) for content in files]
        parts.append(self._part('name="body"', json.dumps({"order": [order]}).encode()))
        mark = f"--{boundary}".encode()
        self.body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
        self.content_type = f'multipart/form-data; boundary="{boundary}"'

    @staticmethod
    def _part(disposition: str, content: bytes) -> bytes:
        return f"Content-Disposition: form-data; {disposition}\r\n\r\n".encode() + content


def upload(api: Api, form: Form, content_type: str | None = None) -> int:
    kind = form.content_type if content_type is None else content_type
    return api.raw("POST", "/v1/store/10/order/upload-documents", form.body, content_type=kind).status


def test_documents_arrive_whole_each_with_its_file(sandbox: Sandbox, api: Api) -> None:
    assert upload(api, Form(PDF, PDF + b"more")) == 202

    accepted = sandbox.ledger.operations(1)[0]

    assert accepted.operation == "upload-documents"
    assert [document["size"] for document in accepted.item["documents"]] == [len(PDF), len(PDF) + 4]
    assert outcome(api) == ("succeed", "2 document(s) were sent to the marketplace.")


def test_a_form_whose_header_lacks_the_boundary_is_still_read(api: Api) -> None:
    assert upload(api, Form(PDF), "multipart/form-data") == 202


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (Form(*[PDF] * 20), 202),
        (Form(*[PDF] * 21), 422),
        (Form(PDF.ljust(2 * 1024 * 1024, b" ")), 202),
        (Form(PDF.ljust(2 * 1024 * 1024 + 1, b" ")), 413),
        (Form(b"GIF89a"), 422),
        (Form(PDF, documents=2), 422),
        (Form(documents=0), 422),
    ],
)
def test_limits_of_documents(api: Api, form: Form, status: int) -> None:
    assert upload(api, form) == status


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=other", "application/pdf", ""])
def test_a_form_that_cannot_be_read_is_refused(api: Api, content_type: str) -> None:
    assert upload(api, Form(PDF), content_type) in {400, 422}
