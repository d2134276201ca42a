"""All stores of somebody who looks after many: the worst first, found, filtered, and acted on together."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.backoffice.kit.access import manager, person, stores_of
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.reader_texts import grouped
from sfsync.backoffice.kit.starting import Go, in_few_threads
from sfsync.db.among import among
from sfsync.domain.shared_alarms import HELD
from sfsync.engine.people import fleet as many
from sfsync.engine.watch import fleet_list
from sfsync.engine.watch.health import scheduler_awake
from sfsync.models import Preference, Store

STORES_A_PAGE = 50
AT_ONCE = 100
"""Stores that are acted on while the page waits; more are done in the background."""
NAMED = 20
"""Stores that the question whether to act names."""


def called(code: str) -> str:
    """What a store is found to be, in a few words."""
    others = {
        fleet_list.FAILED: _("Updates need attention"),
        fleet_list.MAIL: _("Emails do not go out"),
        fleet_list.WELL: _("Nothing wrong"),
        fleet_list.PAUSED: _("Paused"),
    }
    return others.get(code) or texts.store_state(code).removesuffix(".") or code


class Filter(forms.Form):
    """Everything is optional; what makes no sense filters nothing."""

    q = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=64)
    trouble = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    group = forms.ChoiceField(label=gettext_lazy("Group"), required=False)

    def __init__(self, user: Any, given: Any) -> None:
        super().__init__(given, auto_id="filter-%s")
        self.stores = stores_of(user)
        named = self.stores.exclude(group="").order_by("group").values_list("group", flat=True).distinct()
        groups = [("", _("All groups")), *((each, each) for each in named)]
        cast(forms.ChoiceField, self.fields["group"]).choices = groups
        codes = [("", _("All states")), *((code, called(code)) for code in fleet_list.CODES)]
        cast(forms.ChoiceField, self.fields["trouble"]).choices = codes
        if len(groups) < 3:
            del self.fields["group"]

    @cached_property
    def values(self) -> dict[str, str]:
        """What filters, by its name."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def query(self) -> str:
        return urlencode(self.values)

    @property
    def narrowed(self) -> QuerySet[Store]:
        """By name and group."""
        stores = self.stores
        if "q" in self.values:
            stores = stores.filter(name__icontains=self.values["q"])
        return stores.filter(group=self.values["group"]) if "group" in self.values else stores

    @property
    def found(self) -> QuerySet[Any]:
        return fleet_list.found(self.narrowed, timezone.now(), self.values.get("trouble", ""))


class Pages(Paginator):  # type: ignore[type-arg]
    """Of stores that were counted already."""

    def __init__(self, count: int) -> None:
        super().__init__(range(count), STORES_A_PAGE)


@manager
def fleet(request: HttpRequest) -> HttpResponse:
    chosen, now = Filter(request.user, request.GET), timezone.now()
    counts = fleet_list.counted(chosen.narrowed, now)
    wanted = chosen.values.get("trouble", "")
    total = counts.get(wanted, 0) if wanted else sum(counts.values())
    pages = Pages(total).get_page(request.GET.get("page"))
    first = (pages.number - 1) * STORES_A_PAGE
    lines = fleet_list.lines(chosen.found, first, first + STORES_A_PAGE) if total else []
    return page(
        request,
        "fleet.html",
        screen="fleet",
        filter=chosen,
        counts=[_counted(chosen, code, number) for code, number in counts.items()],
        total=total,
        scheduled=scheduler_awake(now),
        together=_together(request.user),
        pages=pages,
        lines=[(each, called(each.code), _mood(each.code)) for each in lines],
    )


def _counted(chosen: Filter, code: str, number: int) -> tuple[str, int, str, str]:
    """What a class is called, how many stores it has, how it looks, and where they are shown."""
    return called(code), number, _mood(code), f"?{urlencode({**chosen.values, 'trouble': code})}"


def _mood(code: str) -> str:
    """The chip that shows it."""
    moods = {
        HELD: "by-hand",
        fleet_list.FAILED: "by-hand",
        fleet_list.MAIL: "by-hand",
        fleet_list.WELL: "confirmed",
    }
    return moods.get(code, "given-up" if code == fleet_list.PAUSED else "failed")


@manager
def mails(request: HttpRequest) -> HttpResponseBase:
    """POST `together`: whether the person wants one mail for each kind of trouble, even of a single store."""
    if request.method == "POST":
        user: Any = request.user
        wanted = {"shared_alarms": "together" in request.POST}
        spoken = {"language": (get_language() or "en")[:2]}
        Preference.objects.update_or_create(user=user, defaults=wanted, create_defaults=wanted | spoken)
        messages.success(request, _("Saved."))
    return redirect("backoffice:fleet")


def _together(user: Any) -> bool:
    return Preference.objects.filter(user=user, shared_alarms=True).exists()


@manager
def act(request: HttpRequest) -> HttpResponseBase:
    """POST `act`, and `store` (ids, many) or `all` that the filter finds. `sure`: how many the person saw that it will
    change; where it would be more by now, they are asked again."""
    chosen = Filter(request.user, request.POST)
    back = f"{reverse('backoffice:fleet')}?{chosen.query}"
    wanted = request.POST.get("act", "")
    if request.method != "POST" or wanted not in list(many.Act):
        return redirect(back)
    what = many.Act(wanted)
    stores = many.changing(what, _selected(request, chosen)).values_list("pk", "name")
    found = list(stores)
    if not found:
        messages.warning(request, _("There is nothing to do for these stores."))
        return redirect(back)
    sure = request.POST.get("sure", "")[:9]
    if not sure.isdecimal() or len(found) > int(sure):
        return _confirm(request, chosen, what, [name for _pk, name in found], back)
    _do(request, what, [pk for pk, _name in found])
    return redirect(back)


def _selected(request: HttpRequest, chosen: Filter) -> QuerySet[Any]:
    if request.POST.get("all"):
        return chosen.found
    ids = [int(each) for each in request.POST.getlist("store") if each.isdecimal() and len(each) <= 18]
    return chosen.stores.filter(pk__in=ids[:STORES_A_PAGE]).order_by("name")


def _confirm(request: HttpRequest, chosen: Filter, what: many.Act, names: list[str], back: str) -> HttpResponse:
    title, effect = _asked(what)
    return page(
        request,
        "fleet_confirm.html",
        screen="fleet",
        act=what.value,
        title=title,
        effect=effect,
        names=names[:NAMED],
        unnamed=len(names) - len(names[:NAMED]),
        count=len(names),
        all=request.POST.get("all", ""),
        stores=request.POST.getlist("store")[:STORES_A_PAGE],
        values=chosen.values.items(),
        back=back,
    )


def _asked(what: many.Act) -> tuple[str, str]:
    return {
        many.Act.PAUSE: (
            _("Pause these stores?"),
            _("Nothing is checked and nothing is sent for them until they are resumed. What is pending is kept."),
        ),
        many.Act.RESUME: (
            _("Resume these stores?"),
            _("They are synced again on their schedule, and what is pending is sent."),
        ),
        many.Act.RUN: (
            _("Sync these stores now?"),
            _("Each one's next sync starts as soon as its turn comes, in trouble or not."),
        ),
        many.Act.RETRY: (
            _("Retry the failed updates of these stores?"),
            _("Every failed update gets all its attempts again."),
        ),
    }[what]


def _do(request: HttpRequest, what: many.Act, ids: list[int]) -> None:
    if len(ids) > AT_ONCE:
        in_background(what, ids, person(request))
        text = _("%(count)s stores are being changed in the background: reload the page to see how far it is.")
        messages.success(request, text % {"count": grouped(len(ids))})
        return
    changed, refused = many.act(what, Store.objects.filter(pk__in=ids), person(request))
    messages.success(request, _done(what, changed))
    for each in refused:
        messages.warning(request, each)


def in_background(what: many.Act, ids: Iterable[int], who: str, go: Go = in_few_threads) -> None:
    go(partial(_all_of, what, list(ids), who))


def _all_of(what: many.Act, ids: list[int], who: str) -> None:
    many.act(what, Store.objects.filter(pk__in=among(ids)), who)


def _done(what: many.Act, count: int) -> str:
    text = {
        many.Act.PAUSE: ngettext("%(count)s store paused.", "%(count)s stores paused.", count),
        many.Act.RESUME: ngettext("%(count)s store resumed.", "%(count)s stores resumed.", count),
        many.Act.RUN: ngettext("%(count)s store will sync now.", "%(count)s stores will sync now.", count),
        many.Act.RETRY: ngettext(
            "Failed updates of %(count)s store are being retried.",
            "Failed updates of %(count)s stores are being retried.",
            count,
        ),
    }[what]
    return text % {"count": grouped(count)}
