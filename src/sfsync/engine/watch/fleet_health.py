"""How all stores together are doing: what a machine asks for every few seconds, however many they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum

from sfsync.conf import conf
from sfsync.domain.backoff import TOO_LONG_OPEN
from sfsync.engine.watch import refused_mail
from sfsync.engine.watch.fleet_list import silent
from sfsync.engine.watch.health import Asks, Stores, asking_people, figures_of
from sfsync.models import ChannelTrouble, Cursor, Process, Store, StoreState
from sfsync.models.process import SYNC


@dataclass(slots=True)
class FleetHealth:
    """Sums of what `health.Health` tells of each store. `alarms`: how many stores have each, by its code."""

    stores: Counter[str] = field(default_factory=Counter)
    updates: Counter[str] = field(default_factory=Counter)
    to_ship: Counter[str] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    oldest_waiting: datetime | None = None
    oldest_run: datetime | None = None
    """When the store that was not run for longest was."""
    longest_run: timedelta | None = None


def fleet_health(now: datetime) -> FleetHealth:
    """Some fifteen statements, whose answers do not grow with the stores."""
    fleet, stores = FleetHealth(), Store.objects.order_by()
    _count_tasks(fleet, stores, now)
    for _store, asks, _operation, orders in asking_people(stores, now):
        if asks in (Asks.LATE, Asks.AT_RISK):
            fleet.to_ship[asks] += orders
        else:
            fleet.updates[asks] += orders
    _count_stores(fleet, now)
    _count_troubles(fleet)
    _count_mails(fleet)
    return fleet


def _count_tasks(fleet: FleetHealth, stores: Stores, now: datetime) -> None:
    patience = now - timedelta(hours=conf().patience_hours)
    found = figures_of(stores, now).aggregate(
        **{f"all_{name}": Sum(name, default=0) for name in ("alive", "queued", "in_flight", "failed")},
        oldest=Min("oldest_waiting"),
        overdue=Count("store", filter=Q(oldest_waiting__lt=patience)),
        slow=Count("store", filter=Q(oldest_in_flight__lt=now - TOO_LONG_OPEN)),
    )
    fleet.updates.update({name: found[f"all_{name}"] for name in ("queued", "in_flight", "failed")})
    fleet.updates["waiting"] += found["all_alive"] - found["all_queued"]
    fleet.oldest_waiting = found["oldest"]
    fleet.alarms.update({"overdue": found["overdue"], "ticket-slow": found["slow"]})


def _count_stores(fleet: FleetHealth, now: datetime) -> None:
    for enabled, number in Store.objects.order_by().values_list("enabled").annotate(Count("pk")):
        fleet.stores["on" if enabled else "off"] += number
    runs = Process.objects.filter(name=SYNC, store__enabled=True, finished_at__isnull=False)
    times = runs.filter(finished_at__gte=F("started_at")).annotate(took=F("finished_at") - F("started_at"))
    found = times.aggregate(oldest=Min("finished_at"), longest=Max("took"))
    fleet.oldest_run, fleet.longest_run = found["oldest"], found["longest"]
    fleet.alarms["silent"] += silent(Store.objects.filter(enabled=True), now).count()


def _count_troubles(fleet: FleetHealth) -> None:
    troubled = StoreState.objects.exclude(trouble="")
    fleet.alarms.update(dict(troubled.values_list("trouble").annotate(Count("pk"))))
    sources = Cursor.objects.exclude(trouble="").exclude(trouble=F("store__state__trouble"))
    fleet.alarms["source-troubled"] += _stores_of(sources)
    fleet.alarms["held-since"] += _stores_of(ChannelTrouble.objects.held())


def _stores_of(parts: QuerySet[Any]) -> int:
    return int(parts.aggregate(stores=Count("store", distinct=True))["stores"])


def _count_mails(fleet: FleetHealth) -> None:
    """Of the stores whose mails do not go out, all are read."""
    untold = StoreState.objects.exclude(mail_trouble="", refused={}).select_related("store")
    for state in untold.only("mail_trouble", "refused", "store__recipients"):
        refused = refused_mail.alarming(state)
        fleet.alarms["recipient-refused"] += bool(refused)
        fleet.alarms["mail-failed"] += bool(state.mail_trouble and not set(state.store.recipients) <= refused.keys())
