"""Figures for Prometheus, read from the database at each scrape: the same whichever process answers."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from sfsync.engine.watch.health import health_of
from sfsync.models import AnswerFigure, DayFigure, Process, Store
from sfsync.models.process import SYNC


class Collected:
    """A prometheus_client collector."""

    def collect(self) -> Iterable[Metric]:
        stores = list(Store.objects.select_related("state").order_by("name"))
        yield from _queues(stores)
        yield from _operations()
        yield from _requests()
        yield from _passes()


def exposition() -> tuple[bytes, str]:
    """The text and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collected())
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _queues(stores: list[Store]) -> Iterable[Metric]:
    now = timezone.now()
    depth = GaugeMetricFamily("sfsync_updates", "Updates that are not done yet", labels=["store", "state"])
    oldest = GaugeMetricFamily("sfsync_oldest_waiting_seconds", "Age of the oldest waiting update", labels=["store"])
    alarms = GaugeMetricFamily("sfsync_alarms", "Alarms that stand", labels=["store"])
    silence = GaugeMetricFamily("sfsync_seconds_since_last_run", "Since the last run ended", labels=["store"])
    due = GaugeMetricFamily("sfsync_orders_to_ship", "Orders by how near their deadline is", labels=["store", "state"])
    for health in health_of(stores, now):
        for state in ("queued", "waiting", "in_flight", "failed"):
            depth.add_metric([health.store, state], getattr(health, state))
        depth.add_metric([health.store, "by_hand"], health.left_to_people)
        depth.add_metric([health.store, "went_back"], health.went_back)
        due.add_metric([health.store, "late"], health.late)
        due.add_metric([health.store, "at_risk"], health.at_risk)
        age = (now - health.oldest_waiting).total_seconds() if health.oldest_waiting else 0
        oldest.add_metric([health.store], max(age, 0))
        alarms.add_metric([health.store], len(health.alarms))
        if health.last_run:
            silence.add_metric([health.store], (now - health.last_run).total_seconds())
    return [depth, due, oldest, alarms, silence]


def _operations() -> Iterable[Metric]:
    labels = ["store", "operation"]
    sent = CounterMetricFamily("sfsync_sent", "Operations that the API accepted", labels=labels)
    confirmed = CounterMetricFamily("sfsync_confirmed", "Operations that the marketplace confirmed", labels=labels)
    failed = CounterMetricFamily("sfsync_failed", "Attempts that failed", labels=labels)
    rows = DayFigure.objects.values_list("store__name", "operation").order_by("store__name", "operation")
    for store, operation, *sums in rows.annotate(Sum("sent"), Sum("confirmed"), Sum("failed")):
        for family, value in zip((sent, confirmed, failed), sums, strict=True):
            family.add_metric([store, operation], value)
    return [sent, confirmed, failed]


def _requests() -> Iterable[Metric]:
    requests = CounterMetricFamily(
        "sfsync_api_requests", "API requests by the status of their answer", labels=["store", "status"]
    )
    rows = AnswerFigure.objects.order_by("store__name", "status").values_list("store__name", "status", "requests")
    for store, status, number in rows:
        requests.add_metric([store, str(status) if status else "none"], number)
    return [requests]


def _passes() -> Iterable[Metric]:
    duration = GaugeMetricFamily("sfsync_last_run_seconds", "How long the last run took", labels=["store"])
    for process in Process.objects.filter(name=SYNC).select_related("store").order_by("store__name"):
        if process.duration is not None:
            duration.add_metric([process.store.name], process.duration.total_seconds())
    return [duration]
