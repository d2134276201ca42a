"""How far each source of a store's shop was followed. `engine.find` alone writes here."""

from __future__ import annotations

from typing import Any

from django.db import models

from sfsync.models.store import Store


class Cursor(models.Model):
    """One row per source. `position` is the source's own business, None before it was ever followed; `identity` is the
    shop that it was made with (`ShopKind.identity`): in another shop it means nothing.

    `cost`: seconds that the source was last followed for. It is not followed again before `not_before`. `trouble`: why
    it could not be followed the last time (`Trouble`), what was seen of that, its `cause` (`ShopError.code`), and since
    when.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="cursors", db_index=False)
    name = models.CharField(max_length=32)
    position: models.JSONField[Any, Any] = models.JSONField(null=True)
    identity = models.TextField(default="", blank=True)
    cost = models.FloatField(default=0)
    not_before = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=32, default="", blank=True)
    trouble_text = models.TextField(default="", blank=True)
    trouble_since = models.DateTimeField(null=True)
    cause = models.CharField(max_length=32, default="", blank=True)

    class Meta:
        db_table = "sfsync_cursor"
        constraints = [models.UniqueConstraint(fields=["store", "name"], name="one_cursor_per_source")]

    def __str__(self) -> str:
        return f"{self.store_id} {self.name}"
