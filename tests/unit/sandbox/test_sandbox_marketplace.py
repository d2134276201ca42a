"""What a marketplace does by itself: it cancels, refuses later, changes its mind, or shows nothing of what it heard."""

from __future__ import annotations

from typing import Any

import pytest

from shoppingfeed import Client
from shoppingfeed.sandbox import Fault, Sandbox
from tests.unit.sandbox.api import Api


def listed(api: Api, query: str) -> list[int]:
    page = api.get(f"/v1/store/10/order?{query}")
    return [order["id"] for order in page.get("_embedded", {}).get("order", [])]


def test_it_cancels_an_order_now_or_later(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1)
    sandbox.add_order(2)

    sandbox.change_order(1, status="cancelled")
    sandbox.change_order(2, status="refunded", in_seconds=60)

    assert listed(api, "status=cancelled,refunded") == [1]
    sandbox.advance(60)
    assert listed(api, "status=cancelled,refunded") == [1, 2]


def test_it_changes_its_mind(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1, status="cancelled")

    sandbox.change_order(1, status="waiting_shipment")

    assert (api.order(1)["status"], listed(api, "status=cancelled")) == ("waiting_shipment", [])


@pytest.mark.parametrize("misspelt", [False, True])
def test_it_refuses_later_and_the_date_of_that_is_spelt_in_two_ways(sandbox: Sandbox, api: Api, misspelt: bool) -> None:
    sandbox.add_order(1)
    api.ship(1)

    sandbox.change_order(1, status="waiting_shipment", error="ship", message="Unknown carrier", misspelt=misspelt)

    [error] = api.order(1)["errors"]
    assert (error["type"], error["message"]) == ("ship", "Unknown carrier")
    assert ("occuredAt" in error, "occurredAt" in error) == (misspelt, not misspelt)
    assert listed(api, "error=ship&status=waiting_shipment") == [1]


def test_an_unseen_ticket_succeeds_and_the_order_stays_as_it_was(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1)
    sandbox.fault(Fault("unseen", operation="ship"))

    api.ship(1)

    assert [ticket["state"] for ticket in api.tickets()] == ["succeed"]
    assert api.order(1)["status"] == "waiting_shipment"
    api.ship(1)
    assert api.order(1)["status"] == "shipped"
    assert sandbox.ledger.duplicates() == []


def test_a_refusal_comes_so_long_after_its_ticket(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1)
    sandbox.fault(Fault("refuse-later", operation="ship", seconds=3600, message="Unknown carrier"))

    api.ship(1)
    before = (api.tickets()[0]["state"], api.order(1)["errors"])
    sandbox.advance(3600)

    assert before == ("succeed", [])
    assert [error["message"] for error in api.order(1)["errors"]] == ["Unknown carrier"]
    assert api.order(1)["status"] == "waiting_shipment"


def test_a_later_success_takes_the_refusal_away(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1)
    sandbox.change_order(1, error="ship")

    api.ship(1)

    assert (api.order(1)["status"], api.order(1)["errors"]) == ("shipped", [])


@pytest.mark.parametrize("spelt", ["2026-01-05T12:00:00+02:00", "2026-01-05 12:00:00"])
def test_a_latest_ship_date_is_shown_as_it_was_given(sandbox: Sandbox, api: Api, spelt: str) -> None:
    sandbox.add_order(1, latest_ship_date=spelt)

    assert api.order(1)["latestShipDate"] == spelt


def test_a_latest_ship_date_in_seconds_is_written_with_its_zone(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1, latest_ship_date=sandbox.now())

    assert api.order(1)["latestShipDate"] == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize("wrong", [{"status": "lost"}, {"error": "refund"}])
def test_a_change_that_makes_no_sense_is_refused(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    sandbox.add_order(1)

    with pytest.raises(ValueError, match="it takes"):
        sandbox.change_order(1, **wrong)


def test_an_order_that_is_not_there_cannot_change(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="no order 7"):
        sandbox.change_order(7, status="cancelled")


def test_an_order_is_changed_over_http(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1)

    answer = api.send("POST", "/_sandbox/orders/1", {"status": "cancelled"})

    assert (answer.status, answer.document["status"]) == (200, "cancelled")
    assert api.send("POST", "/_sandbox/orders/2", {"status": "cancelled"}).status == 422
    assert api.send("POST", "/_sandbox/orders/x", {}).status == 404


def test_the_client_counts_and_filters_by_sets(sandbox: Sandbox) -> None:
    for order_id, status in enumerate(("waiting_shipment", "cancelled", "refunded"), start=1):
        sandbox.add_order(order_id, status=status)
    sandbox.change_order(1, error="ship")
    store = Client("sandbox-token", transport=sandbox.transport()).store(10)

    assert store.count_orders(status=["cancelled", "refunded"]) == 2
    assert [order.id for order in store.orders(error=["ship", "acknowledge"])] == [1]
    assert len(sandbox.ledger.requests) == 2
