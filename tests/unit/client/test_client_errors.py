"""Answers become errors: refused, ambiguous, or not what the contract says; never anything else."""

from __future__ import annotations

import pickle
from functools import partial

import pytest

from shoppingfeed import (
    AmbiguousError,
    ApiError,
    AuthenticationError,
    Client,
    ContractError,
    InvalidRequestError,
    NoAnswerError,
    NotFoundError,
    NotSentError,
    RateLimitedError,
    Response,
    ServerError,
    Ship,
    ShoppingFeedError,
)
from tests.unit.client.scripted import BASE, TOKEN, Clock, ScriptedTransport, accepted, answer, client_for, page

PROBLEM = {"type": "about:blank", "title": "Not Authorized", "detail": "The token\nis revoked", "status": 401}
SHIP = [Ship(1078495000000, carrier="UPS", tracking_number="1Z")]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, NotFoundError),
        (400, InvalidRequestError),
        (405, InvalidRequestError),
        (409, InvalidRequestError),
        (413, InvalidRequestError),
        (415, InvalidRequestError),
        (422, InvalidRequestError),
        (418, InvalidRequestError),
    ],
)
def test_a_refusal_says_what_the_api_said(status: int, kind: type[ApiError]) -> None:
    transport = ScriptedTransport(answer(status, PROBLEM))
    with pytest.raises(kind) as raised:
        client_for(transport).store(10).send(SHIP)
    error = raised.value
    assert type(error) is kind
    assert (error.status, error.title, error.detail) == (status, "Not Authorized", "The token is revoked")
    assert error.request == f"POST {BASE}/v1/store/10/order/ship"
    assert error.request in str(error)
    assert "The token is revoked" in str(error)
    assert len(transport.received) == 1


@pytest.mark.parametrize(
    "response",
    [
        answer(500, PROBLEM),
        answer(502, b"<html>Bad gateway</html>"),
        answer(503),
        answer(408),
        answer(302, b"", {"location": "/login"}),
        answer(202, b""),
        answer(202, b"not json"),
        answer(202, b"\xff\xfe"),
        answer(202, {}),
        answer(202, {"id": None}),
        answer(202, {"id": ""}),
        answer(202, {"id": {"nested": 1}}),
        answer(202, ["batch"]),
        answer(204, b""),
    ],
    ids=lambda response: f"{response.status} {response.body[:20]!r}",
)
def test_an_operation_without_a_usable_answer_is_ambiguous_and_not_sent_again(response: Response) -> None:
    """R13, fault 5 of the old module: never mistaken for success, nor for a refusal."""
    transport = ScriptedTransport(response)
    with pytest.raises(AmbiguousError, match="may have been accepted") as raised:
        client_for(transport).store(10).send(SHIP)
    assert not isinstance(raised.value, ApiError)
    assert raised.value.status == response.status
    assert len(transport.received) == 1


@pytest.mark.parametrize("failure", [NotSentError("refused"), NoAnswerError("reset")])
def test_an_operation_whose_connection_fails_is_not_sent_again(failure: ShoppingFeedError) -> None:
    transport = ScriptedTransport(failure)
    with pytest.raises(type(failure)) as raised:
        client_for(transport).store(10).send(SHIP)
    assert raised.value.request == f"POST {BASE}/v1/store/10/order/ship"
    assert len(transport.received) == 1


def test_a_transport_that_breaks_in_its_own_way_leaves_the_operation_ambiguous() -> None:
    with pytest.raises(AmbiguousError) as raised:
        client_for(ScriptedTransport(RuntimeError("bug"))).store(10).send(SHIP)
    assert isinstance(raised.value.__cause__, RuntimeError)


def test_a_read_is_tried_once_more_when_its_connection_fails() -> None:
    clock = Clock()
    transport = ScriptedTransport(NoAnswerError("reset"), answer(200, {"timestamp": 5}))
    assert client_for(transport, clock).ping() is not None
    assert clock.slept == [0.2]


def test_a_read_is_tried_no_more_than_once_more() -> None:
    transport = ScriptedTransport(NotSentError("refused"), NotSentError("refused"))
    client = client_for(transport)
    with pytest.raises(NotSentError):
        client.ping()
    assert len(transport.received) == 2
    assert client.requests == 0


def test_a_failing_server_is_not_asked_twice() -> None:
    """Retries live at one level: 5xx is the caller's to try again."""
    transport = ScriptedTransport(answer(503, PROBLEM))
    with pytest.raises(ServerError) as raised:
        client_for(transport).ping()
    assert raised.value.status == 503


def test_a_429_is_waited_for_and_the_same_request_sent_again() -> None:
    clock = Clock()
    limited = answer(429, {}, {"x-ratelimit-wait": "1.25"})
    transport = ScriptedTransport(limited, limited, accepted())
    client = client_for(transport, clock)
    assert client.store(10).send(SHIP).batch_id == "batch-1"
    assert clock.slept == [1.25, 1.25]
    assert client.requests == 3
    assert transport.received[0] == transport.received[2]


def test_requests_are_counted_by_the_status_of_their_answer_and_by_store() -> None:
    limited, other = answer(429, {}, {"x-ratelimit-wait": "1"}), answer(200, {"timestamp": 5})
    transport = ScriptedTransport(
        limited, accepted(), NoAnswerError("reset"), other, NotSentError("refused"), accepted()
    )
    client = client_for(transport, Clock())
    store, another = client.store(10), client.store(10)
    store.send(SHIP)
    client.ping()
    with pytest.raises(NotSentError):
        another.send(SHIP)
    another.send(SHIP)
    assert client.answers == {429: 1, 202: 2, 0: 1, 200: 1}
    assert (store.answers, another.answers) == ({429: 1, 202: 1}, {202: 1})
    assert client.requests == 5


def test_patience_with_429_ends() -> None:
    clock = Clock()
    transport = ScriptedTransport(by=lambda _: answer(429, PROBLEM, {"x-ratelimit-wait": "7"}))
    with pytest.raises(RateLimitedError) as raised:
        client_for(transport, clock, rate_patience=20.0).store(10).send(SHIP)
    assert raised.value.wait == 7.0
    assert sum(clock.slept) == 14.0


def test_a_read_that_is_not_what_the_contract_says_names_the_request_and_shows_the_body() -> None:
    with pytest.raises(ContractError) as raised:
        client_for(ScriptedTransport(answer(200, b"<html>" + b"x" * 9_000))).store(10).order(7)
    error = raised.value
    assert "GET https://api.test/v1/store/10/order/7 was answered 200" in str(error)
    assert "expected JSON" in str(error)
    assert len(error.body) == 2_001


def test_a_redirected_read_hints_at_the_base_url() -> None:
    with pytest.raises(ContractError, match="base URL"):
        client_for(ScriptedTransport(answer(301, b""))).ping()


@pytest.mark.parametrize("status", [200, 401, 422, 500])
def test_the_token_is_in_no_error_and_no_repr(status: int) -> None:
    """Also where the API echoes it, as JSON or as PHP writes JSON."""
    echo = {"title": TOKEN, "detail": f"Bearer {TOKEN} is bad", "token": TOKEN}
    php = answer(status, answer(status, echo).body.replace(b"/", b"\\/"))
    for response in (answer(status, echo), php):
        client = client_for(ScriptedTransport(response, response, response))
        store = client.store(1)
        for ask in (client.ping, client.me, partial(store.send, SHIP)):
            with pytest.raises(ShoppingFeedError) as raised:
                ask()
            told = f"{raised.value!r} {raised.value} {raised.value.body} {client!r} {store!r}"
            assert "secret-token" not in told


def test_the_password_is_in_no_error() -> None:
    transport = ScriptedTransport(answer(401, {"title": "No", "detail": "hunter2 is wrong"}))
    with pytest.raises(AuthenticationError) as raised:
        Client.login("me@shop.test", "hunter2", base_url=BASE, transport=transport)
    assert "hunter2" not in f"{raised.value} {raised.value.body} {raised.value.detail} {transport.received!r}"


def test_what_the_api_says_cannot_forge_a_line_of_the_log() -> None:
    nasty = {"title": "No\r\n2024-01-01 ERROR all lost", "detail": "\u202eevil\x1b[2J" + "x" * 1_000}
    with pytest.raises(ApiError) as raised:
        client_for(ScriptedTransport(answer(422, nasty))).store(10).send(SHIP)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 700


def test_errors_travel_between_processes() -> None:
    with pytest.raises(ApiError) as raised:
        client_for(ScriptedTransport(answer(422, PROBLEM))).store(10).send(SHIP)
    copy = pickle.loads(pickle.dumps(raised.value))
    assert (str(copy), copy.status, copy.title) == (str(raised.value), 422, "Not Authorized")


def test_ambiguous_and_refused_share_no_class_but_the_root() -> None:
    assert set(AmbiguousError.__mro__) & set(ApiError.__mro__) == set(ShoppingFeedError.__mro__)
    assert set(NotSentError.__mro__) & set(AmbiguousError.__mro__) == set(ShoppingFeedError.__mro__)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "é", "\x7f"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ValueError, match="token must be") as raised:
        Client(token, transport=ScriptedTransport())
    assert not token or token not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.shopping-feed.com",
        "ftp://x",
        "https://",
        "https://user:pw@host",
        "https://h/?a=1",
        "http://[x",
        "http://a b",
    ],
)
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        Client("token", base_url=url, transport=ScriptedTransport())


def test_an_empty_page_is_not_mistaken_for_no_tickets() -> None:
    """R13: "there is no such ticket" decides that we send again, so nothing else may look like it."""
    store = client_for(ScriptedTransport(by=lambda _: answer(200, {"message": "maintenance"}))).store(10)
    with pytest.raises(ContractError, match="page of a list"):
        store.tickets(batch_id="b")
    assert list(client_for(ScriptedTransport(page("ticket", []))).store(10).tickets(batch_id="b").items) == []
