"""The outbox: what the marketplace must hear of, until its ticket says that it did. One table, rows of three shapes.

*Intention* (`SYNC_STATUS`): "look at this order"; it waits until `update_at`, and intentions for one order merge. What
is to be told is decided only then, by the order's state at that moment.

*In flight* (`CHECK_TICKET_SYNC_STATUS`): one fact (an operation and its key), and the intention that it was decided by.
An intention becomes it, committed, before anything leaves: from then on the question is never "send?" but "did it
arrive?". Without a `batch_id` the answer to the send is not known yet, or never came (R13). In each lane of an order
one fact flies at a time; a change that comes meanwhile makes an intention, which waits (R10).

*Set aside* (`SET_ASIDE`): a fact that waits for its next try (`update_at`), for a person or a change of the order
(`failed_at`), or for good (`closed_at`: given up). It holds up no other fact. When due, it raises an intention.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Self

from django.db import models
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from sfsync.db.among import among
from sfsync.db.bulk import insert_chosen, update_returning
from sfsync.db.conflict import Conflict
from sfsync.db.loading import Loaded
from sfsync.domain.operations.kind import ORDER
from sfsync.domain.task_state import TaskState
from sfsync.models.held_task import HeldTask, intentions
from sfsync.models.marketplace_order import MarketplaceOrder
from sfsync.models.order import Order
from sfsync.models.store import Store
from sfsync.shops.keys import LONGEST


class Action(models.TextChoices):
    SYNC = "SYNC_STATUS", "SYNC_STATUS"
    CHECK = "CHECK_TICKET_SYNC_STATUS", "CHECK_TICKET_SYNC_STATUS"
    ASIDE = "SET_ASIDE", "SET_ASIDE"


_SECOND = Conflict(keys=("order_id",), within=("action", Action.SYNC.value))
MERGE = replace(_SECOND, take=("since", "update_at", "date_upd", "lane"), become={"lease": "", "looks": 0})
"""A change: whoever has the intention in hand has read the order too early, and loses it."""
BRING_FORWARD = replace(_SECOND, take=("update_at",), earlier="update_at")
"""A further look at an order that may be waiting for one."""

_TEXTS = (
    *("lease", "operation", "status", "tracking_number", "request_key", "batch_id"),
    *("ticket_number", "former_ticket"),
    *("failure", "last_error"),
)
_NUMBERS = ("attempts", "looks", "split", "silences", "episode")
BLANK = dict.fromkeys(_TEXTS, "") | dict.fromkeys(_NUMBERS, 0) | {"lane": ORDER, "more": False}
"""The columns of which an intention says nothing, as they are written without the model."""

_MOVING = Q(failed_at=None, closed_at=None)
"""All but what waits for a person, or was given up: there may be very many of those."""
_SENT, _ASIDE = Q(action=Action.CHECK), Q(action=Action.ASIDE, closed_at=None)
FACT = ("order", "operation", "tracking_number")
_NO_FACT = Q(operation="", tracking_number="", request_key="", failure="", more=False)
_SHAPES = (
    (Q(action=Action.SYNC, failed_at=None, closed_at=None) & _NO_FACT)
    | (Q(action=Action.CHECK, failed_at=None, closed_at=None) & ~Q(operation="") & ~Q(request_key=""))
    | Q(action=Action.ASIDE, lease="", request_key="", batch_id="")
)
STATES = {
    TaskState.WAITING: Q(action=Action.SYNC, held=False) | _ASIDE & Q(failed_at=None, failure=""),
    TaskState.HELD: Q(action=Action.SYNC, held=True),
    TaskState.RETRYING: _ASIDE & Q(failed_at=None) & ~Q(failure=""),
    TaskState.FAILED: _ASIDE & Q(failed_at__isnull=False),
    TaskState.GIVEN_UP: Q(action=Action.ASIDE, closed_at__isnull=False),
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

    def living(self) -> Self:
        """All but what was given up."""
        return self.filter(closed_at=None)

    def moving(self) -> Self:
        """All but what waits for a person, or was given up."""
        return self.filter(_MOVING)

    def due(self, now: datetime) -> Self:
        """Intentions that can be decided now: nobody holds them, and nothing is in flight in their lane (R10)."""
        flight = Task.objects.in_flight().filter(order_id=OuterRef("order_id"), lane=OuterRef("lane"))
        return self.moving().filter(action=Action.SYNC, update_at__lte=now, lease="").exclude(Exists(flight))

    def aside(self) -> Self:
        """Facts that wait for their next try, for a person or for a change of the order."""
        return self.filter(action=Action.ASIDE).living()

    def parked(self) -> Self:
        """Failed, and waiting for a person or for a change of the order (R16)."""
        return self.in_state(TaskState.FAILED)

    def in_flight(self) -> Self:
        return self.moving().filter(action=Action.CHECK)

    def held_by(self, lease: str) -> Self:
        """What a run has in its hands."""
        return self.moving().filter(lease=lease)

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
        return list(intentions(self.filter(pk__in=among(won), lease=lease).order_by("update_at", "id")))

    def raise_due(self, store: Store, now: datetime, written_since: datetime | None = None) -> int:
        """An intention for every order with a set-aside fact that is due; one that waits is brought forward, never put
        back. `written_since`: only for what was set aside since then. Returns how many are new, or were moved."""
        due = self.filter(store=store, update_at__lte=now, failed_at=None).aside().order_by()
        due = due.filter(date_upd__gte=written_since) if written_since else due
        orders = due.values("store", "order").annotate(changed=Max("since")).values_list("store", "order", "changed")
        same = {"action": Action.SYNC.value, **dict.fromkeys(("update_at", "date_add", "date_upd"), now), **BLANK}
        return insert_chosen(Task, ("store", "order", "since"), orders, same=same, conflict=BRING_FORWARD)


class Task(Loaded):
    """`since`: when the change was seen that it was decided by (R4). `update_at`: not before. `lane`: of the fact; an
    intention waits for what flies in it. `held`: an intention whose marketplace refuses everything (R36).
    `tracking_number`: the key of the fact. `more`: something else is to be told once it is confirmed. `failed_at`:
    since when a set-aside fact needs a person, with its `failure`. `ticket_number`: of the last try; `former_ticket`:
    of the one before, which answers for no other.

    `request_key` names the request that took it, before there is a batch; `lease` the run that holds it. `episode`
    counts a person's retries: a failure is told once for a change and in each of them (R20). `split` makes its requests
    smaller (one order in them is refused), `silences` counts the requests that were never answered.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    order = models.ForeignKey(MarketplaceOrder, on_delete=models.CASCADE, related_name="tasks")
    action = models.CharField(max_length=32, choices=Action, default=Action.SYNC)
    since = models.DateTimeField(default=timezone.now)
    update_at = models.DateTimeField(default=timezone.now)
    lease = models.CharField(max_length=32, default="", blank=True)

    operation = models.CharField(max_length=32, default="", blank=True)
    lane = models.CharField(max_length=16, default=ORDER)
    more = models.BooleanField(default=False)
    status = models.CharField(max_length=LONGEST, default="", blank=True)
    shop_order = models.ForeignKey(Order, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    tracking_number = models.CharField(max_length=255, default="", blank=True)
    payload = models.JSONField(null=True)
    request_key = models.CharField(max_length=32, default="", blank=True)
    batch_id = models.CharField(max_length=255, default="", blank=True)
    ticket_number = models.CharField(max_length=255, default="", blank=True)
    former_ticket = models.CharField(max_length=255, default="", blank=True)
    sent_at = models.DateTimeField(null=True)

    attempts = models.PositiveSmallIntegerField(default=0)
    looks = models.PositiveSmallIntegerField(default=0)
    split = models.PositiveSmallIntegerField(default=0)
    silences = models.PositiveSmallIntegerField(default=0)
    episode = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=32, default="", blank=True)
    last_error = models.TextField(default="", blank=True)
    failed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    held = models.BooleanField(default=False, db_default=False)

    date_add = models.DateTimeField(default=timezone.now, editable=False)
    date_upd = models.DateTimeField(default=timezone.now)

    objects = TaskQuerySet.as_manager()

    class Meta:
        db_table = "shoppingfeed_task_order"
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(action=Action.SYNC), name="one_intention_an_order"),
            models.UniqueConstraint(fields=["order", "lane"], condition=_SENT, name="one_flight_a_lane"),
            models.UniqueConstraint(fields=FACT, condition=~Q(action=Action.SYNC), name="one_task_a_fact"),
            models.CheckConstraint(condition=_SHAPES, name="task_of_a_shape"),
        ]
        indexes = [
            models.Index(fields=["store", "action", "update_at"], name="task_due", condition=_MOVING),
            models.Index(fields=["store", "batch_id"], name="task_batch", condition=~Q(batch_id="")),
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
        if self.action == Action.SYNC:
            return TaskState.HELD if self.held else TaskState.WAITING
        if self.closed_at:
            return TaskState.GIVEN_UP
        if self.parked:
            return TaskState.FAILED
        return TaskState.RETRYING if self.failure else TaskState.WAITING
