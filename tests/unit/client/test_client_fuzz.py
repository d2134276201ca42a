"""Whatever the API answers, the client raises one of its own errors or returns values of the promised types."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoppingfeed import Accepted, Order, Ship, Shipment, ShoppingFeedError, Ticket
from shoppingfeed._client import Account
from tests.unit.client.scripted import ScriptedTransport, answer, client_for

# fmt: off
KEYS = st.sampled_from(
    [
        "id", "batchId", "state", "type", "payload", "result", "message", "_embedded", "order", "ticket",
        "store", "shipment", "_links", "next", "href", "page", "pages", "count", "total", "meta",
        "processing", "report", "reference", "channelName", "errors", "isTest", "createdAt", "storeId",
        "title", "detail", "timestamp", "login", "roles", "channel", "name", "status", "trackingNumber",
    ]
)
# fmt: on
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**19), 2**63, 0, 1, 7])
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["/v1/store/10/order?page=9", "true", "failed", "\ud800", "nul\0", "9" * 30, "2024-13-45", "١٢"])
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=25
)
NEARLY_A_PAGE = st.builds(
    lambda name, items, rest: {**rest, "_embedded": {name: items}},
    st.sampled_from(["order", "ticket", "shipment", "store"]),
    st.lists(st.dictionaries(KEYS, JSON, max_size=5), max_size=3) | JSON,
    st.dictionaries(KEYS, JSON, max_size=4),
)
BODIES = st.binary(max_size=60) | (JSON | NEARLY_A_PAGE).map(lambda value: json.dumps(value).encode())
STATUSES = st.sampled_from([200, 202, 204, 301, 400, 401, 404, 408, 422, 429, 500, 503, 999])
HEADERS = st.dictionaries(
    st.sampled_from(["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-wait", "retry-after"]),
    st.text(max_size=6) | st.sampled_from(["10/2", "nan", "1e999", "-1", "0", "٣"]),
)


def must_be_showable(error: ShoppingFeedError) -> None:
    assert str(error).isprintable()
    assert len(error.body) <= 2_001
    assert f"{error!r} {error}".encode()


def ask_everything(response: Any) -> None:
    client = client_for(ScriptedTransport(by=lambda _: response), rate_patience=1.0, pace=True)
    store = client.store(10)
    questions: dict[Callable[[], Any], Any] = {
        client.ping: object,
        client.me: Account,
        lambda: store.order(7): Order,
        lambda: next(store.orders(), None): Order | None,
        lambda: store.shipments(7): tuple,
        lambda: store.ticket("t"): Ticket,
        lambda: [(each.order_id, each.operation, each.reference, each.done) for each in store.tickets().items]: list,
        lambda: store.send([Ship(1)]): Accepted,
    }
    for question, kind in questions.items():
        try:
            found = question()
        except ShoppingFeedError as error:
            must_be_showable(error)
        else:
            assert isinstance(found, kind)
            if isinstance(found, Order | Ticket | Accepted | Shipment):
                shown = found.reference if isinstance(found, Order) else repr(found)
                assert "\0" not in shown.encode().decode()


@settings(max_examples=300, deadline=None)
@given(STATUSES, BODIES, HEADERS)
def test_any_answer_is_read_or_refused(status: int, body: bytes, headers: dict[str, str]) -> None:
    ask_everything(answer(status, body, headers))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b"NaN",
        b"Infinity",
        b'{"id": NaN, "page": Infinity}',
        b'{"id": ' + b"9" * 5_000 + b"}",
        b'{"id": 1e999, "total": -Infinity}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"id": 1, "_embedded": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"id":1,"id":null}',
        b'"\\ud800"',
        b'{"page":1,"_embedded":{"ticket":[{"id":"\\ud800","state":"\\u0000"}]}}',
        b"\x00" * 100,
    ],
    ids=lambda body: repr(body[:24]),
)
@pytest.mark.parametrize("status", [200, 422, 500])
def test_hostile_bodies(status: int, body: bytes) -> None:
    ask_everything(answer(status, body))
