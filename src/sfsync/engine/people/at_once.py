"""What a person asks for beyond `persons`: send these orders' updates now, run this store now."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone

from sfsync.domain.reconciliation import CANCELLED
from sfsync.domain.task_state import TaskState
from sfsync.engine.due import make_rows
from sfsync.engine.kit.journal import Journal
from sfsync.engine.people import acts
from sfsync.models import MarketplaceOrder, Order, Process, Store, Task
from sfsync.models.log import Level
from sfsync.models.process import SYNC


def send_now(store: Store, orders: QuerySet[Order], who: str) -> int:
    """Make the orders' updates due now, and judge again those that have none. Returns how many.

    What is in flight is left to its ticket (R10). A failed update starts afresh, as `acts.retry` does.
    """
    orders = orders.filter(store=store)
    _agree(orders)
    acts.retry(orders, who, "person-send")
    now = timezone.now()
    with transaction.atomic():
        acts.of_orders(orders).in_state(TaskState.GIVEN_UP).delete()
        waiting = acts.of_orders(orders).in_state(*(state for state in TaskState if state.waits)).filter(lease="")
        later = waiting.filter(update_at__gt=now)
        hurried = list(later.values_list("order_id", flat=True))
        later.update(update_at=now)
        idle = list(orders.filter(marketplace_order__tasks=None).values_list("marketplace_order", flat=True))
        fresh = [Task(store=store, order_id=order_id, since=now, update_at=now) for order_id in idle]
        Task.objects.bulk_create(fresh, ignore_conflicts=True)
        journal = Journal(store, "person", "")
        for order_id in hurried + idle:
            journal.say(Level.INFO, "person-send", order_id, who=who)
        journal.flush()
    return waiting.values("order").distinct().count()


def _agree(orders: QuerySet[Order]) -> None:
    """R33: a person's word that it is shipped, although the marketplace shows it as cancelled."""
    called_off = MarketplaceOrder.objects.filter(pk__in=orders.values("marketplace_order"), seen_there__in=CANCELLED)
    called_off.update(agreed_at=timezone.now())


def ask_run(store: Store) -> None:
    """Whoever starts runs takes the store up at its next look."""
    if not _ask(Process.objects.filter(store=store)):
        Process.objects.get_or_create(store=store, name=SYNC, defaults={"run_asked_at": timezone.now()})


def ask_these(stores: QuerySet[Store]) -> int:
    """A person asks: in trouble or not. Returns how many."""
    make_rows()
    return _ask(Process.objects.filter(store__in=stores.order_by().values("pk")))


def ask_runs() -> int:
    """Every store that is switched on, but those in trouble: they come back when their time is. Returns how many."""
    make_rows()
    return _ask(Process.objects.filter(store__enabled=True, failures=0))


def _ask(processes: QuerySet[Process]) -> int:
    """What was due before keeps its place in the queue."""
    now = timezone.now()
    later = Case(When(next_run_at__gt=now, then=Value(now)), default=F("next_run_at"))
    return processes.filter(name=SYNC).update(run_asked_at=now, next_run_at=later)
