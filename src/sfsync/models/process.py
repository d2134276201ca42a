"""The process monitor (R22): one row a process of a store, its lock, its lease and the record of its last run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from sfsync.db.prepared import PreparedUpdate
from sfsync.db.process_identity import alive, machine
from sfsync.models.store import Store

SYNC = "sync"
"""The name of the process that detects, sends, settles and notifies."""
RECONCILE = "reconcile"
"""The name of the process that compares with the marketplaces (R32)."""


class ProcessQuerySet(models.QuerySet["Process"]):
    """Compare and set, one statement each; True when won."""

    def take(self, store: Store, name: str, holder: str, run: dict[str, Any], *, former: str = "") -> bool:
        """Take the process from nobody, or from the run `former` that was found to be gone."""
        return bool(_TAKE(store=store.pk, name=name, former=former, holder=holder, **run))

    def extend(self, store: Store, name: str, holder: str, until: datetime, progress: str) -> bool:
        """The heartbeat. False: somebody else holds the process now."""
        held = self.filter(store=store, name=name, holder=holder)
        return bool(held.update(lease_until=until, progress=progress))

    def release(self, store: Store, name: str, holder: str, **result: Any) -> bool:
        """Free the process and keep what the run came to."""
        held = self.filter(store=store, name=name, holder=holder)
        return bool(held.update(holder="", progress="", wake="", **result))


class Process(models.Model):
    """`holder` is the token of the run that holds the process, empty when it is free. A run that died is known by its
    lease (everywhere) or by its dead process (on the same machine): `born` tells it from a later one of the same id.

    `next_run_at`: when it is due; `failures`: runs in a row that ended in trouble. `wake`: the token of who was handed
    the process last and has not finished with it, `woken_until` when that is no longer believed (`engine.due`).
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="processes")
    name = models.CharField(max_length=16, default=SYNC)
    holder = models.CharField(max_length=32, default="", blank=True)
    machine = models.CharField(max_length=64, default="", blank=True)
    host = models.CharField(max_length=255, default="", blank=True)
    pid = models.PositiveIntegerField(default=0)
    born = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(default=timezone.now)
    progress = models.CharField(max_length=64, default="", blank=True)

    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=32, default="", blank=True)
    error = models.TextField(default="", blank=True)
    counts = models.JSONField(default=dict)
    next_run_at = models.DateTimeField(null=True)
    run_asked_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    wake = models.CharField(max_length=32, default="", blank=True)
    woken_until = models.DateTimeField(null=True)

    objects = ProcessQuerySet.as_manager()

    class Meta:
        db_table = "sfsync_process"
        constraints = [models.UniqueConstraint(fields=["store", "name"], name="one_process_a_store_and_name")]

    def __str__(self) -> str:
        return f"{self.name} of {self.store_id}"

    @property
    def duration(self) -> timedelta | None:
        """Of the last finished run."""
        if self.started_at and self.finished_at and self.finished_at >= self.started_at:
            return self.finished_at - self.started_at
        return None

    def running(self, now: datetime) -> bool:
        return bool(self.holder) and not self.gone(now)

    def gone(self, now: datetime) -> bool:
        """The run that holds it is over: so is its lease, or it ran on this very machine and is dead."""
        return self.lease_until <= now or (self.machine == machine() and not alive(self.pid, self.born))


def _taken(store: int, name: str, former: str, **run: Any) -> tuple[ProcessQuerySet, dict[str, Any]]:
    free = Process.objects.filter(store_id=store, name=name, holder=former)
    return free, {"progress": "", "woken_until": None, **run}


_OF_RUN: dict[str, Any] = {"machine": str, "host": str, "pid": int, "born": int, "started_at": datetime}
_TAKE = PreparedUpdate(_taken, store=int, name=str, former=str, holder=str, lease_until=datetime, **_OF_RUN)


class MachineClock(models.Model):
    """When this start of the machine was, as its clock said when it was first asked since (`engine.kit.judge`)."""

    boot = models.CharField(max_length=64, primary_key=True)
    zero = models.FloatField()

    class Meta:
        db_table = "sfsync_machine_clock"

    def __str__(self) -> str:
        return self.boot


class Scheduler(models.Model):
    """The sign of something that starts runs by the clock: the service, Celery's beat. A crontab gives none."""

    name = models.CharField(max_length=128, primary_key=True)
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "sfsync_scheduler"

    def __str__(self) -> str:
        return self.name
