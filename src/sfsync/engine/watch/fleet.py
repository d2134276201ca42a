"""How many stores are doing together, in figures: a few statements, however many there are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q

from sfsync.domain.task_state import TaskState
from sfsync.engine.due import is_due
from sfsync.engine.watch.health import scheduler_awake
from sfsync.models import Process, Store, StoreState, Task
from sfsync.models.process import SYNC
from sfsync.models.task import in_state

NAMED = 5
"""Stores of one trouble that are named."""


@dataclass(frozen=True, slots=True)
class TroubleClass:
    """What stops several stores in the same way: for how many, since when the first, and some of their names."""

    trouble: str
    stores: int
    since: datetime | None
    names: list[str]


@dataclass(frozen=True, slots=True)
class Runs:
    """`due`: stores whose time has come and that no run holds, of which the first has waited since `oldest_due`;
    `ran`: stores with a run in the last minute. `scheduled`: something starts runs by the clock."""

    running: int
    due: int
    oldest_due: datetime | None
    ran: int
    scheduled: bool


@dataclass(frozen=True, slots=True)
class Fleet(Runs):
    """`failed`: orders that need a person."""

    stores: int
    paused: int
    queued: int
    in_flight: int
    failed: int
    troubles: list[TroubleClass]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`: dates in ISO 8601."""
        return {name: _plain(each) for name, each in asdict(self).items()}


def fleet_of(now: datetime) -> Fleet:
    stores = Store.objects.aggregate(
        stores=Count("pk", filter=Q(enabled=True)), paused=Count("pk", filter=Q(enabled=False))
    )
    alive = in_state(*(state for state in TaskState if state.waits))
    tasks = Task.objects.filter(store__enabled=True).aggregate(
        queued=Count("order", distinct=True, filter=alive & Q(update_at__lte=now)),
        in_flight=Count("pk", filter=in_state(*(state for state in TaskState if state.sent))),
        failed=Count("order", distinct=True, filter=in_state(TaskState.FAILED)),
    )
    return Fleet(**asdict(runs_of(stores["stores"], now)), **stores, **tasks, troubles=_troubles())


def runs_of(stores: int, now: datetime) -> Runs:
    """`stores`: how many are switched on. One that never ran has no row: it is due, and nobody knows since when."""
    on = Q(store__enabled=True)
    waits = on & is_due(now)
    found = Process.objects.filter(name=SYNC).aggregate(
        running=Count("pk", filter=Q(lease_until__gt=now) & ~Q(holder="")),
        due=Count("pk", filter=waits),
        oldest_due=Min("next_run_at", filter=waits),
        ran=Count("pk", filter=Q(finished_at__gt=now - timedelta(minutes=1))),
        known=Count("pk", filter=on),
    )
    found["due"] += stores - found.pop("known")
    return Runs(**found, scheduled=scheduler_awake(now))


def _troubles() -> list[TroubleClass]:
    """The most frequent first."""
    stopped = StoreState.objects.filter(store__enabled=True).exclude(trouble="")
    found = stopped.values("trouble").annotate(stores=Count("pk"), since=Min("trouble_since")).order_by("-stores")
    return [TroubleClass(**each, names=_names(stopped.filter(trouble=each["trouble"]))) for each in found]


def _names(stopped: Any) -> list[str]:
    return list(stopped.order_by("trouble_since").values_list("store__name", flat=True)[:NAMED])


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
    return value
