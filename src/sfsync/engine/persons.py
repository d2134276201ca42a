"""What a person may do about an order's update: try again now, or give it up. Both are logged with who did it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.engine.journal import Journal
from sfsync.models import Action, Order, Store, Task
from sfsync.models.log import Level


def retry(orders: QuerySet[Order], who: str) -> int:
    """R16: a failed update, or one that waits for its next attempt, is due now, with all its tries again.

    Returns how many; an update in flight is left to its ticket.
    """
    tasks = Task.objects.filter(order__in=orders, action=Action.SYNC, lease="").exclude(failure="", failed_at=None)
    return _each_store(tasks, who, "person-retry", _revive)


def give_up(orders: QuerySet[Order], who: str) -> int:
    """The update is not sent: the person told the marketplace, or nobody needs to. A later change counts again."""
    tasks = Task.objects.filter(order__in=orders, action=Action.SYNC, lease="")
    return _each_store(tasks, who, "person-give-up", lambda chosen: chosen.delete()[0])


def why_not(order: Order) -> str:
    """Why a retry, or giving up, changed nothing of this order, as a sentence of the active language."""
    tasks = list(Task.objects.filter(order=order).order_by("id"))
    flying = next((task for task in tasks if task.action == Action.CHECK), None)
    if flying:
        return _in_flight(flying)
    if any(task.lease for task in tasks):
        return _("A run is at work on it at this moment.")
    if tasks:
        at = texts.moment(min(task.update_at for task in tasks).isoformat())
        return _("Nothing has failed: its update is decided by the first run after %(at)s.") % {"at": at}
    if order.confirmed_operation and order.confirmed_at:
        told, at = texts.operation_name(order.confirmed_operation), texts.moment(order.confirmed_at.isoformat())
        return _("Nothing has failed: the marketplace confirmed “%(told)s” at %(at)s.") % {"told": told, "at": at}
    return _("Nothing has failed and nothing is waiting: the marketplace was told nothing of it.")


def _in_flight(task: Task) -> str:
    told, at = texts.operation_name(task.operation), texts.moment(task.update_at.isoformat())
    if task.batch_id:
        text = _("“%(told)s” is on its way; its ticket is asked for by the first run after %(at)s.")
    else:
        text = _("“%(told)s” was sent and not answered; the ticket list is asked by the first run after %(at)s.")
    return text % {"told": told, "at": at}


def _revive(tasks: QuerySet[Task]) -> int:
    now = timezone.now()
    fresh = {"attempts": 0, "split": 0, "silences": 0, "failure": "", "last_error": "", "failed_at": None}
    return tasks.update(update_at=now, date_upd=now, episode=F("episode") + 1, **fresh)


def _each_store(tasks: QuerySet[Task], who: str, code: str, act: object) -> int:
    done = 0
    for store in Store.objects.filter(pk__in=tasks.values("store")):
        with transaction.atomic():
            held = tasks.filter(store=store).select_for_update(of=("self",))  # a run that sends one first keeps it
            chosen = list(held.values_list("pk", "order_id"))
            done += act(Task.objects.filter(pk__in=[pk for pk, _order in chosen]))  # type: ignore[operator]
            _log(store, (order_id for _pk, order_id in chosen), code, who)
    return done


def _log(store: Store, order_ids: Iterable[int], code: str, who: str) -> None:
    journal = Journal(store, "person", "")
    for order_id in order_ids:
        journal.say(Level.INFO, code, order_id, who=who)
    journal.flush()
