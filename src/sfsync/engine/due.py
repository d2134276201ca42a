"""Whose turn it is: one answer for the service, for Celery and for the CRON address.

A store is due by its row in the process monitor. Whoever is about to start runs claims some, the longest overdue first,
and each is handed to one of them only: a claim is a mark in the row, which lasts until the run starts or for a while.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Min, Q, QuerySet

from sfsync.conf import conf
from sfsync.db.own_file import hold_to_file
from sfsync.db.process_identity import machine
from sfsync.domain import backoff
from sfsync.engine.kit.agenda import Agenda
from sfsync.engine.kit.lease import give_back
from sfsync.models import Hint, Process, Store
from sfsync.models.hint import LATELY
from sfsync.models.process import SYNC
from sfsync.models.store import Mode

LONGEST_PAUSE = timedelta(days=1)
"""The longest `every_minutes`. A next run farther away was written by a clock that was set back since."""


NET = timedelta(minutes=5)
"""So often a shop whose bridge is heard is looked at all the same: a hint may be lost, and SQL gives none."""
LOOK = timedelta(seconds=6)
"""So often a real-time shop without a bridge is: a tracking number alone leaves no trace that is cheaper to ask for."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A store that is due, handed to whoever claimed it. `wake`: the token that says so when its run is to start.
    `troubled`: its last run ended in trouble, and others may run first: it has not been due for long."""

    store_id: int
    wake: str
    mode: str
    troubled: bool


def due(now: datetime) -> QuerySet[Process]:
    """R7: by its schedule, because its bridge or a person asked, because its run was killed; the longest overdue first.

    Only stores that have a row (`make_rows`).
    """
    rows = Process.objects.filter(is_due(now, _dead(now)), name=SYNC, store__enabled=True)
    return rows.order_by(F("next_run_at").asc(nulls_first=True), "pk")


def is_due(now: datetime, dead: Collection[int] = ()) -> Q:
    """Of the syncs of stores that are switched on. `dead`: rows whose run is gone, though its lease lasts."""
    ripe = Q(next_run_at=None) | Q(next_run_at__lte=now) | Q(next_run_at__gt=now + LONGEST_PAUSE)
    broken = ~Q(holder="") & (Q(lease_until__lte=now) | Q(pk__in=dead))
    return (Q(holder="") & ripe) | broken


def _dead(now: datetime) -> list[int]:
    """Held by a run of this machine whose process is gone: nobody waits for its lease to end."""
    held = Process.objects.filter(name=SYNC, machine=machine(), lease_until__gt=now).exclude(holder="")
    return [process.pk for process in held.only("lease_until", "machine", "pid", "born") if process.gone(now)]


def make_rows() -> None:
    """A store that never ran, and was never asked for, has none yet."""
    without = Store.objects.filter(enabled=True).exclude(processes__name=SYNC)
    Process.objects.bulk_create([Process(store=each, name=SYNC) for each in without.only("pk")], ignore_conflicts=True)


def claim(now: datetime, limit: int, lasts: timedelta, *, only: Iterable[int] | None = None) -> list[Claim]:
    """The stores that have been due for longest, at most `limit`, each of them now the caller's alone.

    It `lasts` until a run takes the store, or for that long: what nobody started by then can be claimed again. `only`:
    of these stores.
    """
    return _claim(now, [(Q() if only is None else Q(store__in=list(only)), limit)], lasts)


def claim_for_workers(now: datetime, lasts: timedelta) -> list[Claim]:
    """The same, of each kind of store as many as its workers will soon take: where one kind has none, the others go
    on (R7)."""
    return _claim(now, worth_waking(now), lasts)


def _claim(now: datetime, parts: Iterable[tuple[Q, int]], lasts: timedelta) -> list[Claim]:
    """`parts`: which stores, and how many of them at most."""
    give_back()
    make_rows()
    free = due(now).filter(Q(woken_until=None) | Q(woken_until__lte=now) | Q(woken_until__gt=now + LONGEST_PAUSE))
    unlocked = free.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)
    wake = secrets.token_hex(8)
    with transaction.atomic():
        chosen = [pk for which, limit in parts if limit for pk in unlocked.filter(which)[:limit]]
        if not chosen:
            return []
        Process.objects.filter(pk__in=chosen).update(wake=wake, woken_until=now + lasts)
        rows = Process.objects.filter(wake=wake).order_by(F("next_run_at").asc(nulls_first=True), "pk")
        named = list(rows.values_list("store", "store__mode", "failures", "next_run_at"))
    return [Claim(store, wake, mode, failures > 0 and _may_wait(at, now)) for store, mode, failures, at in named]


def _may_wait(due_at: datetime | None, now: datetime) -> bool:
    """For the stores that are well. In a fleet with too few workers these never end."""
    return due_at is None or due_at > now - backoff.LONGEST_PAUSE


AHEAD = 200
"""Stores that are handed out before it is known how fast they are taken."""


def worth_waking(now: datetime) -> list[tuple[Q, int]]:
    """Of each kind of store as many as were started in the last minute, and some, less those that wait to be started:
    the order in which others are to run is decided when their turn is near."""
    lately, waiting = Q(started_at__gt=now - timedelta(minutes=1)), Q(woken_until__gt=now)
    of = kinds(now)
    taken = [Count("pk", filter=which & lately) - Count("pk", filter=which & waiting) for which in of]
    rows = Process.objects.filter(name=SYNC)
    found: dict[str, int] = rows.aggregate(**{f"of_{number}": each for number, each in enumerate(taken)})
    return [(which, max(more + AHEAD, 0)) for which, more in zip(of, found.values(), strict=True)]


def kinds(now: datetime) -> list[Q]:
    """Those that may have workers of their own: in trouble, real-time, on a schedule. As `Claim` has it."""
    troubled = Q(failures__gt=0) & (Q(next_run_at=None) | Q(next_run_at__gt=now - backoff.LONGEST_PAUSE))
    return [troubled, *(~troubled & Q(store__mode=mode) for mode in Mode)]


def claimed(store_id: int, wake: str) -> Store | None:
    """The store, if it is still the caller's to run: not switched off, not handed to somebody else, not done."""
    hold_to_file()
    give_back()
    return Store.objects.filter(pk=store_id, enabled=True, processes__name=SYNC, processes__wake=wake).first()


def forget(marks: QuerySet[Process]) -> None:
    """These claims come to nothing: whoever asks next may have the stores."""
    marks.update(wake="", woken_until=None)


def marked() -> QuerySet[Process]:
    """The claims that no run has taken up."""
    return Process.objects.filter(name=SYNC, woken_until__isnull=False)


def next_run(store: Store, now: datetime, rest: Agenda, *, failures: int, cut: bool) -> datetime:
    """When a store whose run has just ended is due again. `rest`: what it left to do; `failures`: runs in a row that
    ended in trouble, this one included; `cut`: its turn was over before its work was.

    One in trouble comes back later and later, a quarter of an hour at most, and no sooner than its schedule has it.
    """
    if failures:
        least = timedelta(minutes=store.every_minutes) if store.mode == Mode.BATCH else timedelta()
        return now + max(least, backoff.pause_after(failures))
    if cut:
        return now
    if store.mode == Mode.BATCH:
        return now + timedelta(minutes=store.every_minutes)
    if rest.due or rest.to_look_at:
        return now + timedelta(seconds=conf().poll_seconds)
    heard = store.state.heard_at is not None and store.state.heard_at > now - LATELY
    hints = Hint.objects.filter(store=store, look_at__isnull=False).aggregate(at=Min("look_at")) if heard else {}
    first: list[datetime] = [each for each in (rest.next_at, hints.get("at")) if each]
    return min([now + (NET if heard else LOOK), *first])


def watched(now: datetime) -> QuerySet[Store]:
    """Real-time stores that rest, and that no bridge speaks for: between two runs somebody may ask the shop whether
    anything happened."""
    silent = Q(state__heard_at=None) | Q(state__heard_at__lte=now - LATELY)
    rests = Q(processes__name=SYNC, processes__holder="", processes__failures=0, processes__next_run_at__gt=now)
    return Store.objects.filter(silent, rests, enabled=True, mode=Mode.REALTIME)
