"""What a person does about orders: try again, give up, send now. The last two show first what they will do."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from sfsync.backoffice.access import of_store, person
from sfsync.backoffice.outsides import OUTSIDE, open_shop, said
from sfsync.backoffice.shell import page
from sfsync.backoffice.starting import start
from sfsync.backoffice.states import State, standing, tasks_in
from sfsync.backoffice.words import Said, grouped
from sfsync.engine import persons
from sfsync.engine.asked import send_now
from sfsync.engine.prepare import policy_of
from sfsync.engine.preview import Preview, preview
from sfsync.models import Order, Store, Task

MOST_SHOWN = 200
"""Orders that one action takes from a page; "all failed" knows no limit."""
ACTS = ("retry", "send", "give-up")


@of_store
@require_POST
def act(request: HttpRequest, store: Store) -> HttpResponseBase:
    """POST `act`, and `order` (ids, many) or `all=failed`. `sure` is there once the person saw what will happen."""
    wanted, orders = request.POST.get("act", ""), chosen(request, store)
    if wanted not in ACTS or not orders.exists():
        messages.warning(request, _("Choose at least one order first."))
        return back(request, store)
    if wanted == "retry":
        return done(request, store, _retried(persons.retry(orders, person(request))), run=True)
    if not request.POST.get("sure"):
        return confirm(request, store, wanted, orders)
    if wanted == "send":
        return done(request, store, _sent(send_now(store, orders, person(request))), run=True)
    return done(request, store, _given_up(persons.give_up(orders, person(request))))


def chosen(request: HttpRequest, store: Store) -> QuerySet[Order]:
    orders = Order.objects.filter(store=store)
    if request.POST.get("all") == State.FAILED:
        return orders.filter(pk__in=tasks_in(store, State.FAILED).values("order_id"))
    ids = [int(each) for each in request.POST.getlist("order") if each.isdecimal() and len(each) <= 18]
    return orders.filter(pk__in=ids[:MOST_SHOWN])


def confirm(request: HttpRequest, store: Store, wanted: str, orders: QuerySet[Order]) -> HttpResponse:
    rows = list(orders.order_by("-created_at", "-id").prefetch_related(Prefetch("tasks", Task.objects.order_by("id"))))
    previews, trouble = _previews(store, rows) if wanted == "send" else (_stands(rows), None)
    return page(
        request,
        "confirm.html",
        store=store,
        screen="orders",
        act=wanted,
        previews=previews,
        sending=sum(each.sends for each in previews),
        trouble=trouble,
        back=_next(request, store),
        all=request.POST.get("all", ""),
    )


def _previews(store: Store, orders: list[Order]) -> tuple[list[Preview], Said | None]:
    try:
        with open_shop(store) as shop:
            return preview(orders, shop, policy_of(store), timezone.now()), None
    except OUTSIDE as error:
        silent = _("cannot be foretold while the shop is silent")
        return [Preview(order, False, silent) for order in orders], said(error)


def _stands(orders: list[Order]) -> list[Preview]:
    return [Preview(order, False, standing(order, order.tasks.all()).sentence) for order in orders]


def done(request: HttpRequest, store: Store, text: str, *, run: bool = False) -> HttpResponseBase:
    messages.success(request, text)
    if run:
        start(store)
    return back(request, store)


def back(request: HttpRequest, store: Store) -> HttpResponseBase:
    return redirect(_next(request, store))


def _next(request: HttpRequest, store: Store) -> str:
    """Where the person came from; never another site."""
    url = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure()):
        return url
    return reverse("backoffice:orders", args=[store.name])


def _retried(count: int) -> str:
    text = ngettext("%(count)s update is tried again now.", "%(count)s updates are tried again now.", count)
    return text % {"count": grouped(count)} if count else _("There was nothing to try again.")


def _sent(count: int) -> str:
    text = ngettext("%(count)s order is being sent.", "%(count)s orders are being sent.", count)
    return text % {"count": grouped(count)} if count else _("There was nothing to send.")


def _given_up(count: int) -> str:
    text = ngettext("%(count)s update was given up.", "%(count)s updates were given up.", count)
    return text % {"count": grouped(count)} if count else _("There was nothing to give up.")
