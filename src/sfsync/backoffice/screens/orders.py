"""Every marketplace order of a store with its state in plain words: find, sort, export, choose."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.access import asked_again, of_store, person
from sfsync.backoffice.kit.csv_export import download
from sfsync.backoffice.kit.keyset import every, page_of
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.live_shop import statuses_of
from sfsync.backoffice.kit.order_filter import OrderFilter
from sfsync.backoffice.kit.order_state import State, standing
from sfsync.models import Order, Store
from sfsync.models.act import note


@of_store
def orders(request: HttpRequest, store: Store) -> HttpResponse:
    chosen = OrderFilter(store, request.GET)
    found = page_of(chosen.orders(), chosen.ordering, request.GET.get("at", ""))
    rows = [(order, standing(order, order.marketplace_order.tasks.all())) for order in found.rows]
    return page(
        request,
        "orders.html",
        store=store,
        screen="orders",
        filter=chosen,
        page=found,
        rows=rows,
        statuses=statuses_of(store, get_language() or "en"),
        failed=State.FAILED.value,
        by_hand=any(order.marketplace_order.by_hand for order, _standing in rows),
        query=query_of(request),
    )


def query_of(request: HttpRequest) -> str:
    """The filters of the address bar, without the page."""
    query = request.GET.copy()
    query.pop("at", None)
    return query.urlencode()


@asked_again
@of_store
def export(request: HttpRequest, store: Store) -> StreamingHttpResponse:
    """The chosen orders, all of them, as CSV."""
    chosen = OrderFilter(store, request.GET)
    note(person(request), "exported", store=store.name, what_of="orders")
    return download(f"orders-{store.name}.csv", _lines(chosen, get_language() or "en"))


def _lines(chosen: OrderFilter, language: str) -> Iterator[list[object]]:
    with override(language):
        yield _titles()
    for orders in every(chosen.orders(), chosen.ordering):
        with override(language):
            lines = [_line(order) for order in orders]
        yield from lines


def _titles() -> list[object]:
    return [
        _("Shop order"),
        _("Shop reference"),
        _("Marketplace"),
        _("Marketplace reference"),
        _("Shopping Feed id"),
        _("Ordered"),
        _("To be shipped by"),
        _("State"),
        _("Explanation"),
        _("Update"),
        _("Tracking number"),
        _("Confirmed"),
    ]


def _line(order: Order) -> list[object]:
    there = order.marketplace_order
    stand = standing(order, there.tasks.all())
    return [
        order.key,
        order.shop_reference,
        there.channel,
        there.reference,
        there.feed_id or "",
        order.created_at.isoformat(timespec="seconds"),
        there.ship_by.isoformat(timespec="seconds") if there.ship_by else "",
        stand.state.label,
        stand.sentence,
        stand.operation_label,
        order.seen_tracking,
        there.confirmed_at.isoformat(timespec="seconds") if there.confirmed_at else "",
    ]
