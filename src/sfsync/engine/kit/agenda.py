"""What there is to do for a store, in one statement: an idle run asks nothing more of the task table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, JSONField, Min, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONArray

from sfsync.db.prepared import Prepared, moment
from sfsync.domain.task_state import TaskState
from sfsync.models import Action, Store, Task
from sfsync.models.task import in_state


@dataclass(frozen=True, slots=True)
class Agenda:
    """Numbers of tasks; what waits for a person is not counted. `alive`: orders with an intention, or with a set-aside
    fact that is tried again, of which `due` can be decided now. `in_flight`: sent, of which `to_look_at` are due for a
    look at their ticket, or for the question whether they arrived. `held`: claimed by a run, which at the start of one
    is a run that is gone. `ahead`: written by a clock that has been put back since. `next_at`: when the first of the
    others is due."""

    alive: int
    due: int
    in_flight: int
    to_look_at: int
    held: int
    ahead: int
    next_at: datetime | None = None


CLOCKS_DIFFER = timedelta(hours=1)
"""The clocks of an agency's machines may; one that is farther ahead is wrong."""


def agenda(store: Store, now: datetime) -> Agenda:
    rows = _AGENDA.rows(store.pk, now, now + CLOCKS_DIFFER)
    return agenda_in(json.loads(rows[0][0]) if rows else None)


def agenda_of(store_id: int, now: datetime, too_far: datetime) -> RawSQL:
    """As a column of another query, for `agenda_in`. `too_far`: `CLOCKS_DIFFER` from now."""
    return _AGENDA.value(store_id, now, too_far)


def agenda_in(figures: list[Any] | None) -> Agenda:
    """None: nothing moves."""
    if not figures:
        return NOTHING
    named = dict(zip(Agenda.__slots__, figures, strict=True))
    return Agenda(**named | {"next_at": moment(named["next_at"])})


NOTHING = Agenda(0, 0, 0, 0, 0, 0)


def _figures(store_id: int, now: datetime, too_far: datetime) -> QuerySet[Task, Any]:
    flight = Task.objects.in_flight().filter(order_id=OuterRef("order_id"), lane=OuterRef("lane"))
    alive, sent = in_state(*(state for state in TaskState if state.waits)), Q(action=Action.CHECK)
    ripe = Q(update_at__lte=now, lease="")
    grouped = Task.objects.filter(store_id=store_id).moving().order_by().values("store_id")
    counted = grouped.annotate(
        alive=Count("order", distinct=True, filter=alive),
        due=Count("order", distinct=True, filter=alive & ripe & ~Q(Exists(flight))),
        in_flight=Count("id", filter=sent),
        to_look_at=Count("id", filter=sent & ripe),
        held=Count("id", filter=~Q(lease="")),
        ahead=Count("id", filter=Q(date_upd__gt=too_far)),
        next_at=Min("update_at", filter=Q(update_at__gt=now)),
    )
    return counted.annotate(figures=JSONArray(*Agenda.__slots__)).values_list("figures")


_AGENDA = Prepared(_figures, int, datetime, datetime, kind=JSONField())
