"""What there is to do for a store, in one statement: an idle run asks nothing more of the task table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

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
    if not rows:
        return NOTHING
    figures = dict(zip(("store_id", *Agenda.__slots__), rows[0], strict=True))
    del figures["store_id"]
    return Agenda(**figures | {"next_at": moment(figures["next_at"])})


NOTHING = Agenda(0, 0, 0, 0, 0, 0)


def _figures(store_id: int, now: datetime, too_far: datetime) -> QuerySet[Task, Any]:
    flight = Task.objects.in_flight().filter(order_id=OuterRef("order_id"), lane=OuterRef("lane"))
    alive, sent = in_state(*(state for state in TaskState if state.waits)), Q(action=Action.CHECK)
    ripe = Q(update_at__lte=now, lease="")
    grouped = Task.objects.filter(store_id=store_id).moving().order_by().values("store_id")
    return grouped.annotate(
        alive=Count("order", distinct=True, filter=alive),
        due=Count("order", distinct=True, filter=alive & ripe & ~Q(Exists(flight))),
        in_flight=Count("id", filter=sent),
        to_look_at=Count("id", filter=sent & ripe),
        held=Count("id", filter=~Q(lease="")),
        ahead=Count("id", filter=Q(date_upd__gt=too_far)),
        next_at=Min("update_at", filter=Q(update_at__gt=now)),
    ).values_list("store_id", *Agenda.__slots__)


_AGENDA = Prepared(_figures, int, datetime, datetime)
