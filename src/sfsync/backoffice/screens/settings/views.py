"""A store's settings, a page each: what statuses mean, how updates leave, who is told, the connections, the history."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Table
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.access import administrator, asked_again, is_administrator, of_store, person, post_only
from sfsync.backoffice.kit.layout import Way, page
from sfsync.backoffice.kit.live_shop import Tried, carriers_of, statuses_of, tried
from sfsync.backoffice.screens.settings import pending_secrets
from sfsync.backoffice.screens.settings.bridge import standing
from sfsync.backoffice.screens.settings.connection_forms import Connection, NewStore, Token
from sfsync.backoffice.screens.settings.effects import foretold, warnings
from sfsync.backoffice.screens.settings.forms import Mails, Mapping, Sending
from sfsync.backoffice.screens.settings.setting_history import Names, called, change_lines
from sfsync.engine.people.change_settings import add_store, change_settings, differences, hint, note_try
from sfsync.engine.watch.doctor import answering, forget_trouble
from sfsync.models import SettingChange, Store, named_settings
from sfsync.shops import kinds
from sfsync.shops.kind import ShopKind
from sfsync.texts import joined

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
    return tab_page(request, store, "mapping.html", "settings", form=form, **context)


@of_store
def sending(request: HttpRequest, store: Store) -> HttpResponseBase:
    carriers = carriers_of(store)
    form = partial(Sending, carriers=carriers.found)
    return _edit(request, store, form, "sending", effect=True, carriers=carriers)


@of_store
def mails(request: HttpRequest, store: Store) -> HttpResponseBase:
    return _edit(request, store, Mails, "mails")


@asked_again
@of_store
def connection(request: HttpRequest, store: Store) -> HttpResponseBase:
    """What is given is tried before it is saved, so that nothing that works is replaced by a mistake."""
    if request.method != "POST":
        pending_secrets.kept(request, store.name)
        return tab_page(request, store, "connection.html", "connection", form=_connection_form(request)(instance=store))
    form = _connected(request, store)
    if not form.is_valid():
        return _again(request, store, form)
    after = store_with(store, form.changed)
    if request.POST.get("do") == "anyway" or not after.enabled or not differences(store, form.changed):
        return _save_connection(request, store, form, None)
    note_try(store, after, person(request))
    found = tried(after, form.tries)
    return _save_connection(request, store, form, found) if found.well else _again(request, store, form, found)


@asked_again
@of_store
@post_only("backoffice:connection")
def test_connection(request: HttpRequest, store: Store) -> HttpResponseBase:
    """Try the shop and Shopping Feed as the form has them now. Nothing is saved."""
    form = _connected(request, store)
    if not form.is_valid():
        return _again(request, store, form, test=True)
    after = store_with(store, form.changed)
    note_try(store, after, person(request))
    return _again(request, store, form, tried(after), test=True)


def _connection_form(request: HttpRequest) -> type[Connection] | type[Token]:
    return Connection if is_administrator(request.user) else Token


def _connected(request: HttpRequest, store: Store) -> Connection | Token:
    kept = pending_secrets.kept(request, store.name)
    return _connection_form(request)(request.POST, instance=Store.objects.get(pk=store.pk), kept=kept)


def _again(
    request: HttpRequest, store: Store, form: Connection | Token, found: Tried | None = None, *, test: bool = False
) -> HttpResponseBase:
    """The form as it was filled in, with what stood in the way."""
    pending_secrets.keep(request, store.name, form)
    context = {"form": form, "tried": found, "test": test}
    return tab_page(request, store, "connection.html", "connection", **context)


def _save_connection(
    request: HttpRequest, store: Store, form: Connection | Token, found: Tried | None
) -> HttpResponseBase:
    if not saved(request, store, form.changed, str(found or "")):
        return _again(request, store, form)
    pending_secrets.forget(request, store.name)
    if found:
        forget_trouble(store, answering(found.findings))
    return redirect("backoffice:connection", store.name)


@of_store
def history(request: HttpRequest, store: Store) -> HttpResponse:
    changes = SettingChange.objects.filter(store=store).order_by("-id")[:HISTORY]
    names = Names(store)
    lines = change_lines(store, changes, names)
    return tab_page(request, store, "history.html", "history", changes=lines, silent=names.silent)


@asked_again
@administrator
def new_store(request: HttpRequest) -> HttpResponseBase:
    """Tried like a connection before it is added."""
    kind = _kind_of(request)
    form = NewStore(request.POST or None, instance=Store(shop_kind=kind.name), kept=pending_secrets.kept(request, ""))
    found = None
    if request.method == "POST":
        if form.is_valid():
            sure = request.POST.get("do") == "anyway" or not form.instance.enabled
            found = None if sure else tried(form.instance)
            if found is None or found.well:
                return _add(request, form)
        pending_secrets.keep(request, "", form)
    all_kinds = [kinds.named(name) for name in kinds.names()]
    return page(request, "new_store.html", screen="overview", form=form, tried=found, kind=kind, kinds=all_kinds)


def _kind_of(request: HttpRequest) -> ShopKind:
    """The kind of shop that was chosen for a new store."""
    wanted = request.POST.get("kind") or request.GET.get("kind") or ""
    return kinds.named(wanted if wanted in kinds.names() else kinds.default_name())


def _add(request: HttpRequest, form: NewStore) -> HttpResponseBase:
    store = form.instance
    add_store(store, person(request))
    pending_secrets.forget(request, "")
    messages.success(request, _("Store added. Now choose what its statuses are sent as."))
    return redirect("backoffice:settings", store.name)


def _edit(
    request: HttpRequest, store: Store, form_class: Any, name: str, *, effect: bool = False, **context: Any
) -> HttpResponseBase:
    """A form that is shown, reviewed where it changes what is sent, and saved."""
    if request.method != "POST":
        return tab_page(request, store, f"{name}.html", name, form=form_class(instance=store), **context)
    form = form_class(request.POST, instance=Store.objects.get(pk=store.pk))
    if form.is_valid():
        if not effect or request.POST.get("do") == "save":
            return save(request, store, form, name)
        context |= review(store, form)
    return tab_page(request, store, f"{name}.html", name, form=form, **context)


def review(store: Store, form: Any) -> dict[str, Any]:
    """What saving would do."""
    after = store_with(store, form.changed)
    changes = [SettingChange(name=name, before=a, after=b) for name, a, b in differences(store, form.changed)]
    lines = change_lines(store, changes, Names(store))
    return {"reviewed": True, "lines": lines, "effect": foretold(store, after) if lines else None}


def store_with(store: Store, changed: dict[str, Any]) -> Store:
    """A copy in memory."""
    copy = Store.objects.get(pk=store.pk)
    named_settings.put(copy, changed)
    return copy


def save(request: HttpRequest, store: Store, form: Any, name: str) -> HttpResponseBase:
    saved(request, store, form.changed)
    return redirect(f"backoffice:{name}", store.name)


def saved(request: HttpRequest, store: Store, wanted: Table[str, Any], also: str = "") -> bool:
    """False where a rule was in the way, which is said; `also`: what else there is to say once it is saved."""
    try:
        changed = change_settings(store, wanted, person(request))
    except ValidationError as error:
        for text in _wrong(store, error):
            messages.error(request, text)
        return False
    messages.success(request, joined(_("Saved."), also) if changed else _("No changes to save."))
    return True


def _wrong(store: Store, error: ValidationError) -> Iterator[str]:
    """What is not right, of which setting."""
    for name, sentences in getattr(error, "message_dict", {NON_FIELD_ERRORS: error.messages}).items():
        for text in sentences:
            of_all = name == NON_FIELD_ERRORS
            yield text if of_all else _("%(setting)s: %(text)s") % {"setting": called(store, name), "text": text}


def tab_page(request: HttpRequest, store: Store, template: str, tab: str, **context: Any) -> HttpResponse:
    titles = {
        "settings": _("Statuses"),
        "sending": _("Sending"),
        "carriers": _("Carriers"),
        "deadlines": _("Deadlines"),
        "mails": _("Emails"),
        "connection": _("Connection"),
        "history": _("History"),
    }
    if tab == "connection":
        context |= {"token_hint": hint(store.token), "bridge": standing(store)}
    tabs = [Way(text, reverse(f"backoffice:{name}", args=[store.name]), name == tab) for name, text in titles.items()]
    return page(request, f"settings/{template}", store=store, screen="settings", tabs=tabs, **context)
