"""What was switched off in a shop so that sfsync alone sends (R23), to be given back as it was."""

from __future__ import annotations

from typing import Any

from django.db import models

from sfsync.models.store import Store


class Takeover(models.Model):
    """Written before anything is changed. `switches`: of each setting its `key`, its `name`, the `value` that it had
    and the `off` that it got. `back_at`: when another module was found to send again."""

    store = models.OneToOneField(Store, on_delete=models.CASCADE, primary_key=True, related_name="takeover")
    switches: models.JSONField[Any, Any] = models.JSONField(default=list)
    taken_at = models.DateTimeField()
    who = models.CharField(max_length=150)
    back_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sfsync_takeover"

    def __str__(self) -> str:
        return f"{self.store_id} {self.taken_at}"
