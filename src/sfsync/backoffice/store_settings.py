"""A store's settings, a page each: what statuses mean, how updates leave, who is told, the connections, the history."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sfsync.backoffice.access import administrator, is_administrator, of_store, person
from sfsync.backoffice.effects import foretold, warnings
from sfsync.backoffice.outsides import carriers_of, statuses_of, tried
from sfsync.backoffice.setting_forms import Connection, Mails, Mapping, NewStore, Sending, Token
from sfsync.backoffice.shell import Way, page
from sfsync.backoffice.wording import change_lines
from sfsync.engine.changing import change, differences, shown
from sfsync.models import SettingChange, Store

HISTORY = 100


@of_store
def mapping(request: HttpRequest, store: Store) -> HttpResponseBase:
    statuses = statuses_of(store, get_language() or "en")
    form = Mapping(store, statuses.by_id.values(), request.POST or None)
    context: dict[str, Any] = {"statuses": statuses}
    if request.method == "POST" and form.is_valid():
        if request.POST.get("do") == "save":
            return save(request, store, form, "settings")
        context |= review(store, form)
    after = store_with(store, form.changed) if form.is_bound and form.is_valid() else store
    context["warnings"] = warnings(after, list(statuses.by_id.values()))
    return _page(request, store, "mapping.html", "settings", form=form, **context)


@of_store
def sending(request: HttpRequest, store: Store) -> HttpResponseBase:
    carriers = carriers_of(store)
    form = partial(Sending, carriers=carriers.found)
    return _edit(request, store, form, "sending", effect=True, carriers=carriers)


@of_store
def mails(request: HttpRequest, store: Store) -> HttpResponseBase:
    return _edit(request, store, Mails, "mails")


@of_store
def connection(request: HttpRequest, store: Store) -> HttpResponseBase:
    form = Connection if is_administrator(request.user) else Token
    return _edit(request, store, form, "connection")


@of_store
@require_POST
def test_connection(request: HttpRequest, store: Store) -> HttpResponseBase:
    """Try the shop and Shopping Feed as they are saved."""
    form = Connection(instance=store) if is_administrator(request.user) else Token(instance=store)
    return _page(request, store, "connection.html", "connection", form=form, tried=tried(store))


@of_store
def history(request: HttpRequest, store: Store) -> HttpResponse:
    changes = SettingChange.objects.filter(store=store).order_by("-id")[:HISTORY]
    return _page(request, store, "history.html", "history", changes=change_lines(changes))


@administrator
def new_store(request: HttpRequest) -> HttpResponseBase:
    form = NewStore(request.POST or None, instance=Store())
    if request.method == "POST" and form.is_valid():
        store = form.save(commit=False)
        for name, value in form.changed.items():
            setattr(store, name, value)
        store.save()
        SettingChange.objects.create(store=store, who=person(request), name="store", after=store.name)
        messages.success(request, _("The store was added. Say next what its statuses mean."))
        return redirect("backoffice:settings", store.name)
    return page(request, "new_store.html", screen="overview", form=form)


def _edit(
    request: HttpRequest, store: Store, form_class: Any, name: str, *, effect: bool = False, **context: Any
) -> HttpResponseBase:
    """A form that is shown, reviewed where it changes what is sent, and saved."""
    if request.method != "POST":
        return _page(request, store, f"{name}.html", name, form=form_class(instance=store), **context)
    form = form_class(request.POST, instance=Store.objects.get(pk=store.pk))
    if form.is_valid():
        if not effect or request.POST.get("do") == "save":
            return save(request, store, form, name)
        context |= review(store, form)
    else:
        messages.error(request, _("Nothing was saved yet: something below is not right."))
    return _page(request, store, f"{name}.html", name, form=form, **context)


def review(store: Store, form: Any) -> dict[str, Any]:
    """What saving would do."""
    after = store_with(store, form.changed)
    lines = change_lines(
        [SettingChange(name=name, before=a, after=b) for name, a, b in differences(store, form.changed)]
    )
    return {"reviewed": True, "lines": lines, "effect": foretold(store, after) if lines else None}


def store_with(store: Store, changed: dict[str, Any]) -> Store:
    """A copy in memory."""
    copy = Store.objects.get(pk=store.pk)
    for name, value in changed.items():
        setattr(copy, name, value)
    return copy


def save(request: HttpRequest, store: Store, form: Any, name: str) -> HttpResponseBase:
    try:
        changed = change(store, form.changed, person(request))
    except ValidationError as error:
        for message in error.messages:
            messages.error(request, message)
        return redirect(f"backoffice:{name}", store.name)
    messages.success(request, _("Saved.") if changed else _("Nothing was different: nothing to save."))
    return redirect(f"backoffice:{name}", store.name)


def _page(request: HttpRequest, store: Store, template: str, tab: str, **context: Any) -> HttpResponse:
    titles = {
        "settings": _("Statuses"),
        "sending": _("Sending"),
        "mails": _("Mails"),
        "connection": _("Connection"),
        "history": _("History"),
    }
    if tab == "connection":
        context["token_hint"] = shown(store.token)
    tabs = [Way(text, reverse(f"backoffice:{name}", args=[store.name]), name == tab) for name, text in titles.items()]
    return page(request, f"settings/{template}", store=store, screen="settings", tabs=tabs, **context)
