"""Figures for Prometheus, read from the database at each scrape: the same whichever process answers.

By default of all stores together, so that a scrape of a fleet stays small; of single stores where they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from sfsync.engine.watch.fleet import runs_of
from sfsync.engine.watch.fleet_health import fleet_health
from sfsync.engine.watch.health import Asks, Health, health_of
from sfsync.models import AnswerFigure, DayFigure, Process, Store
from sfsync.models.process import SYNC

WAITS = ("queued", "waiting", "in_flight", "failed")
Values = Mapping[tuple[str, ...], float | None]
"""By the values of the labels; None where there is nothing to tell."""
GAUGES = {
    "sfsync_stores": ("Stores that are switched on and off", ("state",)),
    "sfsync_scheduled": ("1 where a service or Celery starts runs by the clock, else 0", ()),
    "sfsync_runs": (
        "Stores whose run is in progress, that are due, and whose run ended in the last minute",
        ("state",),
    ),
    "sfsync_oldest_due_seconds": ("For how long the first of the stores that are due has been", ()),
    "sfsync_updates": ("Updates that are not done yet", ("state",)),
    "sfsync_orders_to_ship": ("Orders by how near their deadline is", ("state",)),
    "sfsync_alarms": ("Stores by the alarm that stands", ("alarm",)),
    "sfsync_oldest_waiting_seconds": ("Age of the oldest waiting update", ()),
    "sfsync_seconds_since_last_run": ("Since the last run ended, of the store where that is longest ago", ()),
    "sfsync_last_run_seconds": ("How long the last run took, of the store where it took longest", ()),
}
"""Name → what it says, and its labels; those of single stores have the label `store` before them."""


class Collected:
    """A prometheus_client collector. `names`: the stores that are told one by one; all together without any."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names = names

    def collect(self) -> Iterable[Metric]:
        found, single = (_single(self.names), ("store",)) if self.names else (_together(), ())
        for name, values in found.items():
            yield _gauge(name, single, values)
        yield from _operations(self.names)
        yield _requests(self.names)


def exposition(names: Sequence[str] = ()) -> tuple[bytes, str]:
    """The text and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collected(names))
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _gauge(name: str, single: tuple[str, ...], values: Values) -> Metric:
    says, labels = GAUGES[name]
    family = GaugeMetricFamily(name, says, labels=[*single, *labels])
    for given, value in values.items():
        if value is not None:
            family.add_metric(given, value)
    return family


def _together() -> dict[str, Values]:
    now = timezone.now()
    fleet = fleet_health(now)
    runs = runs_of(fleet.stores["on"], now)
    waits = (*WAITS, Asks.BY_HAND, Asks.WENT_BACK, Asks.DIFFERS)
    return {
        "sfsync_stores": {(state,): fleet.stores[state] for state in ("on", "off")},
        "sfsync_scheduled": {(): runs.scheduled},
        "sfsync_runs": {(state,): getattr(runs, state) for state in ("running", "due", "ran")},
        "sfsync_oldest_due_seconds": {(): _age(runs.oldest_due, now) or 0},
        "sfsync_updates": {(_label(state),): fleet.updates[state] for state in waits},
        "sfsync_orders_to_ship": {(_label(each),): fleet.to_ship[each] for each in (Asks.LATE, Asks.AT_RISK)},
        "sfsync_alarms": {(code,): number for code, number in sorted(fleet.alarms.items())},
        "sfsync_oldest_waiting_seconds": {(): _age(fleet.oldest_waiting, now) or 0},
        "sfsync_seconds_since_last_run": {(): _age(fleet.oldest_run, now)},
        "sfsync_last_run_seconds": {(): fleet.longest_run.total_seconds() if fleet.longest_run else None},
    }


def _single(names: Sequence[str]) -> dict[str, Values]:
    now = timezone.now()
    stores = list(Store.objects.filter(name__in=names).select_related("state").order_by("name"))
    healths = health_of(stores, now)
    runs = Process.objects.filter(name=SYNC, store__in=stores).select_related("store").order_by("store__name")
    took: Values = {(each.store.name,): each.duration.total_seconds() for each in runs if each.duration is not None}
    return {
        "sfsync_updates": {(each.store, name): value for each in healths for name, value in _updates(each)},
        "sfsync_orders_to_ship": {
            (each.store, name): getattr(each, name) for each in healths for name in ("late", "at_risk")
        },
        "sfsync_alarms": {(each.store, alarm.code): 1 for each in healths for alarm in each.alarms},
        "sfsync_oldest_waiting_seconds": {(each.store,): _age(each.oldest_waiting, now) or 0 for each in healths},
        "sfsync_seconds_since_last_run": {(each.store,): _age(each.last_run, now) for each in healths},
        "sfsync_last_run_seconds": took,
    }


def _updates(health: Health) -> Iterable[tuple[str, float]]:
    yield from ((name, getattr(health, name)) for name in WAITS)
    yield "by_hand", health.left_to_people
    yield "went_back", health.went_back
    yield "differs", health.differences


def _label(state: str) -> str:
    return state.replace(" ", "_")


def _age(moment: datetime | None, now: datetime) -> float | None:
    return max((now - moment).total_seconds(), 0.0) if moment else None


def _operations(names: Sequence[str]) -> Iterable[Metric]:
    rows, keys = DayFigure.objects.all(), ["operation"]
    if names:
        rows, keys = rows.filter(store__name__in=names), ["store__name", "operation"]
    labels = [each.removesuffix("__name") for each in keys]
    sent = CounterMetricFamily("sfsync_sent", "Operations that the API accepted", labels=labels)
    confirmed = CounterMetricFamily("sfsync_confirmed", "Operations that the marketplace confirmed", labels=labels)
    failed = CounterMetricFamily("sfsync_failed", "Attempts that failed", labels=labels)
    for row in rows.order_by(*keys).values_list(*keys).annotate(Sum("sent"), Sum("confirmed"), Sum("failed")):
        for family, value in zip((sent, confirmed, failed), row[-3:], strict=True):
            family.add_metric(row[:-3], value)
    return [sent, confirmed, failed]


def _requests(names: Sequence[str]) -> Metric:
    rows, keys = AnswerFigure.objects.all(), ["status"]
    if names:
        rows, keys = rows.filter(store__name__in=names), ["store__name", "status"]
    labels = [each.removesuffix("__name") for each in keys]
    requests = CounterMetricFamily("sfsync_api_requests", "API requests by the status of their answer", labels=labels)
    for *store, status, number in rows.order_by(*keys).values_list(*keys).annotate(Sum("requests")):
        requests.add_metric([*store, str(status) if status else "none"], number)
    return requests
