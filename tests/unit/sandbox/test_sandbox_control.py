"""The ledger, the control endpoints and the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from shoppingfeed.sandbox import Fault, Sandbox
from tests.unit.sandbox.api import Api


def test_the_ledger_keeps_what_was_accepted_in_order(sandbox: Sandbox, api: Api) -> None:
    batch = api.ship(1, number="6A1")
    sandbox.advance(5)
    api.operate("deliver", {"id": 1})

    first, second = sandbox.ledger.operations(1)

    assert (first.operation, first.tracking_number, first.batch_id) == ("ship", "6A1", batch)
    assert (second.operation, second.at - first.at) == ("deliver", 5)
    assert first.ticket_id == api.tickets(f"batchId={batch}")[0]["id"]
    assert sandbox.ledger.accepted == [first, second]
    assert (sandbox.ledger.count(1, "ship"), sandbox.ledger.count(1, "refund")) == (1, 0)


def test_the_ledger_keeps_every_request_and_tells_sends_from_looks(sandbox: Sandbox, api: Api) -> None:
    api.ship(1)
    api.tickets("state=processing")
    api.send("GET", "/v1/store/99/order")

    seen = [(one.method, one.path, one.status) for one in sandbox.ledger.requests]

    assert seen == [
        ("POST", "/v1/store/10/order/ship", 202),
        ("GET", "/v1/store/10/ticket?state=processing", 200),
        ("GET", "/v1/store/99/order", 403),
    ]
    assert (len(sandbox.ledger.sends()), len(sandbox.ledger.looks())) == (1, 1)
    assert sandbox.ledger.requests_by_status == {202: 1, 200: 1, 403: 1}


def test_a_duplicate_is_the_same_order_operation_and_number(sandbox: Sandbox, api: Api) -> None:
    """R11"""
    api.ship(1, number="A")
    api.ship(1, number="B")
    api.operate("deliver", {"id": 1})
    assert sandbox.ledger.duplicates() == []

    api.ship(1, number="A")

    assert [(one.order_id, one.tracking_number) for one in sandbox.ledger.duplicates()] == [(1, "A")]


def test_two_refunds_are_the_same_only_with_the_same_products(sandbox: Sandbox, api: Api) -> None:
    for reference in ("abc", "def"):
        products = [{"reference": reference, "quantity": 1}]
        api.operate("refund", {"id": 1, "refund": {"shipping": False, "products": products}})
    assert sandbox.ledger.duplicates() == []

    api.operate("refund", {"id": 1, "refund": {"products": products, "shipping": False}})

    assert len(sandbox.ledger.duplicates()) == 1


def test_the_same_order_in_two_stores_is_told_apart(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_store(11)
    api.ship(1)
    api.operate("ship", {"id": 1, "trackingNumber": "6A1"}, store=11)

    assert sandbox.ledger.duplicates() == []
    assert sandbox.ledger.count(1, "ship") == 2
    assert sandbox.ledger.count(1, "ship", store=11) == 1
    belief = sandbox.ledger.belief(1, store=11)
    assert belief is not None
    assert belief.store == 11
    assert sandbox.ledger.belief(1, store=99) is None
    assert sandbox.ledger.belief(404) is None


def test_control_needs_no_token_is_not_limited_and_is_no_request(sandbox: Sandbox) -> None:
    sandbox.configure(rate_limit=(1, 60))
    sandbox.fault(Fault("drop", times=None))

    statuses = {Api(sandbox, token="").control("GET", "summary").status for _ in range(5)}

    assert statuses == {200}
    assert sandbox.ledger.requests == []


def test_the_summary_counts_everything(sandbox: Sandbox, api: Api) -> None:
    sandbox.configure(ticket_seconds=60)
    api.ship(1, 2)
    api.ship(1)
    api.operate("deliver", {"id": 0})
    sandbox.fault(Fault("drop"))

    assert api.control("GET", "summary").document == {
        "requests": 3,
        "requests_by_status": {"202": 3},
        "sends": 3,
        "looks": 0,
        "accepted": 3,
        "accepted_by_operation": {"ship": 3},
        "ignored": 1,
        "duplicates": 1,
        "orders": 2,
        "orders_by_status": {"waiting_shipment": 2},
        "tickets_by_state": {"scheduled": 3},
        "faults": 1,
    }


def test_the_ledger_as_json_comes_in_pages(api: Api) -> None:
    api.ship(1, 2, 3)
    api.ship(3)

    page = api.control("GET", "ledger?limit=3&page=2").document

    assert (page["total"], page["pages"], len(page["rows"])) == (4, 2, 1)
    assert page["rows"][0]["item"]["trackingNumber"] == "6A1"
    assert [one["order_id"] for one in page["duplicates"]] == [3]
    assert len(api.control("GET", "requests").document["rows"]) == 2
    assert api.control("GET", "ignored").document["rows"] == []


def test_one_order_as_json_tells_its_story(api: Api) -> None:
    api.ship(1078495000000)

    story = api.control("GET", "orders/1078495000000").document

    assert (story["status"], story["tracking_numbers"]) == ("shipped", ["6A1"])
    assert [one["operation"] for one in story["operations"]] == ["ship"]
    assert story["tickets"][0]["state"] == "succeed"
    assert story["shipments"][0]["carrier"] == "Colissimo"
    assert api.control("GET", "orders/5").status == 404
    assert api.control("GET", "orders/x").status == 404


def test_orders_are_added_in_bulk_and_listed(sandbox: Sandbox, api: Api) -> None:
    orders = [{"id": n, "reference": f"R{n}", "channel": "eBay"} for n in range(1, 2_001)]

    assert api.control("POST", "orders", orders).document == {"added": 2_000}
    assert api.control("POST", "orders", {"order_id": 5_000, "status": "shipped"}).status == 201

    rows = api.control("GET", "orders?limit=1&page=2001").document["rows"]
    assert [(row["order_id"], row["status"]) for row in rows] == [(5_000, "shipped")]
    assert sandbox.ledger.belief(7).reference == "R7"  # type: ignore[union-attr]


def test_samples_and_stores_can_be_added_from_outside(api: Api) -> None:
    assert len(api.control("POST", "samples").document["added"]) == 20
    assert api.control("POST", "stores", {"id": 11, "name": "Second"}).status == 201
    assert api.get("/v1/store/11")["name"] == "Second"


def test_settings_are_read_and_changed_from_outside(api: Api) -> None:
    changed = {"ticket_seconds": 60, "rate_limit": [10, 2], "strict": True}

    assert api.control("POST", "settings", changed).status == 200
    assert api.control("GET", "settings").document == {**changed, "rate_limit": [10, 2.0], "late_cancel": False}
    assert api.control("POST", "settings", {"rate_limit": None}).document["rate_limit"] is None


def test_faults_are_asked_for_listed_and_taken_back_from_outside(api: Api) -> None:
    added = api.control("POST", "faults", [{"kind": "status", "times": "forever"}, {"kind": "refuse", "order_id": 1}])
    assert (added.status, len(added.document["added"])) == (201, 2)
    assert api.send("GET", "/v1/me").status == 500

    first, second = api.control("GET", "faults").document["faults"]
    assert (first["kind"], first["times"], first["struck"], first["over"]) == ("status", None, 1, False)
    assert api.control("DELETE", f"faults/{first['id']}").document["faults"] == [second]
    assert api.control("DELETE", "faults/99").status == 404
    assert api.control("DELETE", "faults").document == {"faults": []}
    assert api.send("GET", "/v1/me").status == 200


def test_time_and_hangs_and_tickets_are_moved_from_outside(sandbox: Sandbox, api: Api) -> None:
    sandbox.configure(ticket_seconds=60)
    sandbox.fault(Fault("stuck", order_id=2))
    api.ship(1, 2)

    api.control("POST", "advance", {"seconds": 60})
    assert [ticket["state"] for ticket in api.tickets()] == ["succeed", "running"]
    api.control("POST", "release")
    assert [ticket["state"] for ticket in api.tickets()] == ["succeed", "succeed"]
    assert api.control("POST", "forget-tickets").document == {"forgotten": 2}
    assert api.tickets() == []
    assert Api(Sandbox()).control("POST", "advance", {"seconds": 1}).status == 409


def test_reset_starts_anew_and_may_spare_all_but_the_ledger(sandbox: Sandbox, api: Api) -> None:
    sandbox.configure(strict=True)
    sandbox.add_order(1)
    sandbox.fault(Fault("refuse", order_id=99))
    api.ship(1)

    kept = api.control("POST", "reset", {"only_ledger": True}).document
    assert (kept["requests"], kept["accepted"], kept["orders"], kept["faults"]) == (0, 0, 1, 1)

    gone = api.control("POST", "reset").document
    assert (gone["orders"], gone["tickets_by_state"], gone["faults"]) == (0, {}, 0)
    assert sandbox.settings.strict
    assert api.send("GET", "/v1/me").status == 200


@pytest.mark.parametrize(
    ("method", "path", "document", "status"),
    [
        ("GET", "nothing", None, 404),
        ("PUT", "settings", {}, 404),
        ("POST", "settings", {"strict": 1}, 422),
        ("POST", "settings", [], 422),
        ("POST", "faults", {"kind": "explode"}, 422),
        ("POST", "faults", ["drop"], 422),
        ("POST", "orders", {"id": 1, "colour": "blue"}, 422),
        ("POST", "orders", {"reference": "no id"}, 422),
        ("POST", "orders", {"id": "x"}, 422),
        ("POST", "stores", {}, 422),
        ("POST", "advance", {"seconds": "long"}, 422),
        ("GET", "ledger?page=0", None, 400),
    ],
)
def test_what_control_does_not_understand_is_said(
    api: Api, method: str, path: str, document: object, status: int
) -> None:
    answer = api.control(method, path, document)

    assert answer.status == status
    assert answer.document["detail"]


# The page


class Words(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def page(api: Api, query: str = "") -> str:
    response = api.raw("GET", f"/{query}")
    assert response.status == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return response.body.decode()


@pytest.mark.parametrize(
    ("show", "words"),
    [
        ("orders", ["1078495000000", "shipped, delivered", "6A1", "EBAY-REST-12345"]),
        ("operations", ["deliver", "Colissimo"]),
        ("tickets", ["order.notify.shipment", "succeed"]),
        ("requests", ["POST", "/v1/store/10/order/ship", "202"]),
        ("faults", ["refuse", "order_id=3", "for ever", "waiting"]),
        ("nonsense", ["1078495000000"]),
    ],
)
def test_the_page_shows_what_happened(sandbox: Sandbox, api: Api, show: str, words: list[str]) -> None:
    sandbox.load_samples()
    sandbox.fault(Fault("refuse", order_id=3, times=None))
    api.ship(1078495000000)
    api.operate("deliver", {"id": 1078495000000})

    text = Words(page(api, f"?show={show}")).text

    assert [word for word in words if word not in text] == []


def test_the_page_needs_nothing_else_and_refreshes_itself(api: Api) -> None:
    html = page(api)

    assert '<meta http-equiv="refresh" content="5">' in html
    assert not re.search(r"<script|src=|<link|https?://", html)
    assert "sandbox-token" not in html


def test_hostile_text_is_only_text(sandbox: Sandbox, api: Api) -> None:
    evil = "<script>alert(1)</script>\"'\ud800"
    sandbox.add_order(1, reference=evil, channel=evil)
    sandbox.add_store(11, name=evil)
    sandbox.fault(Fault("drop", path=evil, message=evil))
    api.ship(1, number=evil)
    api.send("GET", "/v1/<script>")

    for show in ("orders", "operations", "tickets", "requests", "faults"):
        assert "script" not in Words(page(api, f"?show={show}")).tags


def test_a_hundred_thousand_orders_fit_one_page_at_a_time(sandbox: Sandbox, api: Api) -> None:
    for order_id in range(1, 100_001):
        sandbox.add_order(order_id)

    first, last = Words(page(api)), Words(page(api, "?page=2000"))

    assert first.tags.count("tr") == 51
    assert "page 1 of 2,000" in first.text
    assert "SF-100000" in first.text
    assert "SF-1 " in last.text.replace("SF-1Amazon", "SF-1 ")


def test_an_empty_sandbox_says_what_to_do(api: Api) -> None:
    assert "No orders yet" in page(api)
    assert "everything works" in page(api, "?show=faults")
    assert api.raw("GET", "/?page=x").status == 400
    assert api.raw("GET", "/favicon.ico").status == 404
