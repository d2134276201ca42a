"""What a person does to many stores in one go: pause, resume, run, retry. One that refuses does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from fnmatch import fnmatchcase

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet

from sfsync.db.among import among
from sfsync.engine.people import acts
from sfsync.engine.people.at_once import ask_these
from sfsync.engine.people.change_settings import change_settings
from sfsync.models import Order, Store, Task
from sfsync.models.act import note


class Act(StrEnum):
    """`PAUSE` switches stores off, `RESUME` on again; `RUN` has them due now, in trouble or not; `RETRY` gives all that
    failed its tries anew."""

    PAUSE = "pause"
    RESUME = "resume"
    RUN = "run"
    RETRY = "retry"


def chosen(names: Iterable[str], trouble: str = "", group: str = "") -> QuerySet[Store]:
    """Stores by name, of which each may be a pattern (`acme-*`); none: every store. `trouble`: stopped by that one;
    `group`: of that group."""
    patterns, stores = list(names), Store.objects.order_by("name")
    if patterns:
        known = stores.values_list("name", flat=True)
        stores = stores.filter(
            name__in=among(each for each in known if any(fnmatchcase(each, one) for one in patterns))
        )
    stores = stores.filter(group=group) if group else stores
    return stores.filter(state__trouble=trouble) if trouble else stores


def changing(what: Act, stores: QuerySet[Store]) -> QuerySet[Store]:
    """Those of them for which there is something to do."""
    stores = stores.filter(enabled=what is not Act.RESUME)
    if what is not Act.RETRY:
        return stores
    return stores.filter(Exists(Task.objects.filter(store=OuterRef("pk")).aside().exclude(failure="", failed_at=None)))


NAMED = 100
"""Stores that the record names of one act."""


def act(what: Act, stores: QuerySet[Store], who: str) -> tuple[int, list[str]]:
    """Returns for how many stores something changed, and a sentence for each that refused. Put on record, with who."""
    names = list(changing(what, stores).values_list("name", flat=True))
    if not names:
        return 0, []
    note(who, "fleet-act", act=what.value, count=len(names), stores=names[:NAMED])
    changed, refused = _done(what, Store.objects.filter(name__in=among(names)).order_by("name"), who)
    if refused:
        note(who, "fleet-refused", act=what.value, count=len(refused), stores=refused[:NAMED])
    return changed, refused


def _done(what: Act, stores: QuerySet[Store], who: str) -> tuple[int, list[str]]:
    match what:
        case Act.PAUSE:
            return _each(stores, lambda store: _switch(store, False, who))
        case Act.RESUME:
            return _each(stores, lambda store: _switch(store, True, who))
        case Act.RETRY:
            return _each(stores, lambda store: _retry(store, who))
    return ask_these(stores), []


def _each(stores: QuerySet[Store], do: Callable[[Store], bool]) -> tuple[int, list[str]]:
    changed, refused = 0, []
    for store in list(stores):
        try:
            changed += do(store)
        except ValidationError as error:
            refused.append(f"{store.name}: {' '.join(error.messages)}")
    return changed, refused


def _switch(store: Store, enabled: bool, who: str) -> bool:
    return bool(change_settings(store, {"enabled": enabled}, who))


def _retry(store: Store, who: str) -> bool:
    return bool(acts.retry(Order.objects.filter(store=store), who))
