"""What a marketplace answers while it only refuses (R36): one row per marketplace of a store, gone once it confirms."""

from __future__ import annotations

from django.db import models

from sfsync.domain.channel_trouble import Streak
from sfsync.models.store import Store


class ChannelTroubleQuerySet(models.QuerySet["ChannelTrouble"]):
    def held(self) -> ChannelTroubleQuerySet:
        """Those of which the updates are held back."""
        return self.filter(held_at__isnull=False)


class ChannelTrouble(models.Model):
    """`answer` and `orders` are a `Streak`, `message` the marketplace's words. From the fifth order on it is held:
    `held_at` says since when, `try_at` when one of its updates is tried again."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="channel_troubles", db_index=False)
    channel = models.CharField(max_length=64)
    answer = models.TextField()
    message = models.TextField(default="", blank=True)
    orders = models.JSONField(default=list)
    since = models.DateTimeField()
    held_at = models.DateTimeField(null=True)
    try_at = models.DateTimeField(null=True)

    objects = ChannelTroubleQuerySet.as_manager()

    class Meta:
        db_table = "sfsync_channel_trouble"
        constraints = [models.UniqueConstraint(fields=["store", "channel"], name="one_trouble_a_channel")]
        ordering = ["channel"]

    def __str__(self) -> str:
        return f"{self.channel}: {self.message}"

    @property
    def said(self) -> dict[str, str]:
        """What its sentences are made of."""
        since = self.since.isoformat(timespec="seconds")
        return {"channel": self.channel, "message": self.message, "since": since}

    @property
    def streak(self) -> Streak:
        return Streak(self.answer, tuple(self.orders))
