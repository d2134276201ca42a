"""What was confirmed and refused on each day: small rows that the charts and the metrics add up, instead of the log."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models

from sfsync.models.store import Store

WITHIN = {"s10": 10, "m1": 60, "m5": 300, "m30": 1800, "h2": 7200, "h12": 43200}
"""The columns that count confirmations by how long they took: column → at most so many seconds."""


class DayFigure(models.Model):
    """One row a day, marketplace and operation. `failed` counts attempts; what took longer than `h12` is in none.

    What was `sent` is confirmed or failed later, perhaps on another day. `refused` is the part of `failed` that was
    sent and turned down by the marketplace, or by Shopping Feed in its place: the rest never got as far as an answer.
    `in_time` and `too_late` are those confirmed whose order had a deadline, by whether they were sent by then (R25).
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="figures", db_index=False)
    day = models.DateField()
    channel = models.CharField(max_length=64, default="", blank=True)
    operation = models.CharField(max_length=32)
    sent = models.PositiveIntegerField(default=0)
    confirmed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0, db_default=0)
    s10 = models.PositiveIntegerField(default=0)
    m1 = models.PositiveIntegerField(default=0)
    m5 = models.PositiveIntegerField(default=0)
    m30 = models.PositiveIntegerField(default=0)
    h2 = models.PositiveIntegerField(default=0)
    h12 = models.PositiveIntegerField(default=0)
    in_time = models.PositiveIntegerField(default=0)
    too_late = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "sfsync_day_figure"
        constraints = [
            models.UniqueConstraint(fields=["store", "day", "channel", "operation"], name="one_figure_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.channel} {self.operation}: {self.confirmed} confirmed, {self.failed} failed"


class AnswerFigure(models.Model):
    """How many requests the API answered with a status, since ever; status 0 where no answer came."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="answers", db_index=False)
    status = models.PositiveSmallIntegerField()
    requests = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "sfsync_answer_figure"
        constraints = [models.UniqueConstraint(fields=["store", "status"], name="one_figure_a_status")]

    def __str__(self) -> str:
        return f"{self.status}: {self.requests} requests"


def median_seconds(confirmed: int, within: Sequence[int]) -> float | None:
    """About half of the confirmations took at most so long; None without any, infinite beyond twelve hours.

    `within` are the counts of `WITHIN`, in its order; inside a step the confirmations are taken as evenly spread.
    """
    if not confirmed:
        return None
    half, before, start = confirmed / 2, 0, 0.0
    for count, end in zip(within, WITHIN.values(), strict=True):
        if count and before + count >= half:
            return start + (end - start) * (half - before) / count
        before, start = before + count, end
    return float("inf")
