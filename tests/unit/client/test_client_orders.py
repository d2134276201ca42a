"""Session, orders and pages: what the API says, read."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from shoppingfeed import Client, ContractError, NotFoundError, StoreInfo
from tests.unit.client.scripted import BASE, ScriptedTransport, answer, client_for, page

SAMPLES = sorted((Path(__file__).parents[2] / "data" / "orders").glob("*.json"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_real_order_is_read(path: Path) -> None:
    raw = json.loads(path.read_bytes())
    order = client_for(ScriptedTransport(answer(200, raw))).store(raw["storeId"]).order(raw["id"])
    assert (order.id, order.store_id, order.channel_id) == (raw["id"], raw["storeId"], raw["channelId"])
    assert (order.reference, order.status) == (raw["reference"], raw["status"])
    assert order.channel == raw["_embedded"]["channel"]["name"]
    assert order.carrier == raw["shipment"]["carrier"]
    assert order.tracking_number == raw["shipment"].get("trackingNumber", "")
    assert order.fulfilled_by == raw.get("fulfilledBy", "")
    assert order.created_at is not None
    assert order.created_at.tzinfo is not None
    assert (order.acknowledged_at is None) == (not raw["acknowledgedAt"])
    assert order.raw == raw


def test_there_are_samples() -> None:
    assert len(SAMPLES) == 20


def test_an_order_in_detail() -> None:
    raw = {
        "id": "18089105066",
        "storeId": 10,
        "isTest": "true",
        "createdAt": "2022-10-05T11:45:35+02:00",
        "updatedAt": "0000-00-00 00:00:00",
        "acknowledgedAt": "2022-10-05 12:13:35",
        "shipment": {"carrier": None, "trackingNumber": 123},
        "errors": [{"type": "ship", "message": "Unknown carrier"}, "plain", {}, 5, None],
        "reference": "nul\0 and \ud800",
    }
    order = client_for(ScriptedTransport(answer(200, raw))).store(10).order(18089105066)
    assert order.id == 18089105066
    assert order.created_at == datetime(2022, 10, 5, 11, 45, 35, tzinfo=timezone(timedelta(hours=2)))
    assert order.updated_at is None
    assert order.acknowledged_at == datetime(2022, 10, 5, 12, 13, 35, tzinfo=UTC)
    assert (order.carrier, order.tracking_number, order.is_test) == ("", "123", True)
    assert [error.message for error in order.errors] == ["Unknown carrier", "plain", "5"]
    assert [error.type for error in order.errors] == ["ship", "", ""]
    assert order.reference == "nul and ?"
    assert "Unknown" not in repr(order.raw.get("channel"))


@pytest.mark.parametrize(
    ("said", "read", "has_zone"),
    [
        ("2022-11-21T23:05:10+02:00", datetime(2022, 11, 21, 21, 5, 10, tzinfo=UTC), True),
        ("2022-10-07 11:46:31", datetime(2022, 10, 7, 11, 46, 31, tzinfo=UTC), False),
        ("0000-00-00 00:00:00", None, False),
        ("0001-01-01T00:00:00", None, False),
        ("soon", None, False),
        ("", None, False),
        (None, None, False),
    ],
)
def test_a_latest_ship_date_with_a_zone_or_without(said: object, read: datetime | None, has_zone: bool) -> None:
    """R25."""
    raw = {"id": 7, "latestShipDate": said}
    order = client_for(ScriptedTransport(answer(200, raw))).store(10).order(7)
    assert (order.latest_ship_date, order.latest_ship_date_has_zone) == (read, has_zone)


@pytest.mark.parametrize("key", ["occurredAt", "occuredAt"])
def test_the_date_of_an_error_in_both_spellings(key: str) -> None:
    """R32."""
    raw = {"id": 7, "errors": [{"type": "ship", "message": "no", key: "2022-10-05T11:45:35+02:00"}]}
    [error] = client_for(ScriptedTransport(answer(200, raw))).store(10).order(7).errors
    assert error.occurred_at == datetime(2022, 10, 5, 9, 45, 35, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw", [{}, [], None, 5, "order", {"id": 0}, {"id": -1}, {"id": True}, {"id": 2**63}, {"id": 1.5}]
)
def test_an_order_without_an_id_is_not_an_order(raw: object) -> None:
    with pytest.raises(ContractError, match="an order with a numeric id"):
        client_for(ScriptedTransport(answer(200, raw))).store(10).order(7)


def test_an_unknown_order_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        client_for(ScriptedTransport(answer(404, {"title": "Not Found"}))).store(10).order(7)


def test_two_ships_show_as_two_shipments() -> None:
    """R13: a ship sent twice is a visible duplicate."""
    shipped = {"carrier": "UPS", "trackingNumber": "1Z", "trackingLink": "https://t.test/1Z"}
    found = client_for(ScriptedTransport(page("shipment", [shipped, shipped]))).store(10).shipments(7)
    assert [each.tracking_number for each in found] == ["1Z", "1Z"]
    assert found[0].tracking_link == "https://t.test/1Z"


def orders(*numbers: int) -> list[dict[str, int]]:
    return [{"id": number} for number in numbers]


def linked(href: str) -> dict[str, Any]:
    return {"_links": {"next": {"href": href}}}


def ids_from(*answers: Any, **filters: Any) -> tuple[list[int], list[str]]:
    transport = ScriptedTransport(*answers)
    found = [order.id for order in client_for(transport).store(10).orders(**filters)]
    return found, transport.urls


def test_next_links_are_followed_as_they_are() -> None:
    found, urls = ids_from(
        page("order", orders(1, 2), **linked("/v1/store/10/order?page=2&token%5B%5D=x")),
        page("order", orders(3), **linked(f"{BASE}/v1/store/10/order?cursor=abc")),
        page("order", orders(4)),
    )
    assert found == [1, 2, 3, 4]
    assert urls[1:] == ["/v1/store/10/order?page=2&token%5B%5D=x", "/v1/store/10/order?cursor=abc"]


@pytest.mark.parametrize(
    "numbers",
    [
        lambda number: {"page": number, "pages": 3},
        lambda number: {"total": 5},
        lambda number: {"page": str(number), "pages": "3"},
    ],
    ids=["pages", "total", "as text"],
)
def test_without_links_pages_are_counted(numbers: Callable[[int], dict[str, Any]]) -> None:
    found, urls = ids_from(
        page("order", orders(1, 2), **numbers(1)),
        page("order", orders(3, 4), **numbers(2)),
        page("order", orders(5), **numbers(3)),
        limit=2,
    )
    assert found == [1, 2, 3, 4, 5]
    assert [url.rpartition("=")[2] for url in urls] == ["1", "2", "3"]


def test_without_any_number_a_page_that_is_not_full_is_the_last() -> None:
    found, _ = ids_from(page("order", orders(1, 2)), page("order", orders(3)), limit=2)
    assert found == [1, 2, 3]


def test_pages_are_fetched_as_they_are_needed() -> None:
    transport = ScriptedTransport(page("order", orders(1, 2), pages=9), page("order", orders(3, 4), pages=9))
    found = client_for(transport).store(10).orders()
    assert transport.received == []
    assert [next(found).id, next(found).id] == [1, 2]
    assert len(transport.received) == 1
    assert next(found).id == 3


@pytest.mark.parametrize("empty", [{"total": 0}, {"count": 0}, {"_embedded": {}}, {"_embedded": []} | {"page": 1}])
def test_an_empty_list_may_lack_its_items(empty: dict[str, Any]) -> None:
    assert ids_from(answer(200, empty))[0] == []


def test_an_empty_page_ends_the_list_whatever_it_announces() -> None:
    found, _ = ids_from(page("order", orders(1), pages=9), page("order", [], pages=9, **linked("/v1/x?page=3")))
    assert found == [1]


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.test/v1/store/10/order?page=2",
        "http://api.test/v1/store/10/order?page=2",
        "https://api.test:8443/v1",
        "https://user@api.test/v1",
        "//evil.test/v1",
        "javascript:alert(1)",
        "http://[broken",
        "/v1/line\nbreak",
        "/v1/é",
    ],
)
def test_the_token_is_never_taken_to_another_server(href: str) -> None:
    transport = ScriptedTransport(page("order", orders(1), **linked(href)))
    with pytest.raises(ContractError, match="a next link to the same server"):
        list(client_for(transport).store(10).orders())
    assert len(transport.received) == 1


def test_a_list_that_goes_round_in_circles_is_noticed() -> None:
    transport = ScriptedTransport(by=lambda _: page("order", orders(1), **linked("/v1/store/10/order?page=2")))
    with pytest.raises(ContractError, match="not read before"):
        list(client_for(transport).store(10).orders())
    assert len(transport.received) == 2


def test_a_server_that_ignores_the_page_number_is_noticed() -> None:
    transport = ScriptedTransport(by=lambda _: page("order", orders(1), page=1, pages=3))
    with pytest.raises(ContractError, match="expected page 2, not page 1"):
        list(client_for(transport).store(10).orders())


@pytest.mark.parametrize(
    "body",
    [
        {"count": 3},
        {"page": 1, "total": 3},
        {"_embedded": {"order": [1]}},
        {"_embedded": {"order": "many"}},
        {"_embedded": {"order": [{"id": 1}, None]}},
    ],
)
def test_a_page_that_contradicts_itself_is_not_read_as_empty(body: object) -> None:
    with pytest.raises(ContractError):
        ids_from(answer(200, body))


@pytest.mark.parametrize(
    "filters",
    [
        {"status": ""},
        {"status": []},
        {"reference": ""},
        {"limit": 0},
        {"since": datetime(2024, 1, 1)},  # noqa: DTZ001  that is the point
    ],
    ids=str,
)
def test_a_filter_that_would_mean_something_else_is_refused(filters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"filter|limit|time zone"):
        ids_from(**filters)


ME = {
    "login": "shop",
    "email": "me@shop.test",
    "token": "very/secret-token",
    "language": "fr_FR",
    "roles": ["user"],
    "_embedded": {"account": {"id": 3}, "store": [{"id": 10, "name": "Main", "country": "FR", "status": "active"}]},
}


@pytest.mark.parametrize("shape", [lambda stores: stores, lambda stores: stores[0]], ids=["a list", "one object"])
def test_me_tells_which_stores_the_token_opens(shape: Callable[[Any], Any]) -> None:
    body = {**ME, "_embedded": {"store": shape(ME["_embedded"]["store"])}}  # type: ignore[index]
    account = client_for(ScriptedTransport(answer(200, body))).me()
    assert account.stores == (StoreInfo(10, "Main", "FR", "active"),)
    assert (account.login, account.email, account.language, account.roles) == (
        "shop",
        "me@shop.test",
        "fr_FR",
        ("user",),
    )
    assert "secret" not in repr(account)


@pytest.mark.parametrize("body", [{}, [], {"_embedded": {"store": [{"name": "no id"}]}}, {"_embedded": {"store": 5}}])
def test_an_account_of_another_shape_is_an_error_that_hides_its_body(body: object) -> None:
    with pytest.raises(ContractError) as raised:
        client_for(ScriptedTransport(answer(200, body))).me()
    assert "not shown" in raised.value.body


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (1709294400, datetime(2024, 3, 1, 12, tzinfo=UTC)),
        ("2024-03-01T12:00:00+00:00", datetime(2024, 3, 1, 12, tzinfo=UTC)),
        ("soon", None),
        (2**62, None),
    ],
)
def test_ping_tells_the_time_of_the_api(timestamp: object, expected: datetime | None) -> None:
    assert client_for(ScriptedTransport(answer(200, {"timestamp": timestamp}))).ping() == expected


def test_a_store_is_chosen_by_its_id_without_asking() -> None:
    transport = ScriptedTransport()
    assert client_for(transport).store(29573).id == 29573
    assert transport.received == []
    with pytest.raises(ValueError, match="store"):
        client_for(transport).store(0)


def test_a_base_url_may_have_a_path_and_a_slash() -> None:
    transport = ScriptedTransport(answer(200, {"timestamp": 1}))
    Client("token", base_url="http://127.0.0.1:8800/sf/", transport=transport).ping()
    assert transport.received[0].url == "http://127.0.0.1:8800/sf/v1/ping"


def test_a_transport_that_was_given_stays_open_and_its_own_is_closed() -> None:
    transport = ScriptedTransport()
    with client_for(transport):
        pass
    assert not transport.closed
    with Client("token", base_url="http://127.0.0.1:9") as own:
        assert repr(own) == "Client('http://127.0.0.1:9')"
    with pytest.raises(RuntimeError, match="closed"):
        own._transport._client.get("http://127.0.0.1:9")  # type: ignore[attr-defined]


@pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": 5.5}, {"access_token": "two words"}, []])
def test_a_login_without_a_usable_token_is_not_a_login(body: object) -> None:
    transport = ScriptedTransport(answer(200, body))
    with pytest.raises(ContractError, match="expected an access_token") as raised:
        Client.login("me", "pw", base_url=BASE, transport=transport)
    assert "two words" not in raised.value.body


@pytest.mark.parametrize("options", [{"concurrency": 0}, {"concurrency": 65}, {"user_agent": "line\nbreak"}])
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        client_for(ScriptedTransport(), **options)
