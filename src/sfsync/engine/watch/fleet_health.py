"""How all stores together are doing: what a machine asks for every few seconds, however many they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min

from sfsync.conf import conf
from sfsync.domain.backoff import TOO_LONG_OPEN
from sfsync.engine.watch import refused_mail
from sfsync.engine.watch.health import Asks, Stores, asking_people, figures_of, schedule, stopped_parts
from sfsync.models import Process, Store, StoreState
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
    """Ten statements, however many stores."""
    fleet = FleetHealth()
    stores = Store.objects.only("deadline_steps")
    _count_tasks(fleet, stores, now)
    for _store, asks, _operation, orders in asking_people(stores, now):
        if asks in (Asks.LATE, Asks.AT_RISK):
            fleet.to_ship[asks] += orders
        else:
            fleet.updates[asks] += orders
    _count_stores(fleet, now)
    _count_troubles(fleet, stores)
    return fleet


def _count_tasks(fleet: FleetHealth, stores: Stores, now: datetime) -> None:
    patience = timedelta(hours=conf().patience_hours)
    for row in figures_of(stores, now):
        fleet.updates.update({name: row[name] for name in ("queued", "in_flight", "failed")})
        fleet.updates["waiting"] += row["alive"] - row["queued"]
        oldest, flight = row["oldest_waiting"], row["oldest_in_flight"]
        if oldest:
            fleet.oldest_waiting = min(fleet.oldest_waiting or oldest, oldest)
        fleet.alarms["overdue"] += bool(oldest and now - oldest > patience)
        fleet.alarms["ticket-slow"] += bool(flight and now - flight > TOO_LONG_OPEN)


def _count_stores(fleet: FleetHealth, now: datetime) -> None:
    for enabled, number in Store.objects.order_by().values_list("enabled").annotate(Count("pk")):
        fleet.stores["on" if enabled else "off"] += number
    runs = Process.objects.filter(name=SYNC, store__enabled=True, finished_at__isnull=False)
    times = runs.filter(finished_at__gte=F("started_at")).annotate(took=F("finished_at") - F("started_at"))
    found = times.aggregate(oldest=Min("finished_at"), longest=Max("took"))
    fleet.oldest_run, fleet.longest_run = found["oldest"], found["longest"]
    silence = timedelta(minutes=conf().silence_minutes)
    late = runs.filter(finished_at__lt=now - silence)
    never = Store.objects.filter(enabled=True, created_at__lt=now - silence).exclude(pk__in=runs.values("store"))
    since: list[tuple[Any, int]] = [*late.values_list("finished_at", "store__every_minutes")]
    since += never.values_list("created_at", "every_minutes")
    fleet.alarms["silent"] += sum(now - last > schedule(minutes) for last, minutes in since)


def _count_troubles(fleet: FleetHealth, stores: Stores) -> None:
    troubled = StoreState.objects.exclude(trouble="")
    fleet.alarms.update(dict(troubled.values_list("trouble").annotate(Count("pk"))))
    own = dict(troubled.values_list("pk", "trouble"))
    for store, _name, trouble, *_rest in stopped_parts(stores):
        if trouble != own.get(store):
            fleet.alarms["source-troubled" if trouble else "held-since"] += 1
    for state in StoreState.objects.exclude(mail_trouble="", refused={}).select_related("store"):
        refused = refused_mail.alarming(state)
        fleet.alarms["recipient-refused"] += bool(refused)
        fleet.alarms["mail-failed"] += bool(state.mail_trouble and not set(state.store.recipients) <= refused.keys())
