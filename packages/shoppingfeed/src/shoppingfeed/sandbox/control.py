"""The control endpoints under `/_sandbox`: what the ledger says, faults, settings, orders. They need no token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shoppingfeed._transport import Response
from shoppingfeed.sandbox import page
from shoppingfeed.sandbox.answers import Paging, ProblemError, answer
from shoppingfeed.sandbox.faults import Fault
from shoppingfeed.sandbox.operations import read_json

if TYPE_CHECKING:
    from shoppingfeed.sandbox.routes import Call
    from shoppingfeed.sandbox.sandbox import Sandbox

PREFIX = "/_sandbox/"


def is_control(call: Call) -> bool:
    """Whether a request is for the sandbox itself, not for the API it stands for."""
    return call.path in {"/", "/favicon.ico", "/_sandbox"} or call.path.startswith(PREFIX)


def respond(sandbox: Sandbox, call: Call) -> Response:
    """What the sandbox itself answers; a value that makes no sense is a 422 that says so."""
    try:
        return _dispatch(sandbox, call)
    except ProblemError as problem:
        return problem.response()
    except (ValueError, TypeError, OverflowError) as error:
        return ProblemError(422, str(error)).response()


def _dispatch(sandbox: Sandbox, call: Call) -> Response:
    if call.path == "/":
        return page.draw(sandbox, call.query)
    room, _, rest = call.path.removeprefix(PREFIX).partition("/")
    endpoint = _ENDPOINTS.get((call.method, room, bool(rest)))
    if endpoint is None:
        raise ProblemError(404, f"The sandbox has no {call.method} {call.path}; see its manual page.")
    return endpoint(sandbox, call, rest) if rest else endpoint(sandbox, call)


def summary(sandbox: Sandbox) -> dict[str, Any]:
    """Counts of everything, small whatever the number of orders."""
    ledger, stores = sandbox.ledger, sandbox.market.stores.values()
    now = sandbox.now()
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
        "faults": sum(not standing.over for standing in sandbox.faults.all()),
    }


def _summary(sandbox: Sandbox, call: Call) -> Response:
    return answer(summary(sandbox))


def _rows(call: Call, rows: list[Any], draw: Callable[[Any], Any], **more: Any) -> Response:
    paging = Paging.of({"limit": "1000", **call.query})
    head = {"page": paging.page, "limit": paging.limit, "pages": paging.pages(len(rows)), "total": len(rows)}
    return answer({**head, **more, "rows": [draw(row) for row in paging.cut(rows)]})


def _ledger(sandbox: Sandbox, call: Call) -> Response:
    duplicates = sandbox.ledger.duplicates()
    shown = [asdict(one) for one in duplicates[:1000]]
    return _rows(call, sandbox.ledger.accepted, asdict, duplicates=shown, duplicates_total=len(duplicates))


def _requests(sandbox: Sandbox, call: Call) -> Response:
    return _rows(call, sandbox.ledger.requests, lambda one: one._asdict())


def _ignored(sandbox: Sandbox, call: Call) -> Response:
    return _rows(call, sandbox.ledger.ignored, lambda one: one._asdict())


def _orders(sandbox: Sandbox, call: Call) -> Response:
    orders = [order for store in sandbox.market.stores.values() for order in store.shelf.all()]
    return _rows(call, orders, lambda order: asdict(order.belief()))


def _one_order(sandbox: Sandbox, call: Call, text: str) -> Response:
    order = sandbox.market.find_order(int(text)) if text.isdecimal() and len(text) <= 18 else None
    if order is None:
        raise ProblemError(404, f"The sandbox has no order {text[:40]}.")
    tickets = sandbox.market.stores[order.store].book.of_order(order.id)
    return answer(
        {
            **asdict(order.belief()),
            "operations": [asdict(one) for one in sandbox.ledger.operations(order.id)],
            "shipments": order.shipments,
            "tickets": [ticket.document(sandbox.now()) for ticket in tickets],
        }
    )


def _add_orders(sandbox: Sandbox, call: Call) -> Response:
    documents = _list(read_json(call.body), "orders")
    for document in documents:
        sandbox.add_order(**{("order_id" if name == "id" else name): value for name, value in document.items()})
    return answer({"added": len(documents)}, 201)


def _add_samples(sandbox: Sandbox, call: Call) -> Response:
    return answer({"added": sandbox.load_samples()}, 201)


def _add_stores(sandbox: Sandbox, call: Call) -> Response:
    documents = _list(read_json(call.body), "stores")
    for document in documents:
        sandbox.add_store(**{("store_id" if name == "id" else name): value for name, value in document.items()})
    return answer({"added": len(documents)}, 201)


def _faults(sandbox: Sandbox, call: Call) -> Response:
    return answer({"faults": [standing.to_json() for standing in sandbox.faults.all()]})


def _add_faults(sandbox: Sandbox, call: Call) -> Response:
    faults = [Fault.from_json(document) for document in _list(read_json(call.body), "faults")]
    return answer({"added": [sandbox.fault(fault) for fault in faults]}, 201)


def _clear_faults(sandbox: Sandbox, call: Call) -> Response:
    sandbox.faults.clear()
    return answer({"faults": []})


def _remove_fault(sandbox: Sandbox, call: Call, text: str) -> Response:
    if not text.isdecimal() or not sandbox.remove_fault(int(text[:18])):
        raise ProblemError(404, f"There is no fault {text[:40]}.")
    return _faults(sandbox, call)


def _settings(sandbox: Sandbox, call: Call) -> Response:
    return answer(asdict(sandbox.settings))


def _change_settings(sandbox: Sandbox, call: Call) -> Response:
    sandbox.configure(**_object(call))
    return _settings(sandbox, call)


def _reset(sandbox: Sandbox, call: Call) -> Response:
    sandbox.reset(only_ledger=bool(_object(call).get("only_ledger")))
    return answer(summary(sandbox))


def _release(sandbox: Sandbox, call: Call) -> Response:
    sandbox.release()
    return answer({"released": True})


def _forget_tickets(sandbox: Sandbox, call: Call) -> Response:
    return answer({"forgotten": sandbox.forget_tickets()})


def _advance(sandbox: Sandbox, call: Call) -> Response:
    try:
        sandbox.advance(float(_object(call).get("seconds", 0)))
    except RuntimeError as error:
        raise ProblemError(409, str(error)) from None
    return answer({"now": sandbox.now()})


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
