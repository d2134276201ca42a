"""The end of a run: the process is free again, what the run came to is kept, and when the store is due again."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, DateTimeField, F, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from sfsync.db.prepared import PreparedUpdate
from sfsync.engine.due import next_run
from sfsync.engine.kit.agenda import Agenda
from sfsync.engine.kit.lease import Lease
from sfsync.models import Process
from sfsync.models.store import Mode


@dataclass(frozen=True, slots=True)
class Came:
    """What a run came to. `failures`: runs in a row that ended in trouble, this one included."""

    outcome: str
    error: str
    counts: dict[str, Any]
    failures: int


def end_run(lease: Lease, now: datetime, rest: Agenda, came: Came, *, cut: bool) -> bool:
    """Free the process, and keep what the run came to and when the store is due again."""
    store, every = lease.store, timedelta(minutes=lease.store.every_minutes)
    at = next_run(store, now, rest, failures=came.failures, cut=cut)
    given: dict[str, Any] = {"store": store.pk, "name": lease.name, "holder": lease.token, "now": now, "at": at}
    given |= {"outcome": came.outcome, "error": came.error, "failures": came.failures}
    given["counts"] = json.dumps(came.counts)
    if store.mode == Mode.BATCH and not came.failures and not cut:
        return bool(_regular_end(every)(**given, before=now - every))
    return bool(_END(**given))


def _ended(
    now: datetime, at: datetime, *, kept: Sequence[When] = (), counts: str, **given: Any
) -> tuple[QuerySet[Process], dict[str, Any]]:
    """What was asked for meanwhile is due at once."""
    held = Process.objects.filter(store_id=given.pop("store"), name=given.pop("name"), holder=given.pop("holder"))
    at_once = When(run_asked_at__gte=F("started_at"), then=Value(now))
    due_at = Case(at_once, *kept, default=Value(at), output_field=DateTimeField())
    free = {"holder": "", "progress": "", "wake": "", "finished_at": now, "next_run_at": due_at}
    return held, {**free, "counts": RawSQL("%s", [counts]), **given}


_WHOSE: dict[str, Any] = {"store": int, "name": str, "holder": str, "now": datetime, "at": datetime}
_CAME_TO: dict[str, Any] = {"counts": str, "outcome": str, "error": str, "failures": int}
_END = PreparedUpdate(_ended, **_WHOSE, **_CAME_TO)


@functools.cache
def _regular_end(every: timedelta) -> PreparedUpdate:
    """A batch that goes well keeps its times: so long after it was due, or after it began where it had no time yet; not
    after it ended."""

    def ended(now: datetime, before: datetime, **given: Any) -> tuple[QuerySet[Process], dict[str, Any]]:
        kept = [
            When(next_run_at__gt=before, next_run_at__lte=now, then=F("next_run_at") + every),
            When(started_at__gt=before, then=F("started_at") + every),
        ]
        return _ended(now=now, kept=kept, **given)

    return PreparedUpdate(ended, before=datetime, **_WHOSE, **_CAME_TO)
