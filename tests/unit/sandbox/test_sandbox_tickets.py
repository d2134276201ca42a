"""Tickets through time, their lists and filters (api.md, Tickets)."""

from __future__ import annotations

import re

import pytest

from shoppingfeed.sandbox import ManualClock, Sandbox
from tests.unit.sandbox.api import Api


@pytest.fixture
def slow(sandbox: Sandbox) -> Sandbox:
    """Tickets that take a minute."""
    sandbox.configure(ticket_seconds=60)
    return sandbox


def test_a_ticket_is_scheduled_then_running_then_done(slow: Sandbox, api: Api) -> None:
    api.ship(1)
    states = [api.tickets()[0]["state"]]
    slow.advance(29)
    states.append(api.tickets()[0]["state"])
    slow.advance(1)
    states.append(api.tickets()[0]["state"])
    slow.advance(30)
    states.append(api.tickets()[0]["state"])

    assert states == ["scheduled", "scheduled", "running", "succeed"]


def test_a_ticket_tells_its_whole_story(slow: Sandbox, api: Api) -> None:
    slow.add_order(7, reference="R-7", channel="eBay")
    batch = api.ship(7, number="6A7")
    waiting = api.tickets()[0]
    assert (waiting["startedAt"], waiting["finishedAt"], waiting["result"]) == (None, None, None)
    slow.advance(3600)

    ticket = api.get(waiting["_links"]["self"]["href"])

    assert (ticket["batchId"], ticket["type"], ticket["state"]) == (batch, "order.notify.shipment", "succeed")
    assert [ticket[name][11:19] for name in ("scheduledAt", "startedAt", "finishedAt")] == [
        "00:00:00",
        "00:00:30",
        "00:01:00",
    ]
    payload = ticket["payload"]
    assert (payload["id"], payload["reference"], payload["channelName"], payload["trackingNumber"]) == (
        7,
        "R-7",
        "eBay",
        "6A7",
    )
    assert ticket["result"] == {"message": "The shipment was notified.", "data": None}


def test_an_order_changes_only_when_its_ticket_succeeds(slow: Sandbox, api: Api) -> None:
    slow.add_order(1)
    api.ship(1)
    slow.advance(59)
    assert api.order(1)["status"] == "waiting_shipment"

    slow.advance(1)

    assert api.order(1)["status"] == "shipped"


def test_the_ledger_is_up_to_date_without_another_request(slow: Sandbox, api: Api) -> None:
    api.ship(1)
    slow.advance(60)

    belief = slow.ledger.belief(1)

    assert belief is not None
    assert belief.status == "shipped"


def test_with_no_time_to_take_a_ticket_is_done_at_the_first_look(api: Api) -> None:
    batch = api.ship(1, 2)

    page = api.get(f"/v1/store/10/ticket?batchId={batch}")

    assert {ticket["state"] for ticket in page["_embedded"]["ticket"]} == {"succeed"}
    assert page["meta"] == {"processing": False}


def test_processing_is_told_for_the_whole_list_so_one_row_is_enough(slow: Sandbox, api: Api) -> None:
    early = api.ship(1)
    slow.advance(45)
    late = api.ship(2)
    slow.advance(15)

    def processing(query: str) -> bool:
        return bool(api.get(f"/v1/store/10/ticket?{query}")["meta"]["processing"])

    assert [processing(f"batchId={batch}&limit=1") for batch in (early, late)] == [False, True]
    assert processing("limit=1")
    assert api.get("/v1/store/10/ticket?state=processing&limit=1")["total"] == 1


def test_ids_are_hexadecimal_and_do_not_count_up(api: Api) -> None:
    batches = [api.ship(1, 2) for _ in range(5)]
    ids = [ticket["id"] for ticket in api.tickets()]

    assert all(re.fullmatch("[0-9a-f]{32}", id_) for id_ in batches + ids)
    assert len(set(batches + ids)) == 15
    assert ids != sorted(ids)


@pytest.fixture
def mixed(slow: Sandbox, api: Api) -> Api:
    """A ship of 1 that succeeded, a cancel of 1 that failed, a deliver of 2 that runs, a ship of 3 just scheduled."""
    api.ship(1)
    slow.advance(60)
    api.operate("cancel", {"id": 1})
    slow.advance(60)
    api.operate("deliver", {"id": 2})
    slow.advance(40)
    api.ship(3)
    return api


@pytest.mark.parametrize(
    ("query", "orders"),
    [
        ("", [1, 1, 2, 3]),
        ("state=succeed", [1]),
        ("state=failed", [1]),
        ("state=canceled", []),
        ("state=running", [2]),
        ("state=scheduled", [3]),
        ("state=scheduled,running", [2, 3]),
        ("state=processing", [2, 3]),
        ("state=processed", [1, 1]),
        ("state=succeed,running", [1, 2]),
        ("type=order", [1, 1, 2, 3]),
        ("type=order.notify.shipment", [1, 3]),
        ("type=order.notify.cancellation", [1]),
        ("type=ord", []),
        ("type=inventory", []),
        ("type=order&payloadId=1", [1, 1]),
        ("type=order.notify.shipment&payloadId=1", [1]),
        ("type=order&payloadId=1&state=failed", [1]),
        ("type=order&payloadId=99", []),
        ("batchId=unknown", []),
    ],
)
def test_the_filters_of_a_list(mixed: Api, query: str, orders: list[int]) -> None:
    assert [ticket["payload"]["id"] for ticket in mixed.tickets(query)] == orders


@pytest.mark.parametrize("query", ["state=lost", "payloadId=1", "type=inventory&payloadId=1", "type=order&payloadId=x"])
def test_a_filter_that_makes_no_sense_is_a_400(api: Api, query: str) -> None:
    assert api.send("GET", f"/v1/store/10/ticket?{query}").status == 400


def test_following_next_walks_a_batch_page_by_page(api: Api) -> None:
    path: str | None = api.operate("ship", *[{"id": n} for n in range(1, 8)])["_links"]["ticket"]["href"] + "&limit=3"
    orders = []

    while path:
        page = api.get(path)
        orders.append([ticket["payload"]["id"] for ticket in page["_embedded"]["ticket"]])
        path = page["_links"].get("next", {}).get("href")

    assert orders == [[1, 2, 3], [4, 5, 6], [7]]


def test_two_stores_keep_their_tickets_apart(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_store(11)
    batch = api.operate("ship", {"id": 1}, store=11)["id"]

    assert api.tickets(f"batchId={batch}") == []
    ticket = api.get(f"/v1/store/11/ticket?batchId={batch}")["_embedded"]["ticket"][0]
    assert api.send("GET", f"/v1/store/10/ticket/{ticket['id']}").status == 404


def test_tickets_of_one_order_end_in_the_order_they_came(slow: Sandbox, api: Api) -> None:
    api.ship(1)
    slow.configure(ticket_seconds=10)
    api.operate("cancel", {"id": 1})
    slow.advance(100)

    states = [(ticket["type"], ticket["state"]) for ticket in api.tickets()]

    # The cancel took less time, so it went first, and the ship of a cancelled order was refused.
    assert states == [("order.notify.shipment", "failed"), ("order.notify.cancellation", "succeed")]


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("acknowledge", "order.acknowledge"),
        ("unacknowledge", "order.unacknowledge"),
        ("accept", "order.notify.acceptance"),
        ("refuse", "order.notify.refusal"),
        ("cancel", "order.notify.cancellation"),
        ("ship", "order.notify.shipment"),
        ("refund", "order.notify.refund"),
        ("deliver", "order.notify.delivery"),
    ],
)
def test_every_operation_has_its_type(api: Api, operation: str, kind: str) -> None:
    api.operate(operation, {"id": 1, "refund": {"shipping": True, "products": []}})

    assert api.tickets()[0]["type"] == kind


def test_ten_thousand_orders_stay_quick_to_look_up() -> None:
    """No list walks through everything for each batch."""
    sandbox = Sandbox(clock=ManualClock())
    api = Api(sandbox)
    batches = [api.ship(*range(start, start + 100)) for start in range(1, 10_001, 100)]

    done = sum(len(api.tickets(f"batchId={batch}&limit=100")) for batch in batches)

    assert done == 10_000
    assert sandbox.ledger.duplicates() == []
    assert len(sandbox.ledger.sends()) == len(sandbox.ledger.looks()) == 100
