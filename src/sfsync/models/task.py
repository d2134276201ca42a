"""The outbox: one row an update that the marketplace must hear of, until its ticket says that it did.

A `SYNC_STATUS` row is an intention: it waits until `update_at`, and intentions for one order merge. The moment it is
decided what to send, and before anything leaves, the row becomes `CHECK_TICKET_SYNC_STATUS` (committed): from then on
the question is never "send?" but "did it arrive?". Without a `batch_id` the answer to the send is not known yet, or
never came (R13). A change that comes meanwhile makes a second `SYNC_STATUS` row, which waits (R10).
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from sfsync.db.bulk import update_returning
from sfsync.db.loading import Loaded
from sfsync.domain.task_state import TaskState
from sfsync.models.held_task import HeldTask, held
from sfsync.models.marketplace_order import MarketplaceOrder
from sfsync.models.order import Order
from sfsync.models.store import Store
from sfsync.shops.keys import LONGEST


class Action(models.TextChoices):
    SYNC = "SYNC_STATUS", "SYNC_STATUS"
    CHECK = "CHECK_TICKET_SYNC_STATUS", "CHECK_TICKET_SYNC_STATUS"


_SENT, _QUEUED = Q(action=Action.CHECK), Q(action=Action.SYNC, failed_at=None)
STATES = {
    TaskState.WAITING: _QUEUED & Q(failure=""),
    TaskState.RETRYING: _QUEUED & ~Q(failure=""),
    TaskState.FAILED: Q(action=Action.SYNC, failed_at__isnull=False),
    TaskState.ON_ITS_WAY: _SENT & Q(batch_id="") & ~Q(lease=""),
    TaskState.UNANSWERED: _SENT & Q(batch_id="", lease=""),
    TaskState.IN_FLIGHT: _SENT & ~Q(batch_id=""),
}
"""The rows in each state; `Task.state` says the same of one row."""


def in_state(*states: TaskState) -> Q:
    return reduce(or_, (STATES[state] for state in states))


class TaskQuerySet(models.QuerySet["Task"]):
    def in_state(self, *states: TaskState) -> Self:
        return self.filter(in_state(*states))

    def queued(self) -> Self:
        """Intentions that are alive: due now or later."""
        return self.filter(action=Action.SYNC, failed_at=None)

    def due(self, now: datetime) -> Self:
        """Intentions that can be decided now: nobody holds them, and nothing of their order is in flight (R10)."""
        flight = Task.objects.filter(order_id=OuterRef("order_id"), action=Action.CHECK)
        return self.queued().filter(update_at__lte=now, lease="").exclude(Exists(flight))

    def parked(self) -> Self:
        """Failed, and waiting for a person or for a change of the order (R16)."""
        return self.filter(failed_at__isnull=False)

    def in_flight(self) -> Self:
        return self.filter(action=Action.CHECK)

    def unanswered(self) -> Self:
        """Sent, as far as anybody knows, by a run that did not live to see the answer, or that got none (R13)."""
        return self.in_flight().filter(batch_id="", lease="")

    def ticketed(self) -> Self:
        return self.in_flight().exclude(batch_id="")

    def claim(self, lease: str, now: datetime, most: int) -> list[HeldTask]:
        """Win up to `most` due intentions, the oldest first, and read back only what was won."""
        due = self.due(now).order_by("update_at", "id").values("pk")[:most]
        won = update_returning(Task, {"lease": lease}, due, expect={"lease": "", "action": Action.SYNC.value})
        if not won:
            return []
        return list(held(self.filter(pk__in=won, lease=lease).order_by("update_at", "id")))


class Task(Loaded):
    """`since`: when its change was seen (R4). `update_at`: not before. `failed_at`: parked, with its `failure`.

    `request_key` names the request that took it, before there is a batch; `lease` the run that holds it. `episode`
    counts the fresh starts (a new change, a person's retry): a failure is told once in each (R20). `split` makes its
    requests smaller (one order in them is refused), `silences` counts the requests that were never answered.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    order = models.ForeignKey(MarketplaceOrder, on_delete=models.CASCADE, related_name="tasks")
    action = models.CharField(max_length=32, choices=Action, default=Action.SYNC)
    since = models.DateTimeField(default=timezone.now)
    update_at = models.DateTimeField(default=timezone.now)
    lease = models.CharField(max_length=32, default="", blank=True)

    operation = models.CharField(max_length=32, default="", blank=True)
    wanted = models.CharField(max_length=32, default="", blank=True)
    status = models.CharField(max_length=LONGEST, default="", blank=True)
    shop_order = models.ForeignKey(Order, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    tracking_number = models.CharField(max_length=255, default="", blank=True)
    payload = models.JSONField(null=True)
    request_key = models.CharField(max_length=32, default="", blank=True)
    batch_id = models.CharField(max_length=255, default="", blank=True)
    ticket_number = models.CharField(max_length=255, default="", blank=True)
    sent_at = models.DateTimeField(null=True)

    attempts = models.PositiveSmallIntegerField(default=0)
    looks = models.PositiveSmallIntegerField(default=0)
    split = models.PositiveSmallIntegerField(default=0)
    silences = models.PositiveSmallIntegerField(default=0)
    episode = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=32, default="", blank=True)
    last_error = models.TextField(default="", blank=True)
    failed_at = models.DateTimeField(null=True)

    date_add = models.DateTimeField(default=timezone.now, editable=False)
    date_upd = models.DateTimeField(default=timezone.now)

    objects = TaskQuerySet.as_manager()

    class Meta:
        db_table = "shoppingfeed_task_order"
        constraints = [
            models.UniqueConstraint(fields=["store", "order", "action"], name="one_task_an_order_and_action")
        ]
        indexes = [
            models.Index(fields=["store", "action", "update_at"], name="task_due"),
            models.Index(fields=["store", "batch_id"], name="task_batch", condition=~Q(batch_id="")),
            models.Index(fields=["request_key"], name="task_request", condition=~Q(request_key="")),
            models.Index(fields=["lease"], name="task_lease", condition=~Q(lease="")),
            models.Index(fields=["store", "failed_at"], name="task_parked", condition=Q(failed_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.order_id}"

    @property
    def parked(self) -> bool:
        return self.failed_at is not None

    @property
    def state(self) -> TaskState:
        if self.action == Action.CHECK:
            if self.batch_id:
                return TaskState.IN_FLIGHT
            return TaskState.ON_ITS_WAY if self.lease else TaskState.UNANSWERED
        if self.parked:
            return TaskState.FAILED
        return TaskState.RETRYING if self.failure else TaskState.WAITING
