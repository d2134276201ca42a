"""All that a run reads of our tables before it begins, in one statement."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, JSONField, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast, JSONArray

from sfsync.db.json_list import JsonList
from sfsync.db.prepared import Prepared, moment
from sfsync.engine.kit.agenda import CLOCKS_DIFFER, Agenda, agenda_in, agenda_of
from sfsync.models import ChannelTrouble, Cursor, Notice, Store, StoreState

UNMAILED = Exists(Notice.objects.filter(store=OuterRef("pk"), mailed_at=None))


@dataclass(frozen=True, slots=True)
class Opening:
    """`refusing`: some marketplace of the store only refuses (R36). `news`: people are to be told something. `agenda`:
    what there is to do. `cursors`: how far the shop's sources were followed."""

    refusing: bool
    news: bool
    agenda: Agenda
    cursors: list[Cursor]


def read_opening(store: Store, now: datetime) -> Opening:
    """Brings the store itself up to date too, and its state."""
    rows = [*_OPENING.converted(store.pk, now, now + CLOCKS_DIFFER)]
    if not rows:
        raise Store.DoesNotExist
    values = iter(rows[0])
    for name in _OF_STORE:
        setattr(store, name, next(values))
    store.state = StoreState.from_db(connection.alias, _OF_STATE, [next(values) for _ in _OF_STATE])
    refusing, unmailed, figures, followed = values
    news = unmailed or bool(store.state.refused)
    return Opening(refusing, news, agenda_in(figures), [_cursor(row) for row in followed or ()])


_OF_STORE = [field.attname for field in Store._meta.concrete_fields]
_OF_STATE = [field.attname for field in StoreState._meta.concrete_fields]


def _opened(store_id: int, now: datetime, too_far: datetime) -> QuerySet[Store, Any]:
    found = Store.objects.filter(pk=store_id).annotate(
        refusing=Exists(ChannelTrouble.objects.filter(store=OuterRef("pk"))),
        unmailed=UNMAILED,
        agenda=agenda_of(store_id, now, too_far),
        followed=_CURSORS.value(store_id),
    )
    of_state = [f"state__{name}" for name in _OF_STATE]
    return found.order_by().values_list(*_OF_STORE, *of_state, "refusing", "unmailed", "agenda", "followed")


_OPENING = Prepared(_opened, int, datetime, datetime)


_FIELDS = [field.attname for field in Cursor._meta.concrete_fields]
_TIMES = {"not_before", "trouble_since"}


def _followed(store_id: int) -> QuerySet[Cursor, Any]:
    """One list of all, each as the list of its fields."""
    fields = [Cast(name, TextField()) if name == "position" else name for name in _FIELDS]
    every = Cursor.objects.filter(store_id=store_id).order_by().values("store_id")
    return every.annotate(rows=JsonList(JSONArray(*fields))).values_list("rows")


_CURSORS = Prepared(_followed, int, kind=JSONField())


def _cursor(row: list[Any]) -> Cursor:
    given = dict(zip(_FIELDS, row, strict=True))
    given |= {name: moment(given[name]) for name in _TIMES}
    given["position"] = json.loads(given["position"] or "null")
    return Cursor.from_db(None, _FIELDS, [*given.values()])
