"""Where the marketplaces and the shop differ (R32, R33): what was found, since when, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sfsync.backoffice.kit.access import of_store, person, post_only
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.reader_texts import grouped
from sfsync.backoffice.kit.starting import start
from sfsync.domain.reconciliation import Difference
from sfsync.engine.people import differences as acts
from sfsync.engine.watch.stage import difference
from sfsync.models import Finding, Order, Process, Store
from sfsync.models.process import RECONCILE
from sfsync.texts import advice

SHOWN = 200
"""Of each kind; the command `sfsync reconcile` lists them all."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Findings of one kind. `again`: sending may be all that is needed; `more`: those not shown."""

    title: str
    advice: str
    again: bool
    rows: list[tuple[Finding, Order | None, str]]
    more: int


@of_store
def differences(request: HttpRequest, store: Store) -> HttpResponse:
    return page(
        request,
        "differences.html",
        store=store,
        screen="differences",
        kinds=[kind for each in Difference if (kind := kind_of(store, each)).rows],
        compared=Process.objects.filter(store=store, name=RECONCILE).first(),
        reconciled_at=store.state.reconciled_at,
    )


def kind_of(store: Store, which: Difference) -> Kind:
    found = Finding.objects.unsettled().filter(store=store, kind=which.value).order_by("since", "pk")
    some = found.select_related("order").prefetch_related("order__shop_orders")[:SHOWN]
    rows = [(each, each.order.shop_order, difference(each, each.order)) for each in some]
    more = found.count() - len(rows) if len(rows) == SHOWN else 0
    return Kind(titles()[which], advice(which), which.can_be_sent_again, rows, more)


def titles() -> dict[Difference, str]:
    return {
        Difference.NOT_SEEN: _("Shipped here, still waiting there"),
        Difference.REFUSED_THERE: _("Rejected there after it was confirmed"),
        Difference.CANCELLED_THERE: _("Cancelled there, still being prepared here"),
        Difference.REFUNDED_THERE: _("Refunded there, still being prepared here"),
    }


@of_store
@post_only("backoffice:differences")
def act(request: HttpRequest, store: Store) -> HttpResponseBase:
    """POST `act` (`again`, `settled`), and `order` (ids, many)."""
    ids = [int(each) for each in request.POST.getlist("order") if each.isdecimal() and len(each) <= 18]
    orders = Order.objects.filter(store=store, pk__in=ids[:SHOWN])
    if request.POST.get("act") == "again":
        count = acts.send_again(store, orders, person(request))
        text = ngettext("%(count)s order is being sent.", "%(count)s orders are being sent.", count)
    else:
        count = acts.settle(store, orders, person(request))
        text = ngettext("%(count)s order marked as done.", "%(count)s orders marked as done.", count)
    if not count:
        messages.warning(request, _("Select at least one order."))
        return redirect("backoffice:differences", store.name)
    messages.success(request, text % {"count": grouped(count)})
    if request.POST.get("act") == "again":
        start(store)
    return redirect("backoffice:differences", store.name)
