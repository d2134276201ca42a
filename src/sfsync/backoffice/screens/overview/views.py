"""How the stores are doing, in words and in figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, Sum, prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sfsync import texts
from sfsync.backoffice.kit.access import is_administrator, of_store, signed_in, stores_of
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.order_state import OF_THOSE_BACK, Standing, State, standing
from sfsync.backoffice.kit.reader_texts import Said, grouped, told
from sfsync.backoffice.screens.overview.chart import Chart, chart_of
from sfsync.conf import conf
from sfsync.domain.operations import kind_of, names
from sfsync.domain.trouble import Trouble
from sfsync.engine.people.first_day import unfinished
from sfsync.engine.watch.health import Health, health_of
from sfsync.models import DayFigure, Order, Store, Task
from sfsync.models.deadlines import at_risk, late, to_ship

DAYS = 14
STORES_A_PAGE = 20
NEED_YOU = 10


@dataclass(frozen=True, slots=True)
class Card:
    """One store at a glance. `mood` is `good`, `busy` or `bad`; `patience` what share of it the oldest update used."""

    store: Store
    health: Health
    mood: str
    headline: str
    alarms: list[Said]
    chart: Chart
    patience: int
    patience_hours: int

    @property
    def waiting(self) -> int:
        return self.health.queued + self.health.waiting

    @property
    def by_hand(self) -> int:
        return self.health.left_to_people

    @property
    def need_you(self) -> int:
        """What failed, what is to be done by hand and what went back."""
        return self.health.asking

    @property
    def only_state(self) -> str:
        """The state of all those that need a person; empty where there are several."""
        counts = {State.FAILED: self.health.failed, State.BY_HAND: self.by_hand, State.WENT_BACK: self.health.went_back}
        there = [state.value for state, count in counts.items() if count] or [State.FAILED.value]
        return there[0] if len(there) == 1 else ""

    @property
    def unfinished(self) -> bool:
        return unfinished(self.store)

    @property
    def held_up(self) -> bool:
        """By its connections, which its settings correct."""
        trouble = Trouble.named(self.store.state.trouble)
        return trouble is not None and trouble.in_settings

    @property
    def in_alarm(self) -> bool:
        """The headline is what the first alarm says."""
        return bool(self.alarms) and self.headline == self.alarms[0].text


@signed_in
def overview(request: HttpRequest) -> HttpResponseBase:
    """Every store of the person; the one store itself where there is only one."""
    stores = stores_of(request.user).select_related("state").order_by("name")
    name = request.GET.get("name", "").strip()
    chosen = stores.filter(name__icontains=name) if name else stores
    pages = Paginator(chosen, STORES_A_PAGE).get_page(request.GET.get("page"))
    shown = list(pages.object_list)
    if len(shown) == 1 and not name and not is_administrator(request.user):
        return redirect("backoffice:store", shown[0].name)
    return page(request, "overview.html", screen="overview", cards=cards_of(shown), pages=pages, name=name)


@of_store
def store(request: HttpRequest, store: Store) -> HttpResponse:
    """One store: its health, its figures, and the orders that need a person."""
    context: dict[str, Any] = {"card": (card := cards_of([store])[0]), "needing": needing(store)}
    context["due"] = due(store) if card.health.late or card.health.at_risk else []
    return page(request, "store.html", store=store, screen="store", **context)


def due(store: Store) -> list[Order]:
    """R25: the late ones and those at risk, the most urgent first, a handful."""
    now = timezone.now()
    near = to_ship([store]).filter(late(now) | at_risk([store], now))
    orders = Order.objects.filter(store=store, open=True, marketplace_order__in=near)
    return list(orders.select_related("marketplace_order").order_by("marketplace_order__ship_by", "id")[:NEED_YOU])


def needing(store: Store) -> list[tuple[Order, Standing]]:
    """The failed updates, then what is to be done by hand or went back, the newest first, a handful of each."""
    orders = Order.objects.filter(store=store)
    parked = orders.filter(marketplace_order__tasks__failed_at__isnull=False)
    failed = parked.order_by("-marketplace_order__tasks__failed_at").values("pk")[:NEED_YOU]
    asks = ~Q(marketplace_order__by_hand="") | Q(marketplace_order__contradicted=True)
    left = orders.filter(asks).order_by("-created_at", "-id").values("pk")[:NEED_YOU]
    tasks = Prefetch("marketplace_order__tasks", Task.objects.parked())
    found = orders.filter(Q(pk__in=failed) | Q(pk__in=left)).select_related("marketplace_order").prefetch_related(tasks)
    prefetch_related_objects([each for each in found if each.marketplace_order.contradicted], *OF_THOSE_BACK)
    return [(each, standing(each, each.marketplace_order.tasks.all())) for each in sorted(found, key=_urgency)]


def _urgency(order: Order) -> tuple[bool, float]:
    failed = [task.failed_at for task in order.marketplace_order.tasks.all() if task.failed_at]
    return (not failed, -max(failed or [order.created_at]).timestamp())


def cards_of(stores: list[Store]) -> list[Card]:
    """Five statements, however many stores."""
    now = timezone.now()
    figures = figures_of(stores, timezone.localdate(now))
    healths = health_of(stores, now)
    return [_card(each, health, figures[each.pk], now) for each, health in zip(stores, healths, strict=True)]


def figures_of(stores: list[Store], today: date) -> dict[int, dict[date, tuple[int, int]]]:
    """Store → day → confirmed, failed."""
    found: dict[int, dict[date, tuple[int, int]]] = defaultdict(dict)
    since = today - timedelta(days=DAYS - 1)
    rows = DayFigure.objects.filter(store__in=stores, day__gte=since).values_list("store", "day")
    for store_id, day, confirmed, failed in rows.annotate(Sum("confirmed"), Sum("failed")):
        found[store_id][day] = (confirmed, failed)
    return found


def _card(store: Store, health: Health, figures: dict[date, tuple[int, int]], now: datetime) -> Card:
    chart = chart_of(figures, timezone.localdate(now), DAYS)
    confirmed, _failed = figures.get(timezone.localdate(now), (0, 0))
    alarms = [told(each.code, each.params) for each in health.alarms]
    hours = conf().patience_hours
    age = (now - health.oldest_waiting).total_seconds() / 3600 if health.oldest_waiting else 0
    return Card(
        store,
        health,
        mood=_mood(store, health),
        headline=headline(store, health, confirmed),
        alarms=alarms,
        chart=chart,
        patience=min(round(100 * age / hours), 100),
        patience_hours=hours,
    )


def _mood(store: Store, health: Health) -> str:
    if health.late or health.asking or health.differences or health.alarms:
        return "bad"
    return (
        "busy"
        if health.at_risk or _busy(health) or not (store.enabled and store.statuses and health.last_run)
        else "good"
    )


def _busy(health: Health) -> int:
    return health.queued + health.waiting + health.in_flight


def _asking(health: Health) -> Iterator[str]:
    """What asks for a person: how many have failed, and what is to be done on the marketplace."""
    if health.failed:
        yield ngettext("%(count)s failed", "%(count)s failed", health.failed) % {"count": grouped(health.failed)}
    for operation, count in health.by_hand.items():
        yield _to_do(operation, count) % {"count": grouped(count)}
    if health.went_back:
        text = ngettext(
            "%(count)s that went back in the shop", "%(count)s that went back in the shop", health.went_back
        )
        yield text % {"count": grouped(health.went_back)}


def _to_do(operation: str, count: int) -> str:
    one, many = kind_of(operation).to_do if operation in names() else ("", "")
    if one:
        return ngettext(one, many, count)
    text = ngettext(
        "%(count)s to update on the marketplace, which does not accept %(operation)s through Shopping Feed",
        "%(count)s to update on the marketplace, which does not accept %(operation)s through Shopping Feed",
        count,
    )
    return text.replace("%(operation)s", texts.update(operation))


def _deadlines(health: Health) -> Iterator[str]:
    """R25: before anything else."""
    if health.late:
        text = ngettext("%(count)s order is late.", "%(count)s orders are late.", health.late)
        yield text % {"count": grouped(health.late)}
    if health.at_risk:
        text = ngettext(
            "%(count)s order must be shipped soon.", "%(count)s orders must be shipped soon.", health.at_risk
        )
        yield text % {"count": grouped(health.at_risk)}


def _attention(health: Health) -> str:
    count = health.asking
    text = ngettext("%(count)s order needs attention: %(what)s.", "%(count)s orders need attention: %(what)s.", count)
    return text % {"count": grouped(count), "what": ", ".join(_asking(health))}


def _differences(health: Health) -> str:
    """R32."""
    text = ngettext(
        "%(count)s order differs from what its marketplace shows.",
        "%(count)s orders differ from what their marketplaces show.",
        health.differences,
    )
    return text % {"count": grouped(health.differences)}


def headline(store: Store, health: Health, confirmed: int) -> str:
    """Is it healthy, in one sentence."""
    if unfinished(store):
        return _("This store is not fully set up yet: nothing is sent.")
    if not store.enabled:
        return _("This store is switched off: nothing is sent.")
    attention = [_attention(health)] if health.asking else []
    if said := [*_deadlines(health), *attention, *([_differences(health)] if health.differences else [])]:
        return " ".join(said)
    if health.alarms:
        return told(health.alarms[0].code, health.alarms[0].params).text
    if not store.statuses:
        return _("No status is mapped yet: nothing is sent.")
    if not health.last_run:
        return _("No sync has run yet.")
    if busy := _busy(health):
        text = ngettext(
            "%(count)s update is pending or awaiting confirmation.",
            "%(count)s updates are pending or awaiting confirmation.",
            busy,
        )
        return text % {"count": grouped(busy)}
    if confirmed:
        text = ngettext(
            "Today's only update is confirmed.", "All %(count)s of today's updates are confirmed.", confirmed
        )
        return text % {"count": grouped(confirmed)}
    return _("All marketplaces are up to date.")
