"""Where processes count the requests of one token together if they have no Redis (`engine.kit.shared_pace`)."""

from __future__ import annotations

from django.db import models


class PacePlace(models.Model):
    """One of the requests that the API allows at a time; free for the next one when its time has come.

    `token` is a digest of the token and the address that it is for.
    """

    token = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    free_at = models.DateTimeField()

    class Meta:
        db_table = "sfsync_pace_place"
        constraints = [models.UniqueConstraint(fields=["token", "number"], name="one_place_a_token_and_number")]

    def __str__(self) -> str:
        return f"{self.number} of {self.token[:8]}"
