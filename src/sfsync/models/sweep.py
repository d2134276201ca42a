"""What the last sweep found: with it, the next one knows where nothing has moved."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models

from sfsync.models.store import Store


class Sweep(models.Model):
    """`fingerprints`: block of shop order ids (as text) → the shop's number for it. `whole_at`: when every order was
    last looked at."""

    store = models.OneToOneField(Store, on_delete=models.CASCADE, primary_key=True, related_name="sweep")
    fingerprints = models.JSONField(default=dict)
    whole_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sfsync_sweep"

    def __str__(self) -> str:
        return f"sweep of {self.store_id}"

    @classmethod
    def last_of(cls, store: Store) -> Self:
        """An empty one before the first."""
        return cls.objects.filter(store=store).first() or cls(store=store)

    def fingerprint(self, block: int) -> int | None:
        known: dict[str, int] = self.fingerprints
        return known.get(str(block))

    def keep(self, fingerprints: dict[int, int], whole_at: datetime | None) -> None:
        self.fingerprints = {str(block): number for block, number in fingerprints.items()}
        self.whole_at = whole_at
        self.save()
