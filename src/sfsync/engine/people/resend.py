"""After an outage: try again everything that failed since a moment, on one marketplace, for one reason; and how far
that has come."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q

from sfsync.domain.marketplaces import meant
from sfsync.domain.task_state import TaskState
from sfsync.engine.people import acts
from sfsync.models import LogEntry, MarketplaceOrder, Order, Store, Task
from sfsync.models.order import OrderQuerySet
from sfsync.models.task import TaskQuerySet, in_state

CODE = "person-retry"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which failures: those since a moment, of one marketplace by either name, with a reason: a `Failure`, or words of
    the answer. What is empty leaves out none."""

    since: datetime | None = None
    channel: str = ""
    reason: str = ""
    operation: str = ""

    def __bool__(self) -> bool:
        return self != Wanted()


@dataclass(frozen=True, slots=True)
class Reason:
    """Failures that are alike, and how many: the marketplace, the `Failure`, and what was answered."""

    channel: str
    failure: str
    message: str
    count: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Of the orders of one retry: nothing of it is left to do, it is on its way, it failed again, or it waits."""

    total: int
    done: int
    sent: int
    failed: int

    @property
    def waiting(self) -> int:
        return self.total - self.done - self.sent - self.failed


def failed(stores: Iterable[Store], wanted: Wanted) -> TaskQuerySet:
    """The failures, whether they are tried again by themselves or wait for a person."""
    tasks = Task.objects.filter(store__in=list(stores)).in_state(*(each for each in TaskState if each.failed))
    if wanted.since:
        tasks = tasks.filter(date_upd__gte=wanted.since)
    if wanted.channel:
        channels = tasks.order_by().values_list("order__channel", flat=True).distinct()
        tasks = tasks.filter(order__channel__in=meant(wanted.channel, channels))
    if wanted.operation:
        tasks = tasks.filter(operation=wanted.operation)
    if wanted.reason:
        tasks = tasks.filter(Q(failure=wanted.reason) | Q(last_error__icontains=wanted.reason))
    return tasks


def reasons(tasks: TaskQuerySet, most: int = 50) -> list[Reason]:
    """The commonest first."""
    grouped = tasks.order_by().values_list("order__channel", "failure", "last_error").annotate(count=Count("id"))
    return [Reason(*row) for row in grouped.order_by("-count", "order__channel")[:most]]


def orders_of(tasks: TaskQuerySet) -> OrderQuerySet:
    """A shop order for each."""
    return Order.objects.filter(marketplace_order__in=tasks.values("order")).order_by("-created_at", "-id")


def again(tasks: TaskQuerySet, who: str) -> tuple[int, str]:
    """They are due now, with all their tries. Returns of how many orders, and the name under which `progress` finds
    them."""
    name = secrets.token_hex(8)
    return acts.revive(tasks, who, CODE, together=name), name


def progress(stores: Iterable[Store], name: str) -> Progress:
    """One statement."""
    logged = LogEntry.objects.filter(store__in=list(stores), code=CODE, params__together=name)
    tasks = Task.objects.living().filter(order=OuterRef("pk"))
    flies = Exists(tasks.filter(in_state(*(each for each in TaskState if each.sent))))
    again = Exists(tasks.filter(in_state(*(each for each in TaskState if each.failed))))
    figures = (
        MarketplaceOrder.objects.filter(pk__in=logged.values("order"))
        .annotate(flies=flies, again=again, left=Exists(tasks))
        .aggregate(
            total=Count("pk"),
            done=Count("pk", filter=Q(left=False)),
            sent=Count("pk", filter=Q(flies=True)),
            failed=Count("pk", filter=Q(flies=False, again=True)),
        )
    )
    return Progress(**figures)
