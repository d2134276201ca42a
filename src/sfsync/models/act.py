"""The record of people's acts: written once, never changed, each line bound to the one before it by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.utils import timezone

from sfsync.db.secrets import current_key, seal, sealed_by

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
    seal = models.CharField(max_length=64, default="", blank=True, help_text="Of all these, by the secret key")

    class Meta:
        db_table = "sfsync_act_ends"

    def __str__(self) -> str:
        return f"{self.after}–{self.last}"

    @property
    def key(self) -> str:
        """What sealed it; empty where that was no key of this deployment. One that was not begun is as good as sealed
        where nobody was there to begin it."""
        begun = self.last or _somebody_was_here()
        return sealed_by(self._told(), self.seal) or ("" if begun else current_key())

    def move(self, **ends: Any) -> None:
        """The seal goes along where it was right: what somebody else wrote is not made good by what comes after. By
        the same key: a machine may not have the new one yet."""
        key = self.key
        for name, value in ends.items():
            setattr(self, name, value)
        if key:
            self.seal = seal(key, self._told())
        self.save()

    def seal_again(self) -> None:
        self.seal = seal(current_key(), self._told())
        self.save()

    def _told(self) -> str:
        return f"{self.after} {self.after_hash} {self.last} {self.last_hash}"


UNSEALED = (
    "Where the record begins and ends is not sealed by the secret key of this deployment: it was written anew, cut off "
    "or emptied, or the key was lost. If you know that it was the key: `sfsync audit seal`."
)


def note(who: str, what: str, *, store: str = "", address: str = "", **details: Any) -> None:
    """Add a line, in the transaction of what it tells."""
    with transaction.atomic():
        ends = _ends()
        act = Act(number=ends.last + 1, at=timezone.now(), who=who[:150], what=what, store=store, address=address)
        act.details = json.loads(json.dumps(details, default=str))
        act.hash = act.bound_to(ends.last_hash)
        act.save(force_insert=True)
        ends.move(last=act.number, last_hash=act.hash)


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
        if not ends.key:
            yield UNSEALED


def sealed_with(key: str) -> bool:
    """Whether the record needs that key."""
    with transaction.atomic():
        return _ends().key == key


def renew_seal() -> None:
    """With the current key, where it was right."""
    with transaction.atomic():
        ends = _ends()
        if ends.key:
            ends.seal_again()


def seal_again(who: str) -> None:
    """Go on from what is there, whoever wrote it; with a line that says so."""
    with transaction.atomic():
        _ends().seal_again()
        note(who, "record-sealed")


def forget_old(now: datetime) -> int:
    """Lines older than a year go, from the beginning. Returns how many."""
    with transaction.atomic():
        ends = _ends()
        last = Act.objects.filter(at__lt=now - KEPT).order_by("-number").first()
        if last is None:
            return 0
        ends.move(after=last.number, after_hash=last.hash)
        return Act.objects.filter(number__lte=last.number).delete()[0]


def _somebody_was_here() -> bool:
    """More than a moment ago, through our own sign-in, which notes it: a project's may put nothing on record."""
    before = timezone.now() - timedelta(minutes=1)
    return (
        apps.is_installed("sfsync.guard") and get_user_model()._default_manager.filter(last_login__lt=before).exists()
    )


def _ends() -> ActEnds:
    ActEnds.objects.get_or_create(pk=1)
    return ActEnds.objects.select_for_update().get(pk=1)
