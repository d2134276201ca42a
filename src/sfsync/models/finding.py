"""What the comparison with the marketplaces has found (R32): one row a difference, until it has gone."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sfsync.models.marketplace_order import MarketplaceOrder
from sfsync.models.store import Store


class FindingQuerySet(models.QuerySet["Finding"]):
    def open(self) -> FindingQuerySet:
        """Still so, at the last look."""
        return self.filter(closed_at=None)

    def unsettled(self) -> FindingQuerySet:
        """Nobody has taken care of it yet."""
        return self.open().filter(settled_at=None)


class Finding(models.Model):
    """`kind` is a `Difference`, `message` what the marketplace says of it. `since`: when it began, as far as anybody
    knows. `settled_at`: when a person took care of it; it is closed only when the marketplace shows it no more."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="findings", db_index=False)
    order = models.ForeignKey(MarketplaceOrder, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=32)
    message = models.TextField(default="", blank=True)
    since = models.DateTimeField()
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        db_table = "sfsync_finding"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind"], name="one_open_finding_a_kind", condition=Q(closed_at__isnull=True)
            )
        ]
        indexes = [
            models.Index(fields=["store", "kind", "id"], name="finding_open", condition=Q(closed_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.order_id}"

    @property
    def is_unsettled(self) -> bool:
        """See `FindingQuerySet.unsettled`."""
        return self.closed_at is None and self.settled_at is None
