"""The paths of the API, and what each answers (api.md)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from shoppingfeed._transport import Response
from shoppingfeed.sandbox import resources
from shoppingfeed.sandbox.answers import ProblemError, answer, hal_list, shuffled
from shoppingfeed.sandbox.call import Call
from shoppingfeed.sandbox.faults import Fault, Stage
from shoppingfeed.sandbox.market import Batch, Store
from shoppingfeed.sandbox.operations import read_json
from shoppingfeed.sandbox.orders import Order
from shoppingfeed.sandbox.resources import find_order
from shoppingfeed.sandbox.state import State
from shoppingfeed.sandbox.tickets import TYPES


def respond(state: State, call: Call) -> Response:
    """What the API answers. Raises ProblemError."""
    for pattern, endpoints in _ROUTES:
        if not (found := pattern.fullmatch(call.path)):
            continue
        if call.method not in endpoints:
            allowed = ", ".join(endpoints)
            raise ProblemError(405, f"{call.path} takes {allowed}, not {call.method}.", {"allow": allowed})
        if pattern in _OPEN_PATHS:
            return endpoints[call.method](state, call)
        stores = _authorised(state, call)
        if "store" not in pattern.groupindex:
            return endpoints[call.method](state, call, **found.groupdict())
        store = _chosen(stores, int(found["store"]))
        return endpoints[call.method](state, call, store, **_rest(found))
    raise ProblemError(404, f"There is nothing at {call.path}.")


def _rest(found: re.Match[str]) -> dict[str, str]:
    return {name: text for name, text in found.groupdict().items() if name != "store"}


def _authorised(state: State, call: Call) -> list[Store]:
    if not call.token:
        raise ProblemError(401, "The header 'Authorization: Bearer <token>' is missing.")
    stores = state.market.opened_by(call.token)
    if not stores:
        raise ProblemError(401, "The token is not valid.")
    return stores


def _chosen(stores: list[Store], store_id: int) -> Store:
    for store in stores:
        if store.id == store_id:
            return store
    raise ProblemError(403, f"The token does not open the store {store_id}.")


def _ping(state: State, call: Call) -> Response:
    return answer({"timestamp": int(state.now())})


def _auth(state: State, call: Call) -> Response:
    form = _form(call)
    if form.get("grant_type") != "password":
        raise ProblemError(400, "'grant_type' must be 'password'.")
    token = state.token_of(str(form.get("username", "")), str(form.get("password", "")))
    if token is None:
        raise ProblemError(401, "The user name or the password is wrong.")
    return answer({"access_token": token, "token_type": "Bearer"})


def _form(call: Call) -> Mapping[str, Any]:
    if "x-www-form-urlencoded" in call.headers.get("content-type", ""):
        return dict(parse_qsl(call.body.decode("utf-8", "replace")))
    document = read_json(call.body)
    if not isinstance(document, dict):
        raise ProblemError(422, "The body must be an object.")
    return document


def _me(state: State, call: Call) -> Response:
    stores = state.market.opened_by(call.token)
    return answer(
        {
            "login": state.username,
            "email": f"{state.username}@example.com",
            "token": call.token,
            "language": "fr_FR",
            "roles": ["user"],
            "_links": {"self": {"href": "/v1/me"}},
            "_embedded": {"account": {"id": 1}, "store": [_store_document(store) for store in stores]},
        }
    )


def _store_document(store: Store) -> dict[str, Any]:
    base = f"/v1/store/{store.id}"
    links: dict[str, Any] = {name: {"href": f"{base}/{name}"} for name in ("ticket", "inventory", "pricing", "channel")}
    links["order"] = {"href": f"{base}/order{{/operation}}", "templated": True}
    links["self"] = {"href": base}
    return {"id": store.id, "name": store.name, "country": store.country, "status": store.status, "_links": links}


def _one_store(state: State, call: Call, store: Store) -> Response:
    """With what only the store itself tells."""
    new = sum(not order.acknowledged for order in store.shelf.all())
    return answer(_store_document(store) | {"subscriptionPlan": "sandbox", "_embedded": {"order": {"newCount": new}}})


def _orders(state: State, call: Call, store: Store) -> Response:
    orders = store.shelf.select(call.query)
    if _is_shuffled(state, call):
        orders = shuffled(orders)
    return hal_list("order", orders, Order.document, path=call.path, query=call.query)


def _one_order(state: State, call: Call, store: Store, order: str) -> Response:
    return answer(find_order(store, order).whole_document())


def _shipments(state: State, call: Call, store: Store, order: str) -> Response:
    shipments = find_order(store, order).shipments
    return hal_list("shipment", shipments, dict, path=call.path, query=call.query)


def _operate(state: State, call: Call, store: Store, operation: str) -> Response:
    if operation not in TYPES:
        raise ProblemError(404, f"There is no operation '{operation}'.")
    batch = _accept(state, call, store)
    document: dict[str, Any] = {
        "id": batch.id,
        "_links": {"ticket": {"href": f"/v1/store/{store.id}/ticket?batchId={batch.id}"}},
    }
    if batch.report:
        document["report"] = batch.report
    return answer(document, 202)


def _accept(state: State, call: Call, store: Store) -> Batch:
    def strike(order_id: int) -> list[Fault]:
        return list(state.faults_at(Stage.ITEM, call, order_id))

    return state.market.accept(store, call.operation, call.items, strike, now=state.now(), rules=state.settings)


def _tickets(state: State, call: Call, store: Store) -> Response:
    now = state.now()
    tickets = store.book.select(call.query, now)
    processing = any(ticket.open for ticket in tickets)
    if _is_shuffled(state, call):
        tickets = shuffled(tickets)
    return hal_list(
        "ticket",
        tickets,
        lambda ticket: ticket.document(now),
        path=call.path,
        query=call.query,
        meta={"processing": processing},
    )


def _one_ticket(state: State, call: Call, store: Store, ticket: str) -> Response:
    found = store.book.find(ticket, state.now())
    if not found:
        raise ProblemError(404, f"The store {store.id} has no ticket {ticket[:80]}.")
    return answer(found.document(state.now()))


def _is_shuffled(state: State, call: Call) -> bool:
    return any(list(state.faults_at(Stage.LIST, call)))


Endpoint = Callable[..., Response]


def _route(pattern: str, **endpoints: Endpoint) -> tuple[re.Pattern[str], dict[str, Endpoint]]:
    return re.compile(pattern, re.ASCII), endpoints


_STORE = r"/v1/store/(?P<store>\d{1,18})"
_ORDER = rf"{_STORE}/order/(?P<order>\d{{1,18}})"
_WAREHOUSE = rf"{_STORE}/warehouse/(?P<warehouse>\d{{1,9}})"
_ROUTES = [
    _route(r"/v1/ping", GET=_ping),
    _route(r"/v1/auth", POST=_auth),
    _route(r"/v1/me", GET=_me),
    _route(r"/v1/channel/(?P<channel>\d{1,18})", GET=resources.one_channel),
    _route(_STORE, GET=_one_store),
    _route(rf"{_STORE}/order", GET=_orders, POST=resources.make_test_order),
    _route(_ORDER, GET=_one_order, DELETE=resources.remove_order),
    _route(rf"{_ORDER}/shipment", GET=_shipments),
    _route(rf"{_ORDER}/document", GET=resources.documents),
    _route(rf"{_STORE}/order/(?P<operation>[a-z-]+)", POST=_operate),
    _route(rf"{_STORE}/ticket", GET=_tickets),
    _route(rf"{_STORE}/ticket/(?P<ticket>[^/]+)", GET=_one_ticket),
    _route(rf"{_STORE}/channel", GET=resources.store_channels),
    _route(rf"{_STORE}/warehouse", GET=resources.warehouses, POST=resources.add_warehouse),
    _route(_WAREHOUSE, GET=resources.one_warehouse, PUT=resources.change_warehouse, DELETE=resources.remove_warehouse),
    _route(rf"{_STORE}/timeline", HEAD=resources.timeline),
]
_OPEN_PATHS = {_ROUTES[0][0], _ROUTES[1][0]}
