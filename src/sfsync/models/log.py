"""The process logger's table (R21): what every process did, and what happened to each order."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from sfsync.models.marketplace_order import MarketplaceOrder
from sfsync.models.store import Store


class Level(models.IntegerChoices):
    """The levels of Python's logging."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


class LogEntry(models.Model):
    """`message` is in the store's language; `code` and `params` say it again in any other (`sfsync.texts`)."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, null=True, related_name="log", db_index=False)
    order = models.ForeignKey(MarketplaceOrder, on_delete=models.CASCADE, null=True, related_name="log", db_index=False)
    process = models.CharField(max_length=16, default="", blank=True)
    run = models.CharField(max_length=32, default="", blank=True)
    level = models.PositiveSmallIntegerField(choices=Level, default=Level.INFO)
    code = models.CharField(max_length=32, default="", blank=True)
    message = models.TextField()
    params = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "sfsync_log"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["store", "-id"], name="log_store"),
            models.Index(fields=["order", "-id"], name="log_order", condition=models.Q(order__isnull=False)),
            models.Index(fields=["store", "-id"], name="log_serious", condition=models.Q(level__gte=30)),
            models.Index(fields=["at"], name="log_at"),
            models.Index(fields=["store", "-id"], name="log_other", condition=~models.Q(process="sync")),
        ]

    def __str__(self) -> str:
        return self.message

    @property
    def facts(self) -> dict[str, Any]:
        """What `code` is said of: `params`, and the marketplace of the order. Reads the order, so select it."""
        return {"channel": self.order.channel if self.order else "", **self.params}
