"""Ping, passwords, tokens, stores, paths and the rate limit (api.md, Transport and Session)."""

from __future__ import annotations

import json

import pytest

from shoppingfeed.sandbox import ManualClock, Sandbox
from tests.unit.sandbox.api import Api


def test_ping_tells_the_time_without_a_token(sandbox: Sandbox) -> None:
    assert Api(sandbox, token="").get("/v1/ping") == {"timestamp": 1_767_225_600}


def test_a_password_gives_the_token(api: Api) -> None:
    form = {"grant_type": "password", "username": "sandbox", "password": "sandbox"}

    answer = api.send("POST", "/v1/auth", form)

    assert (answer.status, answer.document["access_token"]) == (200, "sandbox-token")


def test_a_password_may_come_as_a_form(api: Api) -> None:
    body = b"grant_type=password&username=sandbox&password=sandbox"

    response = api.raw("POST", "/v1/auth", body, content_type="application/x-www-form-urlencoded")

    assert json.loads(response.body)["access_token"] == "sandbox-token"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"grant_type": "password", "username": "sandbox", "password": "guess"}, 401),
        ({"grant_type": "client_credentials"}, 400),
        (["grant_type"], 422),
    ],
)
def test_a_wrong_password_gives_nothing(api: Api, form: object, status: int) -> None:
    assert api.send("POST", "/v1/auth", form).status == status


def test_me_lists_every_store_of_the_token_with_templated_links(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_store(11, name="Second shop", country="ES", status="suspended")
    sandbox.add_store(12, token="other")

    me = api.get("/v1/me")

    assert (me["login"], me["email"], me["language"]) == ("sandbox", "sandbox@example.com", "fr_FR")
    assert me["_embedded"]["account"] == {"id": 1}
    stores = me["_embedded"]["store"]
    assert [(s["id"], s["country"], s["status"]) for s in stores] == [(10, "FR", "active"), (11, "ES", "suspended")]
    assert stores[0]["_links"]["order"] == {"href": "/v1/store/10/order{/operation}", "templated": True}
    assert {"ticket", "inventory", "pricing", "channel"} < set(stores[0]["_links"])


def test_two_stores_have_logins_of_their_own(sandbox: Sandbox) -> None:
    sandbox.add_store(12, token="other", username="ann", password="secret")

    form = {"grant_type": "password", "username": "ann", "password": "secret"}

    assert Api(sandbox).send("POST", "/v1/auth", form).document["access_token"] == "other"
    assert Api(sandbox, token="other").get("/v1/store/12")["name"] == "Store 12"


@pytest.mark.parametrize("token", ["", "guess"])
def test_a_missing_or_wrong_token_is_a_problem_document(sandbox: Sandbox, token: str) -> None:
    answer = Api(sandbox, token=token).send("GET", "/v1/me")

    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.document["title"], answer.document["status"]) == ("Not Authorized", 401)
    assert set(answer.document) == {"type", "title", "detail", "status"}


def test_a_revoked_token_opens_nothing_and_a_renewed_one_does(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1)
    sandbox.revoke("sandbox-token")
    assert api.send("GET", "/v1/store/10/order").status == 401

    sandbox.add_store(10, token="renewed")

    assert Api(sandbox, token="renewed").get("/v1/store/10/order")["total"] == 1


def test_a_token_does_not_open_another_store(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_store(12, token="other")

    assert api.send("GET", "/v1/store/12/order").status == 403
    assert api.send("POST", "/v1/store/12/order/ship", {"order": [{"id": 1}]}).status == 403
    assert sandbox.ledger.accepted == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/v2/me", 404),
        ("POST", "/v1/store/10/order/explode", 404),
        ("GET", "/v1/store/10/order/ship", 405),
        ("PUT", "/v1/store/10/order/5", 405),
        ("POST", "/v1/me", 405),
        ("GET", "/v1/store/10/order/5", 404),
        ("GET", "/v1/store/10/order/5/shipment", 404),
        ("GET", "/v1/store/10/ticket/unknown", 404),
        ("GET", f"/v1/store/{'9' * 5000}/order", 404),
    ],
)
def test_what_is_not_there_is_said_so(api: Api, method: str, path: str, status: int) -> None:
    answer = api.send(method, path)

    assert (answer.status, answer.document["status"]) == (status, status)


def test_an_address_that_cannot_be_read_is_refused(sandbox: Sandbox) -> None:
    from shoppingfeed._transport import Request

    assert sandbox.handle(Request("GET", "http://[", {})).status == 400


def test_ten_requests_in_two_seconds_and_then_429_with_the_wait() -> None:
    clock = ManualClock()
    api = Api(Sandbox(clock=clock, rate_limit=(10, 2)))
    headers = [api.send("GET", "/v1/me").headers for _ in range(10)]
    clock.advance(0.5)

    refused = api.send("GET", "/v1/me")

    assert headers[0]["x-ratelimit-limit"] == "10/2"
    assert [h["x-ratelimit-remaining"] for h in headers] == [str(n) for n in range(9, -1, -1)]
    assert (refused.status, refused.headers["x-ratelimit-wait"]) == (429, "1.500")
    clock.advance(1.5)
    assert api.send("GET", "/v1/me").status == 200


def test_the_limit_is_per_token_and_a_refusal_accepts_nothing(sandbox: Sandbox) -> None:
    sandbox.add_store(11, token="other")
    sandbox.configure(rate_limit=(1, 2))
    first, second = Api(sandbox), Api(sandbox, token="other")
    first.get("/v1/me")

    answer = first.send("POST", "/v1/store/10/order/ship", {"order": [{"id": 1}]})

    assert answer.status == 429
    assert sandbox.ledger.accepted == []
    assert second.send("GET", "/v1/me").status == 200


def test_without_a_limit_the_headers_are_absent(api: Api) -> None:
    assert not [name for name in api.send("GET", "/v1/me").headers if name.startswith("x-ratelimit")]


@pytest.mark.parametrize(
    "settings",
    [
        {"rate_limit": [10]},
        {"rate_limit": [0, 2]},
        {"rate_limit": "10/2"},
        {"ticket_seconds": -1},
        {"ticket_seconds": "soon"},
        {"strict": "yes"},
        {"colour": "blue"},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_with_a_sentence(
    sandbox: Sandbox, settings: dict[str, object]
) -> None:
    before = sandbox.settings

    with pytest.raises(ValueError, match=next(iter(settings))):
        sandbox.configure(**settings)

    assert sandbox.settings == before


def test_secrets_are_in_no_repr(sandbox: Sandbox) -> None:
    sandbox.add_store(11, token="hush", username="ann", password="secret")

    shown = f"{sandbox!r} {sandbox.market.stores!r}"

    assert "hush" not in shown
    assert "sandbox-token" not in shown


def test_time_can_only_be_advanced_on_a_manual_clock() -> None:
    with pytest.raises(RuntimeError, match="real clock"):
        Sandbox().advance(1)
