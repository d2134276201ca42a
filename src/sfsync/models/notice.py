"""What the merchant must hear: a failing order, a warning, a store in trouble. Kept until it is mailed (R20)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from sfsync.models.marketplace_order import MarketplaceOrder
from sfsync.models.store import Store


class Notice(models.Model):
    """`key` says what it is about; the database refuses the same notice twice, so one failure is told once.

    `code` picks the sentences (`sfsync.texts`), `params` fills them in.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="notices", db_index=False)
    order = models.ForeignKey(MarketplaceOrder, on_delete=models.CASCADE, null=True, related_name="notices")
    key = models.CharField(max_length=128)
    code = models.CharField(max_length=32)
    params = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sfsync_notice"
        constraints = [models.UniqueConstraint(fields=["store", "key"], name="one_notice_a_key")]
        indexes = [models.Index(fields=["store", "id"], name="notice_unmailed", condition=models.Q(mailed_at=None))]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.code} {self.key}"
