"""The steps of the first day. A store that is left half-way stays switched off, and is taken up where it was left."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.access import administrator, asked_again, of_store, person
from sfsync.backoffice.kit.layout import Way, page
from sfsync.backoffice.kit.live_shop import Tried, statuses_of, tried
from sfsync.backoffice.kit.starting import start
from sfsync.backoffice.screens.first_day.forms import Feed, Recipients, Shop, Statuses
from sfsync.backoffice.screens.first_day.looking import first_look
from sfsync.backoffice.screens.settings import pending_secrets
from sfsync.backoffice.screens.settings.connection_forms import mails_language
from sfsync.backoffice.screens.settings.effects import warnings
from sfsync.backoffice.screens.settings.views import saved, store_with
from sfsync.domain.proposed_statuses import propose
from sfsync.engine.people.change_settings import add_store, change_settings, note_try
from sfsync.engine.people.first_day import Step, next_step, reached, unfinished
from sfsync.engine.watch.connection_tests import try_mail
from sfsync.engine.watch.finding import Verdict
from sfsync.models import Store

NEW = "first-day"
"""Where the token of a store that is not there yet is kept (`pending_secrets`)."""


@asked_again
@administrator
def begin(request: HttpRequest) -> HttpResponseBase:
    """The first step, of a store that is not there yet. It is switched off until its first dry run was seen."""
    return _feed(request, Store(name="main", enabled=False, language=mails_language()))


@asked_again
@of_store
@administrator
def take_up(request: HttpRequest, store: Store) -> HttpResponseBase:
    """Where it was left."""
    return _to(store, next_step(store)) if unfinished(store) else redirect("backoffice:store", store.name)


@asked_again
@of_store
@administrator
def step(request: HttpRequest, store: Store, step: str) -> HttpResponseBase:
    """Any of them that was reached, while the store is being set up."""
    if step not in STEPS:
        raise Http404
    if not unfinished(store) or step not in reached(store):
        return redirect("backoffice:first-day-on", store.name)
    return STEPS[step](request, store)


def _feed(request: HttpRequest, store: Store) -> HttpResponseBase:
    place = store.name if store.pk else NEW
    form = Feed(request.POST or None, instance=copy(store), kept=pending_secrets.kept(request, place))
    attempt = None
    if request.method == "POST" and form.is_valid():
        draft = form.instance
        draft.feed_store_id = form.chosen
        attempt = _try(request, store, draft, "token")
        [found] = attempt.findings
        draft.feed_store_id = found.params.get("store", 0)
        if attempt.well and _keep(request, store, form, str(attempt)):
            pending_secrets.forget(request, place)
            return _to(draft, Step.SHOP)
        if names := found.params.get("names"):
            form.offer(names)
    if request.method == "POST":
        pending_secrets.keep(request, place, form, attempt.refused if attempt else ())
    return _page(request, store, Step.FEED, form=form, tried=attempt)


def _keep(request: HttpRequest, store: Store, form: Feed, also: str) -> bool:
    if store.pk:
        return saved(request, store, form.changed, also)
    add_store(form.instance, person(request))
    messages.success(request, also)
    return True


def _try(request: HttpRequest, store: Store, draft: Store, what: str) -> Tried:
    if store.pk:
        note_try(store, draft, person(request))
    return tried(draft, [what])


def _shop(request: HttpRequest, store: Store) -> HttpResponseBase:
    form = Shop(request.POST or None, instance=copy(store), kept=pending_secrets.kept(request, store.name))
    attempt = None
    if request.method == "POST":
        if form.is_valid():
            attempt = _try(request, store, store_with(store, form.changed), "shop")
            if attempt.well and saved(request, store, form.changed, str(attempt)):
                pending_secrets.forget(request, store.name)
                return _to(store, Step.STATUSES)
        pending_secrets.keep(request, store.name, form)
    return _page(request, store, Step.SHOP, form=form, tried=attempt)


def _statuses(request: HttpRequest, store: Store) -> HttpResponseBase:
    """As they were chosen, or as they are proposed."""
    statuses = statuses_of(store, get_language() or "en")
    known = list(statuses.by_id.values())
    proposed = not any(store.statuses.values())
    shown = store_with(store, {"statuses": propose(known)}) if proposed else store
    form = Statuses(shown, known, request.POST or None)
    if request.method == "POST" and form.is_valid() and saved(request, store, form.changed):
        return _to(store, Step.MAILS)
    context = {"statuses": statuses, "proposed": proposed, "warnings": warnings(shown, known)}
    return _page(request, store, Step.STATUSES, form=form, **context)


def _mails(request: HttpRequest, store: Store) -> HttpResponseBase:
    """A mail server that is not there yet is said, and stops nobody."""
    form = Recipients(request.POST or None, instance=copy(store))
    attempt = None
    if request.method == "POST" and form.is_valid():
        addresses = set(form.cleaned_data["recipients"])
        found = try_mail(addresses) if addresses and request.POST.get("do") != "anyway" else None
        if (found is None or found.verdict is Verdict.OK) and saved(request, store, form.changed):
            return _to(store, Step.CHECK)
        attempt = Tried([found]) if found else None
    return _page(request, store, Step.MAILS, form=form, tried=attempt)


SEEN = "first-look"
"""In the session: the store, and as of which change of its settings its dry run was seen."""


def _check(request: HttpRequest, store: Store) -> HttpResponseBase:
    now = [store.name, store.updated_at.isoformat()]
    if request.POST.get("do") == "switch-on" and request.session.get(SEEN) == now:
        return _switch_on(request, store)
    look = first_look(store) if request.method == "POST" else None
    if look and not look.trouble:
        request.session[SEEN] = now
    return _page(request, store, Step.CHECK, look=look)


def _switch_on(request: HttpRequest, store: Store) -> HttpResponseBase:
    try:
        change_settings(store, {"enabled": True}, person(request))
    except ValidationError as error:
        for text in error.messages:
            messages.error(request, text)
        return _to(store, Step.CHECK)
    start(store)
    messages.success(request, _("This store is switched on, and its first sync has begun."))
    return redirect("backoffice:store", store.name)


STEPS: dict[str, Callable[[HttpRequest, Store], HttpResponseBase]] = {
    Step.FEED: _feed,
    Step.SHOP: _shop,
    Step.STATUSES: _statuses,
    Step.MAILS: _mails,
    Step.CHECK: _check,
}


def _address(store: Store, step: Step) -> str:
    return reverse("backoffice:first-day-step", args=[store.name, step])


def _to(store: Store, step: Step) -> HttpResponseBase:
    return redirect(_address(store, step))


def _page(request: HttpRequest, store: Store, step: Step, **context: Any) -> HttpResponseBase:
    titles = {
        Step.FEED: _("Shopping Feed"),
        Step.SHOP: _("Shop"),
        Step.STATUSES: _("Statuses"),
        Step.MAILS: _("Emails"),
        Step.CHECK: _("First look"),
    }
    open_now = reached(store) if store.pk else [Step.FEED]
    ways = [
        Way(
            title,
            reverse("backoffice:first-day-step", args=[store.name, each]) if each in open_now else "",
            each is step,
        )
        for each, title in titles.items()
    ]
    number = list(titles).index(step) + 1
    context |= {"steps": ways, "number": number, "title": titles[step]}
    return page(request, f"first_day/{step}.html", screen="overview", **context)
