"""What one recipient of several stores hears of a class of trouble: a mail for all of them, not one for each."""

from __future__ import annotations

import json

from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Cast

from sfsync.models.store import Store


class SharedAlarm(models.Model):
    """While stores are in the class of `trouble`, and until the recipient knows (`sfsync.domain.shared_alarms`).
    `first_at`, `heard_at`: the first and the latest news of a store. `stores`: how many the last mail, at `told_at`,
    spoke of; `together`: it was a mail of the class. `look_at`: not before; `tries`: mails that failed in a row."""

    recipient = models.CharField(max_length=254)
    trouble = models.CharField(max_length=80)
    first_at = models.DateTimeField()
    heard_at = models.DateTimeField()
    stores = models.PositiveIntegerField(default=0)
    told_at = models.DateTimeField(null=True)
    together = models.BooleanField(default=False)
    look_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "sfsync_shared_alarm"
        constraints = [models.UniqueConstraint(fields=["recipient", "trouble"], name="one_alarm_a_recipient")]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.trouble}"


def with_recipient(stores: QuerySet[Store], address: str) -> QuerySet[Store]:
    """Those whose mails go to this address, among others."""
    written = {json.dumps(address), json.dumps(address, ensure_ascii=False)}
    has = Q(*(("addresses__contains", each) for each in written), _connector=Q.OR)
    return stores.alias(addresses=Cast("recipients", models.TextField())).filter(has)
