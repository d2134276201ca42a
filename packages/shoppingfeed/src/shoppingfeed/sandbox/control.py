"""The control endpoints under `/_sandbox`: what the ledger says, faults, settings, orders. They need no token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from shoppingfeed._transport import Response
from shoppingfeed.sandbox import page
from shoppingfeed.sandbox.answers import Paging, ProblemError, answer
from shoppingfeed.sandbox.call import Call
from shoppingfeed.sandbox.faults import Fault
from shoppingfeed.sandbox.operations import read_json
from shoppingfeed.sandbox.state import State

PREFIX = "/_sandbox/"


def is_control(call: Call) -> bool:
    """Whether a request is for the sandbox itself, not for the API it stands for."""
    return call.path in {"/", "/favicon.ico", "/_sandbox"} or call.path.startswith(PREFIX)


def respond(state: State, call: Call) -> Response:
    """What the sandbox itself answers; a value that makes no sense is a 422 that says so."""
    try:
        return _dispatch(state, call)
    except ProblemError as problem:
        return problem.response()
    except (ValueError, TypeError, OverflowError) as error:
        return ProblemError(422, str(error)).response()


def _dispatch(state: State, call: Call) -> Response:
    if call.path == "/":
        return page.draw(state, call.query)
    room, _, rest = call.path.removeprefix(PREFIX).partition("/")
    endpoint = _ENDPOINTS.get((call.method, room, bool(rest)))
    if endpoint is None:
        raise ProblemError(404, f"The sandbox has no {call.method} {call.path}; see its manual page.")
    return endpoint(state, call, rest) if rest else endpoint(state, call)


def summary(state: State) -> dict[str, Any]:
    """Counts of everything, small whatever the number of orders."""
    ledger, stores = state.ledger, state.market.stores.values()
    now = state.now()
    return {
        "requests": len(ledger.requests),
        "requests_by_status": dict(ledger.requests_by_status),
        "sends": len(ledger.sends()),
        "looks": len(ledger.looks()),
        "accepted": len(ledger.accepted),
        "accepted_by_operation": dict(ledger.accepted_by_operation),
        "ignored": len(ledger.ignored),
        "duplicates": len(ledger.duplicates()),
        "orders": sum(len(store.shelf) for store in stores),
        "orders_by_status": dict(Counter(order.status for store in stores for order in store.shelf.all())),
        "tickets_by_state": dict(sum((store.book.count_states(now) for store in stores), Counter())),
        "faults": sum(not standing.over for standing in state.faults.all()),
    }


def _summary(state: State, call: Call) -> Response:
    return answer(summary(state))


def _rows(call: Call, rows: list[Any], draw: Callable[[Any], Any], **more: Any) -> Response:
    paging = Paging.of({"limit": "1000", **call.query})
    head = {"page": paging.page, "limit": paging.limit, "pages": paging.pages(len(rows)), "total": len(rows)}
    return answer({**head, **more, "rows": [draw(row) for row in paging.cut(rows)]})


def _ledger(state: State, call: Call) -> Response:
    duplicates = state.ledger.duplicates()
    shown = [asdict(one) for one in duplicates[:1000]]
    return _rows(call, state.ledger.accepted, asdict, duplicates=shown, duplicates_total=len(duplicates))


def _requests(state: State, call: Call) -> Response:
    return _rows(call, state.ledger.requests, lambda one: one._asdict())


def _ignored(state: State, call: Call) -> Response:
    return _rows(call, state.ledger.ignored, lambda one: one._asdict())


def _orders(state: State, call: Call) -> Response:
    orders = [order for store in state.market.stores.values() for order in store.shelf.all()]
    return _rows(call, orders, lambda order: asdict(order.belief()))


def _one_order(state: State, call: Call, text: str) -> Response:
    order = state.market.find_order(int(text)) if text.isdecimal() and len(text) <= 18 else None
    if order is None:
        raise ProblemError(404, f"The sandbox has no order {text[:40]}.")
    tickets = state.market.stores[order.store].book.of_order(order.id)
    return answer(
        {
            **asdict(order.belief()),
            "operations": [asdict(one) for one in state.ledger.operations(order.id)],
            "shipments": order.shipments,
            "tickets": [ticket.document(state.now()) for ticket in tickets],
        }
    )


def _add_orders(state: State, call: Call) -> Response:
    documents = _list(read_json(call.body), "orders")
    for document in documents:
        state.add_order(**{("order_id" if name == "id" else name): value for name, value in document.items()})
    return answer({"added": len(documents)}, 201)


def _change_order(state: State, call: Call, text: str) -> Response:
    if not text.isdecimal() or len(text) > 18:
        raise ProblemError(404, f"The sandbox has no order {text[:40]}.")
    state.change_order(int(text), **_object(call))
    return _one_order(state, call, text)


def _add_samples(state: State, call: Call) -> Response:
    return answer({"added": state.load_samples()}, 201)


def _add_stores(state: State, call: Call) -> Response:
    documents = _list(read_json(call.body), "stores")
    for document in documents:
        state.add_store(**{("store_id" if name == "id" else name): value for name, value in document.items()})
    return answer({"added": len(documents)}, 201)


def _faults(state: State, call: Call) -> Response:
    return answer({"faults": [standing.to_json() for standing in state.faults.all()]})


def _add_faults(state: State, call: Call) -> Response:
    faults = [Fault.from_json(document) for document in _list(read_json(call.body), "faults")]
    return answer({"added": [state.fault(fault) for fault in faults]}, 201)


def _clear_faults(state: State, call: Call) -> Response:
    state.faults.clear()
    return answer({"faults": []})


def _remove_fault(state: State, call: Call, text: str) -> Response:
    if not text.isdecimal() or not state.remove_fault(int(text[:18])):
        raise ProblemError(404, f"There is no fault {text[:40]}.")
    return _faults(state, call)


def _settings(state: State, call: Call) -> Response:
    return answer(asdict(state.settings))


def _change_settings(state: State, call: Call) -> Response:
    state.configure(**_object(call))
    return _settings(state, call)


def _reset(state: State, call: Call) -> Response:
    state.reset(only_ledger=bool(_object(call).get("only_ledger")))
    return answer(summary(state))


def _release(state: State, call: Call) -> Response:
    state.release()
    return answer({"released": True})


def _forget_tickets(state: State, call: Call) -> Response:
    return answer({"forgotten": state.forget_tickets()})


def _advance(state: State, call: Call) -> Response:
    try:
        state.advance(float(_object(call).get("seconds", 0)))
    except RuntimeError as error:
        raise ProblemError(409, str(error)) from None
    return answer({"now": state.now()})


def _object(call: Call) -> Mapping[str, Any]:
    document = read_json(call.body) if call.body.strip() else {}
    if not isinstance(document, dict):
        raise ProblemError(422, "The body must be an object.")
    return document


def _list(document: Any, name: str) -> list[dict[str, Any]]:
    documents = document if isinstance(document, list) else [document]
    if not all(isinstance(one, dict) for one in documents):
        raise ProblemError(422, f"The body must be an object, or a list of objects: the {name}.")
    return documents


_ENDPOINTS: dict[tuple[str, str, bool], Callable[..., Response]] = {
    ("GET", "summary", False): _summary,
    ("GET", "ledger", False): _ledger,
    ("GET", "requests", False): _requests,
    ("GET", "ignored", False): _ignored,
    ("GET", "orders", False): _orders,
    ("GET", "orders", True): _one_order,
    ("POST", "orders", False): _add_orders,
    ("POST", "orders", True): _change_order,
    ("POST", "samples", False): _add_samples,
    ("POST", "stores", False): _add_stores,
    ("GET", "faults", False): _faults,
    ("POST", "faults", False): _add_faults,
    ("DELETE", "faults", False): _clear_faults,
    ("DELETE", "faults", True): _remove_fault,
    ("GET", "settings", False): _settings,
    ("POST", "settings", False): _change_settings,
    ("POST", "reset", False): _reset,
    ("POST", "release", False): _release,
    ("POST", "forget-tickets", False): _forget_tickets,
    ("POST", "advance", False): _advance,
}
