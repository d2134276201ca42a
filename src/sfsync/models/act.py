"""The record of people's acts: written once, never changed, each line bound to the one before it by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.utils import timezone

KEPT = timedelta(days=365)


class Act(models.Model):
    """`who` by the name of the time, `what` by a code, `store` by its name: a line outlives what it tells of."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    who = models.CharField(max_length=150)
    what = models.CharField(max_length=32)
    store = models.CharField(max_length=64, default="", blank=True)
    address = models.CharField(max_length=45, default="", blank=True)
    details = models.JSONField(default=dict)
    hash = models.CharField(max_length=64)

    class Meta:
        db_table = "sfsync_act"
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number}: {self.who} {self.what}"

    def bound_to(self, previous: str) -> str:
        """The hash that this line has after a line with the hash `previous`."""
        told = [self.number, self.at.isoformat(), self.who, self.what, self.store, self.address, self.details]
        return hashlib.sha256(f"{previous}\n{json.dumps(told, sort_keys=True)}".encode()).hexdigest()


class ActEnds(models.Model):
    """Where the record begins and ends: one row, whose lock puts writers in line."""

    after = models.BigIntegerField(default=0, help_text="Number of the last line that was too old to keep")
    after_hash = models.CharField(max_length=64, default="", blank=True)
    last = models.BigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        db_table = "sfsync_act_ends"

    def __str__(self) -> str:
        return f"{self.after}–{self.last}"


def note(who: str, what: str, *, store: str = "", address: str = "", **details: Any) -> None:
    """Add a line, in the transaction of what it tells."""
    with transaction.atomic():
        ends = _ends()
        act = Act(number=ends.last + 1, at=timezone.now(), who=who[:150], what=what, store=store, address=address)
        act.details = json.loads(json.dumps(details, default=str))
        act.hash = act.bound_to(ends.last_hash)
        act.save(force_insert=True)
        ends.last, ends.last_hash = act.number, act.hash
        ends.save()


def wrong_lines() -> Iterator[str]:
    """What is wrong with the record, line by line; nothing where it is as it was written."""
    with transaction.atomic():
        ends = _ends()
        number, previous = ends.after, ends.after_hash
        for act in Act.objects.order_by("number").iterator():
            if act.number > ends.last or act.number <= ends.after:
                yield f"Line {act.number} was inserted."
                continue
            yield from (f"Line {gone} was removed." for gone in range(number + 1, act.number))
            whole = act.number == number + 1
            if whole and act.hash != act.bound_to(previous):
                yield f"Line {act.number} was changed."
            number, previous = act.number, act.hash
        yield from (f"Line {gone} was removed." for gone in range(number + 1, ends.last + 1))
        if number == ends.last and previous != ends.last_hash:
            yield f"Line {number} was changed."


def forget_old(now: datetime) -> int:
    """Lines older than a year go, from the beginning. Returns how many."""
    with transaction.atomic():
        ends = _ends()
        last = Act.objects.filter(at__lt=now - KEPT).order_by("-number").first()
        if last is None:
            return 0
        ends.after, ends.after_hash = last.number, last.hash
        ends.save()
        return Act.objects.filter(number__lte=last.number).delete()[0]


def _ends() -> ActEnds:
    ActEnds.objects.get_or_create(pk=1)
    return ActEnds.objects.select_for_update().get(pk=1)
