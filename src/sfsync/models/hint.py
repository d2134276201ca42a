"""What a shop's bridge said: these orders were touched. A hint, never the truth: the orders themselves are read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q

from sfsync.models.store import Store

LATELY = timedelta(days=3)
"""A bridge that said something since is believed to say what comes: over a weekend a small shop may sell nothing."""


class Hint(models.Model):
    """One message. `message_id` is its sender's, kept for as long as it could come again. `look_at`: when its orders
    are to be looked at next, None where that is done; `looked`: they were once.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="hints", db_index=False)
    message_id = models.CharField(max_length=128)
    orders: models.JSONField[Any, Any] = models.JSONField(default=list)
    at = models.DateTimeField()
    look_at = models.DateTimeField(null=True)
    looked = models.BooleanField(default=False)

    class Meta:
        db_table = "sfsync_hint"
        constraints = [models.UniqueConstraint(fields=["store", "message_id"], name="one_hint_per_message")]
        indexes = [
            models.Index(fields=["store", "at"], name="hints_by_age"),
            models.Index(fields=["store", "look_at"], name="hints_to_look_at", condition=Q(look_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.message_id
