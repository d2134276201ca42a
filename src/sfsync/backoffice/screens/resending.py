"""Try again everything that failed since a moment, on one marketplace, for one reason: first what will be sent, then
how far it has come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sfsync import texts
from sfsync.backoffice.kit.access import of_store, person
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.order_filter import channels_of, with_state
from sfsync.backoffice.kit.starting import start
from sfsync.backoffice.screens.acting import by_reason, foretold
from sfsync.domain.marketplaces import named
from sfsync.engine.people.resend import Reason, Wanted, again, failed, orders_of, progress, reasons
from sfsync.models import Store, Task

SHOWN = 50
"""Orders that are looked at in the shop before a person says yes."""
DAY = timedelta(days=1)


class Failures(forms.Form):
    """Which failures; everything is optional, and the last day is proposed."""

    since = forms.DateTimeField(
        label=gettext_lazy("Failed since"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    channel = forms.ChoiceField(label=gettext_lazy("Marketplace"), required=False)
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), required=False)

    def __init__(self, store: Store, given: Any) -> None:
        proposed = {"since": timezone.localtime(timezone.now() - DAY).strftime("%Y-%m-%dT%H:%M")}
        super().__init__(given or proposed, auto_id="failures-%s")
        self.store = store
        self._choices("channel", _("All marketplaces"), named(channels_of(store)).items())
        self.full_clean()
        found = reasons(failed([store], replace(self.wanted, reason="")))
        alike = {each.message or each.failure: sentence(each) for each in reversed(found)}
        self._choices("reason", _("All reasons"), alike.items())
        self.full_clean()

    def _choices(self, name: str, every: str, choices: Iterable[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = [("", every), *choices]

    @property
    def wanted(self) -> Wanted:
        given = getattr(self, "cleaned_data", {})
        return Wanted(given.get("since"), given.get("channel") or "", given.get("reason") or "")


def sentence(reason: Reason) -> str:
    return texts.reason(reason.failure, {"operation": "", "message": reason.message, "channel": reason.channel})


@of_store
def resend(request: HttpRequest, store: Store) -> HttpResponseBase:
    """GET shows what would be sent; with `done`, how far it has come. POST with the same fields does it."""
    form = Failures(store, request.POST or request.GET)
    if request.method == "POST" and form.is_valid():
        return _done(request, store, form.wanted)
    if name := request.GET.get("done", ""):
        return page(request, "resent.html", store=store, screen="orders", progress=progress([store], name))
    return _asked(request, store, form)


def _done(request: HttpRequest, store: Store, wanted: Wanted) -> HttpResponseBase:
    count, name = again(failed([store], wanted), person(request))
    if not count:
        messages.warning(request, _("There was nothing to retry."))
        return redirect("backoffice:resend", store.name)
    start(store)
    return redirect(f"{reverse('backoffice:resend', args=[store.name])}?done={name}")


def _asked(request: HttpRequest, store: Store, form: Failures) -> HttpResponse:
    tasks = failed([store], form.wanted) if form.is_valid() else Task.objects.none()
    orders = orders_of(tasks)
    total, rows = orders.count(), list(with_state(orders)[:SHOWN])
    shown, trouble = foretold(store, rows) if rows else ([], None)
    return page(
        request,
        "resend.html",
        store=store,
        screen="orders",
        form=form,
        reasons=[(each, sentence(each)) for each in reasons(tasks)],
        total=total,
        acting=[each for each in shown if each.acts],
        idle=by_reason(each for each in shown if not each.acts),
        unshown=total - len(rows),
        trouble=trouble,
    )
