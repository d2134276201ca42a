"""What a person does about orders: try again, send now, give up, done by hand. All but the first show first what they
will do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sfsync import texts
from sfsync.backoffice.kit.access import of_store, person, post_only
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.live_shop import OUTSIDE, opened, said
from sfsync.backoffice.kit.order_filter import with_state
from sfsync.backoffice.kit.order_state import State, standing, tasks_in
from sfsync.backoffice.kit.origin import is_ours
from sfsync.backoffice.kit.reader_texts import Said, grouped
from sfsync.backoffice.kit.starting import start
from sfsync.engine.outgoing.prepare import policy_of
from sfsync.engine.people import acts
from sfsync.engine.people.at_once import send_now
from sfsync.engine.people.vanished import missing
from sfsync.engine.watch.preview import Preview, preview
from sfsync.models import Order, Store

MOST_SHOWN = 200
"""Orders that one action takes from a page; "all failed" and "all vanished" know no limit."""
VANISHED = "vanished"
ACTS = ("retry", "send", "give-up", "by-hand")


@dataclass(frozen=True, slots=True)
class Chosen:
    """One order of a page that asks. `acts`: it is one that the action changes; `sentence`: what becomes of it, or why
    nothing does. `sent`: what would be sent, in words, and `payload`: the same as it goes out."""

    order: Order
    acts: bool
    sentence: str
    sent: list[tuple[str, str]] = field(default_factory=list)
    payload: dict[str, Any] | None = None


@of_store
@post_only("backoffice:orders")
def act(request: HttpRequest, store: Store) -> HttpResponseBase:
    """POST `act`, and `order` (ids, many) or `all=failed` or `all=vanished`. `sure` is there once the person saw what
    will happen.

    What was shown with `sure` are the orders that the action changes; the others are not in the form any more.
    """
    try:
        wanted, orders = request.POST.get("act", ""), chosen(request, store)
    except OUTSIDE as error:
        messages.error(request, said(store, error).text)
        return back(request, store)
    if wanted not in ACTS or not orders.exists():
        messages.warning(request, _("Select at least one order."))
        return back(request, store)
    if wanted == "retry":
        return done(request, store, _retried(acts.retry(orders, person(request))), run=True)
    if not request.POST.get("sure"):
        return confirm(request, store, wanted, orders)
    if wanted == "send":
        return done(request, store, _sent(send_now(store, orders, person(request))), run=True)
    if wanted == "by-hand":
        return done(request, store, _by_hand(acts.done_by_hand(orders, person(request))))
    return done(request, store, _given_up(acts.give_up(orders, person(request))))


def chosen(request: HttpRequest, store: Store) -> QuerySet[Order]:
    orders = Order.objects.filter(store=store)
    if request.POST.get("all") == State.FAILED:
        return orders.filter(marketplace_order__in=tasks_in(store, State.FAILED).values("order"))
    if request.POST.get("all") == VANISHED:
        with opened(store) as shop:
            return missing(store, shop)
    ids = [int(each) for each in request.POST.getlist("order") if each.isdecimal() and len(each) <= 18]
    return orders.filter(pk__in=ids[:MOST_SHOWN])


def confirm(request: HttpRequest, store: Store, wanted: str, orders: QuerySet[Order]) -> HttpResponse:
    rows = list(with_state(orders.order_by("-created_at", "-id"))[:MOST_SHOWN])
    shown, trouble = foretold(store, rows) if wanted == "send" else (list(map(_ASKED[wanted], rows)), None)
    idle = [each for each in shown if not each.acts]
    return page(
        request,
        "confirm.html",
        store=store,
        screen="orders",
        act=wanted,
        acting=[each for each in shown if each.acts],
        idle=by_reason(idle),
        idle_count=len(idle),
        trouble=trouble,
        all=VANISHED if request.POST.get("all") == VANISHED else "",
        unshown=max(orders.count() - len(rows), 0),
        back=_next(request, store),
    )


def by_reason(idle: Iterable[Chosen]) -> list[tuple[str, list[Order]]]:
    """The orders that the action leaves as they are, by the sentence that says why."""
    reasons: dict[str, list[Order]] = {}
    for each in idle:
        reasons.setdefault(each.sentence, []).append(each.order)
    return list(reasons.items())


def foretold(store: Store, orders: list[Order]) -> tuple[list[Chosen], Said | None]:
    try:
        with opened(store) as shop:
            return list(map(_sending, preview(orders, shop, policy_of(store), timezone.now()))), None
    except OUTSIDE as error:
        silent = _("preview unavailable: the shop is not responding")
        return [Chosen(order, True, silent) for order in orders], said(store, error)


def _sending(preview: Preview) -> Chosen:
    sentence = preview.sentence if preview.sends else preview.reason
    return Chosen(preview.order, preview.sends, sentence, texts.outgoing(preview.payload or {}), preview.payload)


def _giving_up(order: Order) -> Chosen:
    tasks = list(order.marketplace_order.tasks.all())
    if acts.droppable(order, tasks):
        return Chosen(order, True, standing(order, tasks).sentence)
    return Chosen(order, False, acts.why_not(order, tasks))


def _doing_by_hand(order: Order) -> Chosen:
    operation = order.marketplace_order.by_hand
    told = (
        texts.by_hand(operation, order.marketplace_order.channel)
        if operation
        else _("Nothing about it needs doing on the marketplace.")
    )
    return Chosen(order, bool(operation), told)


_ASKED = {"give-up": _giving_up, "by-hand": _doing_by_hand}


def done(request: HttpRequest, store: Store, told: tuple[int, str], *, run: bool = False) -> HttpResponseBase:
    count, text = told
    messages.add_message(request, messages.SUCCESS if count else messages.WARNING, text)
    if run and count:
        start(store)
    return back(request, store)


def back(request: HttpRequest, store: Store) -> HttpResponseBase:
    return redirect(_next(request, store))


def _next(request: HttpRequest, store: Store) -> str:
    """Where the person came from; never another site."""
    url = request.POST.get("next", "")
    if is_ours(request, url):
        return url
    return reverse("backoffice:orders", args=[store.name])


def _retried(count: int) -> tuple[int, str]:
    text = ngettext("%(count)s update is being retried.", "%(count)s updates are being retried.", count)
    return count, text % {"count": grouped(count)} if count else _("There was nothing to retry.")


def _sent(count: int) -> tuple[int, str]:
    text = ngettext("%(count)s order is being sent.", "%(count)s orders are being sent.", count)
    return count, text % {"count": grouped(count)} if count else _("There was nothing to send.")


def _given_up(count: int) -> tuple[int, str]:
    text = ngettext("%(count)s update dismissed.", "%(count)s updates dismissed.", count)
    return count, text % {"count": grouped(count)} if count else _("There was nothing to dismiss.")


def _by_hand(count: int) -> tuple[int, str]:
    text = ngettext("%(count)s order marked as done.", "%(count)s orders marked as done.", count)
    return count, text % {"count": grouped(count)} if count else _("Nothing was waiting to be done on the marketplace.")
