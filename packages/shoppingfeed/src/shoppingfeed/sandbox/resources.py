"""What the API has beside orders, operations and tickets: test orders, documents, channels, warehouses, timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoppingfeed import channels
from shoppingfeed._transport import Response
from shoppingfeed.sandbox.answers import ProblemError, answer, hal_list
from shoppingfeed.sandbox.call import Call
from shoppingfeed.sandbox.clock import iso
from shoppingfeed.sandbox.market import Store
from shoppingfeed.sandbox.operations import read_json
from shoppingfeed.sandbox.orders import Order, channel_number
from shoppingfeed.sandbox.state import State

NOTHING = Response(204, {}, b"")
DOCUMENTS_KEPT = 30 * 24 * 3600.0
"""Seconds for which an order's documents are listed."""


def find_order(store: Store, order: str) -> Order:
    """Raises ProblemError 404."""
    if not (found := store.shelf.find(int(order))):
        raise ProblemError(404, f"The store {store.id} has no order {order}.")
    return found


def body_of(call: Call) -> Mapping[str, Any]:
    """The body, an object. Raises ProblemError."""
    document = read_json(call.body)
    if not isinstance(document, dict):
        raise ProblemError(422, "The body must be an object.")
    return document


# Test orders


def make_test_order(state: State, call: Call, store: Store) -> Response:
    """`channelId` and `items` are needed; it goes by itself after 30 days."""
    given = body_of(call)
    channel_id, items = given.get("channelId"), given.get("items")
    if not isinstance(channel_id, int) or isinstance(channel_id, bool) or channel_id < 1:
        raise ProblemError(422, "A test order needs a 'channelId'.")
    if not isinstance(items, list) or not items or not all(map(_is_item, items)):
        raise ProblemError(422, "A test order needs 'items', each with 'reference', 'quantity' and 'price'.")
    name = _named(state, store).get(channel_id, f"Channel {channel_id}")
    made = state.make_test_order(store, channel_id, name, items, reference=str(given.get("reference") or ""))
    return answer(made.whole_document(), 201)


def _is_item(item: Any) -> bool:
    if not isinstance(item, dict) or not item.get("reference"):
        return False
    quantity, price = item.get("quantity"), item.get("price")
    return type(quantity) is int and quantity > 0 and isinstance(price, int | float)


def remove_order(state: State, call: Call, store: Store, order: str) -> Response:
    """Test orders only."""
    found = find_order(store, order)
    if not found.is_test:
        raise ProblemError(403, f"The order {order} is no test order: it cannot be removed.")
    store.shelf.remove(found)
    return NOTHING


# Documents


def documents(state: State, call: Call, store: Store, order: str) -> Response:
    """Each with a status: `pending`, `sent` or `failed`."""
    since = state.now() - DOCUMENTS_KEPT
    kept = [each for each in find_order(store, order).documents if each.at >= since]
    return hal_list("document", kept, lambda each: each.document(), path=call.path, query=call.query)


# Channels


def _named(state: State, store: Store) -> dict[int, str]:
    """Channel id → name: those of the store's orders, and those that were added."""
    added = {channel_number(name): name for name in state.engines}
    return added | {order.channel_id: order.channel for order in store.shelf.all()}


def _channel(state: State, number: int, name: str) -> dict[str, Any]:
    known = channels.find(name)
    engine = state.engines.get(name.lower()) or (known.family if known else name.lower())
    return {"id": number, "name": name, "engine": engine, "_links": {"self": {"href": f"/v1/channel/{number}"}}}


def store_channels(state: State, call: Call, store: Store) -> Response:
    """Where the store sells."""
    rows = sorted(_named(state, store).items())
    return hal_list("channel", rows, lambda row: _channel(state, *row), path=call.path, query=call.query)


def one_channel(state: State, call: Call, channel: str) -> Response:
    """Of any store that the token opens."""
    for store in state.market.opened_by(call.token):
        if name := _named(state, store).get(int(channel)):
            return answer(_channel(state, int(channel), name))
    raise ProblemError(404, f"There is no channel {channel}.")


# Warehouses


def warehouses(state: State, call: Call, store: Store) -> Response:
    return hal_list("warehouse", store.warehouses.all(), dict, path=call.path, query=call.query)


def add_warehouse(state: State, call: Call, store: Store) -> Response:
    return answer(store.warehouses.add(body_of(call)), 201)


def one_warehouse(state: State, call: Call, store: Store, warehouse: str) -> Response:
    return answer(store.warehouses.find(int(warehouse)))


def change_warehouse(state: State, call: Call, store: Store, warehouse: str) -> Response:
    return answer(store.warehouses.change(int(warehouse), body_of(call)))


def remove_warehouse(state: State, call: Call, store: Store, warehouse: str) -> Response:
    store.warehouses.remove(int(warehouse))
    return NOTHING


# Timeline


def timeline(state: State, call: Call, store: Store) -> Response:
    """How much happened since this account looked last."""
    new, last = store.timeline.look(call.token)
    headers = {"X-New-Events-Count": str(new)}
    return Response(200, headers | ({"X-Last-Event-Timestamp": iso(last)} if last is not None else {}), b"")
