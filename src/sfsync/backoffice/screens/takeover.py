"""Taking over from a module of the shop that sends too, and giving back: shown first, then done (R23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.access import is_administrator, of_store, person
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.live_shop import OUTSIDE, said
from sfsync.backoffice.kit.starting import start
from sfsync.engine.people import takeover as acts
from sfsync.models import Store
from sfsync.shops.setting import Mistake
from sfsync.shops.switches import Switch


@dataclass(frozen=True, slots=True)
class Change:
    """What will become of a setting of the shop."""

    name: str
    scope: str
    before: str
    after: str


@of_store
def takeover(request: HttpRequest, store: Store) -> HttpResponseBase:
    """GET shows what either act would change; POST `do` does it, if it is still what was `seen`. An account of the
    database is used for this once."""
    try:
        return _act(request, store) if request.method == "POST" else _show(request, store)
    except Mistake as mistake:
        messages.error(request, _(mistake.sentence) % mistake.params if mistake.params else _(mistake.sentence))
        return redirect("backoffice:takeover", store.name)
    except OUTSIDE as error:
        messages.error(request, said(store, error).text)
        return redirect("backoffice:diagnostics", store.name)


def _show(request: HttpRequest, store: Store) -> HttpResponseBase:
    with acts.switches_of(store) as switches:
        to_take, back = acts.sending(switches), acts.returning(store, switches)
    former = acts.former_values(store, back.switched)
    context = {
        "taking": [_change(each, each.off) for each in to_take],
        "returning": [_change(each, was.value) for each, was in zip(back.switched, former, strict=True)],
        "left": back.left,
        "seen": {"take": _seen(to_take), "give": _seen(back.switched)},
        "by_key": store.shop_settings.get("connection") == "webservice",
    }
    return page(request, "takeover.html", store=store, screen="diagnostics", **context)


def _change(switch: Switch, value: str) -> Change:
    return Change(switch.name, _(switch.scope) % {"number": switch.number}, switch.value, value)


def _seen(switches: Sequence[Switch]) -> str:
    return " ".join(f"{each.key}={each.value}" for each in switches)


def _account(request: HttpRequest, store: Store) -> str:
    """Only an administrator names another host to connect to, and nobody a file of the server."""
    account = request.POST.get("account", "").strip() if is_administrator(request.user) else ""
    address = store.kind.settings.get("url")
    if account and address and address.typed:
        address.typed(account)
    return account


def _act(request: HttpRequest, store: Store) -> HttpResponseBase:
    account, take = _account(request, store), request.POST.get("do") == "take"
    with acts.switches_of(store, account) as switches:
        now = acts.sending(switches) if take else acts.returning(store, switches).switched
        if _seen(now) != request.POST.get("seen", ""):
            messages.warning(request, _("The shop's settings have changed meanwhile. Here is how they stand now."))
            return redirect("backoffice:takeover", store.name)
        if take:
            acts.take_over(store, switches, person(request))
            messages.success(request, _("Done: sfsync alone sends now. The next sync checks that it stays so."))
        else:
            acts.give_back(store, switches, person(request))
            messages.success(request, _("Done: the shop's settings are as they were."))
    start(store)
    return redirect("backoffice:diagnostics", store.name)
