"""Which versions of sfsync have brought these tables up to date."""

from __future__ import annotations

from django.db import models


class Release(models.Model):
    """`since`: when `version` did it first. The newest row is the version that the tables are of."""

    version = models.CharField(max_length=32, unique=True)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "sfsync_release"
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.version
