"""What a person chose for themselves in the back office."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sfsync.models.store import Language


class Preference(models.Model):
    """`language`: of the pages, on every machine the person signs in on. `shared_alarms`: at their address they want no
    mail of a single store's trouble, but one for each class of it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="sfsync_preference"
    )
    language = models.CharField(max_length=2, choices=Language)
    shared_alarms = models.BooleanField(default=False)

    class Meta:
        db_table = "sfsync_preference"

    def __str__(self) -> str:
        return f"{self.user_id}: {self.language}"
