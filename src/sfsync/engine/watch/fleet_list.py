"""Every store by what is wrong with it, the worst first: found, counted and read a page at a time in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat

from sfsync.conf import conf
from sfsync.domain.shared_alarms import HELD
from sfsync.domain.trouble import Trouble
from sfsync.engine.watch.health import schedule
from sfsync.models import ChannelTrouble, Store, Task
from sfsync.models.process import SYNC
from sfsync.sentences import TROUBLES

SILENT, FAILED, MAIL, WELL, PAUSED = "silent", "failed", "mail-failed", "well", "paused"
"""What a store is found to be, beside the troubles that stop it: it has not run for too long (as `health` has it), a
marketplace refuses everything (`HELD`), some of its updates need a person, its mails do not go out, nothing is wrong,
switched off."""
CODES = (*TROUBLES, SILENT, HELD, FAILED, MAIL, WELL, PAUSED)
_RANKS = {SILENT: "2", HELD: "3", FAILED: "4", MAIL: "5", WELL: "6", PAUSED: "7"}
_PASSING = [each.value for each in Trouble if each.passes]


@dataclass(frozen=True, slots=True)
class Line:
    """One store. `code`: what it is found to be; `since`: when that began, or its last run; `failed`: its orders with
    an update that needs a person."""

    pk: int
    name: str
    group: str
    code: str
    since: datetime | None
    last_run: datetime | None
    failed: int = 0

    @property
    def troubled(self) -> bool:
        """It stands still, and nobody wants it to."""
        return self.code not in (HELD, FAILED, MAIL, WELL, PAUSED)


def found(stores: QuerySet[Store], now: datetime, code: str = "") -> QuerySet[Any]:
    """These stores with what each is found to be (`standing`), the worst first, then the longest so. `code`: only
    those."""
    stopped = ~Q(state__trouble="")
    standing = Case(
        When(enabled=False, then=Value(_ranked(PAUSED))),
        When(state__trouble__in=_PASSING, then=Concat(Value("1"), "state__trouble")),
        When(stopped, then=Concat(Value("0"), "state__trouble")),
        When(_silent(now), then=Value(_ranked(SILENT))),
        When(Exists(ChannelTrouble.objects.held().filter(store=OuterRef("pk"))), then=Value(_ranked(HELD))),
        When(Exists(Task.objects.parked().filter(store=OuterRef("pk"))), then=Value(_ranked(FAILED))),
        When(~Q(state__mail_trouble=""), then=Value(_ranked(MAIL))),
        default=Value(_ranked(WELL)),
        output_field=CharField(),
    )
    chosen = _with_last_run(stores)
    since = Case(When(stopped, then=F("state__trouble_since")), default=F("last"))
    chosen = chosen.annotate(standing=standing, since=since)
    chosen = chosen.filter(standing=_ranked(code)) if code else chosen
    return chosen.order_by("standing", F("since").asc(nulls_first=True), "name")


def silent(stores: QuerySet[Store], now: datetime) -> QuerySet[Store]:
    """Those of them that have not run for too long."""
    return _with_last_run(stores).filter(_silent(now))


def _with_last_run(stores: QuerySet[Store]) -> QuerySet[Store]:
    """`last`: when it ended, or, where none has, when the store was made."""
    chosen = stores.annotate(run=FilteredRelation("processes", condition=Q(processes__name=SYNC)))
    return chosen.annotate(last=Coalesce("run__finished_at", "created_at"))


def _ranked(code: str) -> str:
    """The code behind the digit of its rank: as a text it sorts."""
    return f"{_RANKS.get(code) or ('1' if code in _PASSING else '0')}{code}"


def _silent(now: datetime) -> Q:
    """Compared with plain moments: neither database has arithmetic of durations that an index or a text stands."""
    silence = timedelta(minutes=conf().silence_minutes)
    often = silence // schedule(1)
    seldom = Store.objects.filter(every_minutes__gt=often).order_by().values_list("every_minutes", flat=True).distinct()
    late = Q(every_minutes__lte=often, last__lt=now - silence)
    for minutes in seldom:
        late |= Q(every_minutes=minutes, last__lt=now - schedule(minutes))
    return late


def counted(stores: QuerySet[Store], now: datetime) -> dict[str, int]:
    """How many there are of each code, the worst first."""
    rows = found(stores, now).order_by("standing").values_list("standing").annotate(Count("pk"))
    return {standing[1:]: number for standing, number in rows}


def lines(chosen: QuerySet[Any], first: int, last: int) -> list[Line]:
    """Of what was `found`, those from `first` to before `last`, and no others are read."""
    names = ("pk", "name", "group", "standing", "since", "run__finished_at")
    rows = list(chosen.values_list(*names)[first:last])
    tasks = Task.objects.parked().filter(store__in=[row[0] for row in rows]).order_by()
    failed = dict(tasks.values_list("store").annotate(Count("order", distinct=True)))
    return [
        Line(pk, name, group, standing[1:], since, run, failed.get(pk, 0))
        for pk, name, group, standing, since, run in rows
    ]
