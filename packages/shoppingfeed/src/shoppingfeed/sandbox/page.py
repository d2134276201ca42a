"""The page at `/`: what the sandbox received and what the marketplaces believe, for a person to look at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple
from urllib.parse import urlencode

from shoppingfeed._transport import Response
from shoppingfeed.sandbox.answers import Paging
from shoppingfeed.sandbox.clock import iso
from shoppingfeed.sandbox.faults import Standing
from shoppingfeed.sandbox.ledger import Accepted, Received
from shoppingfeed.sandbox.orders import Order
from shoppingfeed.sandbox.state import State
from shoppingfeed.sandbox.tickets import Ticket

ROWS = 50

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; }
p { margin: .3rem 0 1rem; opacity: .75; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 0 0 1.5rem; }
dt { opacity: .7; font-size: .85rem; }
dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
nav a { margin-right: 1rem; }
nav a[aria-current] { font-weight: 700; text-decoration: none; color: inherit; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
td { max-width: 26rem; overflow-wrap: break-word; }
th { font-size: .85rem; opacity: .7; white-space: nowrap; }
"""

Row = Sequence[object]


class View(NamedTuple):
    """One table of the page: its columns, its rows (oldest first) and how one is drawn."""

    columns: tuple[str, ...]
    rows: Callable[[State], Sequence[Any]]
    draw: Callable[[State, Any], Row]
    empty: str


def draw(state: State, query: Mapping[str, str]) -> Response:
    """The page, as HTML that needs no script and no other file; it loads itself anew every 5 seconds."""
    name = query.get("show") if query.get("show") in _VIEWS else "orders"
    text = _document(state, str(name), Paging.of({"page": query.get("page", "1"), "limit": str(ROWS)}))
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(200, headers, text.encode("utf-8", "backslashreplace"))


def _document(state: State, name: str, paging: Paging) -> str:
    view = _VIEWS[name]
    rows = view.rows(state)
    newest_first = _page_from_the_end(rows, paging)
    stores = ", ".join(f"{store.id} {store.name}" for store in state.market.stores.values())
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Shopping Feed sandbox</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="5">'
        f"<style>{_STYLE}</style><h1>Shopping Feed sandbox</h1>"
        f"<p>Stores: {escape(stores[:300])} · {escape(_settings(state))} · {iso(state.now())}</p>"
        f"{_counts(state)}{_tabs(name)}{_table(state, view, newest_first)}{_pager(name, paging, len(rows))}</html>"
    )


def _page_from_the_end(rows: Sequence[Any], paging: Paging) -> Sequence[Any]:
    end = len(rows) - (paging.page - 1) * paging.limit
    return rows[max(0, end - paging.limit) : max(0, end)][::-1]


def _settings(state: State) -> str:
    settings = state.settings
    limit = f"{settings.rate_limit} requests/seconds" if settings.rate_limit else "no rate limit"
    return f"tickets take {settings.ticket_seconds:g} s, {limit}, strict: {'yes' if settings.strict else 'no'}"


def _counts(state: State) -> str:
    ledger = state.ledger
    statuses = ", ".join(f"{status or 'no answer'}: {count}" for status, count in ledger.requests_by_status.items())
    operations = ", ".join(f"{name}: {count}" for name, count in ledger.accepted_by_operation.items())
    counts = {
        f"requests ({statuses})" if statuses else "requests": len(ledger.requests),
        f"accepted ({operations})" if operations else "accepted": len(ledger.accepted),
        "ignored": len(ledger.ignored),
        "duplicates": len(ledger.duplicates()),
    }
    return "<dl>" + "".join(f"<div><dt>{escape(k)}</dt><dd>{v:,}</dd></div>" for k, v in counts.items()) + "</dl>"


def _tabs(current: str) -> str:
    def tab(name: str) -> str:
        mark = ' aria-current="page"' if name == current else ""
        return f'<a href="/?show={name}"{mark}>{name.capitalize()}</a>'

    return f"<nav>{''.join(map(tab, _VIEWS))}</nav>"


def _table(state: State, view: View, rows: Sequence[Any]) -> str:
    if not rows:
        return f"<p>{view.empty}</p>"
    head = "".join(f"<th>{column}</th>" for column in view.columns)
    body = "".join(f"<tr>{''.join(_cells(view.draw(state, row)))}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cells(row: Row) -> Iterable[str]:
    for value in row:
        text = str(value)
        yield f"<td>{escape(text if len(text) <= 300 else text[:300] + '…')}</td>"


def _pager(name: str, paging: Paging, total: int) -> str:
    pages = paging.pages(total)
    if pages < 2:
        return ""

    def link(page: int, text: str) -> str:
        shown = 1 <= page <= pages
        return f'<a href="/?{escape(urlencode({"show": name, "page": page}))}">{text}</a>' if shown else ""

    newer, older = link(paging.page - 1, "Newer"), link(paging.page + 1, "Older")
    return f"<nav>{newer}{older} page {paging.page:,} of {pages:,}, {total:,} rows</nav>"


def _orders(state: State) -> list[Order]:
    return [order for store in state.market.stores.values() for order in store.shelf.all()]


def _order_row(state: State, order: Order) -> Row:
    told = [word for word, is_so in (("delivered", order.delivered),) if is_so]
    refused = [f"{operation}: {error['message']}" for operation, error in order.errors.items()]
    status = ", ".join([order.status, *told])
    numbers = ", ".join(number or "(none)" for number in order.tracking_numbers)
    return order.id, order.store, order.reference, order.channel, status, numbers, "; ".join(refused)


def _operation_row(state: State, one: Accepted) -> Row:
    said = json.dumps({key: value for key, value in one.item.items() if key != "id"}, ensure_ascii=False)
    return iso(one.at), one.store, one.order_id, one.operation, said, one.batch_id


def _tickets(state: State) -> list[Ticket]:
    return [ticket for store in state.market.stores.values() for ticket in store.book.all()]


def _ticket_row(state: State, ticket: Ticket) -> Row:
    at = iso(ticket.accepted.at)
    return at, ticket.order.id, ticket.type, ticket.state(state.now()), ticket.message, ticket.id


def _request_row(state: State, one: Received) -> Row:
    return iso(one.at), one.method, one.path, one.status or "no answer"


def _fault_row(state: State, standing: Standing) -> Row:
    fault = standing.fault
    asked = {name: getattr(fault, name) for name in ("method", "path", "operation", "order_id", "after")}
    where = ", ".join(f"{name}={value}" for name, value in asked.items() if value) or "anything"
    times = "for ever" if fault.times is None else fault.times
    return standing.number, fault.kind, where, times, standing.struck, "over" if standing.over else "waiting"


_VIEWS = {
    "orders": View(
        ("Order", "Store", "Reference", "Channel", "Status", "Tracking numbers", "Refused"),
        _orders,
        _order_row,
        "No orders yet: send an operation, or add some with POST /_sandbox/orders.",
    ),
    "operations": View(
        ("Accepted", "Store", "Order", "Operation", "What was sent", "Batch"),
        lambda state: state.ledger.accepted,
        _operation_row,
        "No operation was accepted yet.",
    ),
    "tickets": View(
        ("Opened", "Order", "Type", "State", "Message", "Ticket"), _tickets, _ticket_row, "No tickets yet."
    ),
    "requests": View(
        ("Time", "Method", "Path", "Status"),
        lambda state: state.ledger.requests,
        _request_row,
        "No requests yet.",
    ),
    "faults": View(
        ("Number", "Kind", "Where", "Times", "Struck", "State"),
        lambda state: state.faults.all(),
        _fault_row,
        "No faults: everything works.",
    ),
}
