"""Why an order is where it is: what was seen, decided, sent and answered, and what happens next (`sfsync why`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.models import Action, LogEntry, Order, Task


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the story. `payload` is what was sent, where something was."""

    at: datetime
    level: int
    sentence: str
    payload: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """`believes` is what the marketplace confirmed, `next` what happens now, in sentences of the active language."""

    order: Order
    events: list[Event]
    believes: str
    next: list[str]

    def as_dict(self) -> dict[str, Any]:
        order = self.order
        return {
            "store": order.store.name,
            "shop_order": order.shop_order_id,
            "shop_reference": order.shop_reference,
            "reference": order.reference,
            "channel": order.channel,
            "shopping_feed_id": order.feed_id,
            "events": [
                {"at": each.at.isoformat(), "level": each.level, "sentence": each.sentence, "payload": each.payload}
                for each in self.events
            ],
            "believes": self.believes,
            "next": self.next,
        }


def story_of(order: Order) -> Story:
    entries = LogEntry.objects.filter(order=order).order_by("id")
    tasks = Task.objects.filter(order=order).order_by("id")
    return Story(order, [_event(entry) for entry in entries], believes(order), _next(order, list(tasks)))


def _event(entry: LogEntry) -> Event:
    sentence = texts.sentence(entry.code, entry.params) if entry.code else entry.message
    return Event(entry.at, entry.level, sentence, entry.params.get("payload"))


def believes(order: Order) -> str:
    """What the marketplace confirmed last."""
    if not order.confirmed_operation or not order.confirmed_at:
        return _("Nothing was confirmed by the marketplace yet.")
    told = texts.operation_name(order.confirmed_operation)
    since = texts.moment(order.confirmed_at.isoformat())
    if order.confirmed_operation == "ship" and order.ship_tracking:
        return _("The marketplace believes: %(told)s with tracking number %(number)s, since %(since)s.") % {
            "told": told,
            "number": order.ship_tracking,
            "since": since,
        }
    return _("The marketplace believes: %(told)s, since %(since)s.") % {"told": told, "since": since}


def _next(order: Order, tasks: list[Task]) -> list[str]:
    return [_of_task(task) for task in tasks] or [_of_rest(order)]


def _of_rest(order: Order) -> str:
    if order.seen_status is None:
        return _("The order was found, and is looked at by the next run.")
    return _("Nothing is waiting: sfsync acts when the order's status or tracking number changes.")


def _of_task(task: Task) -> str:
    if task.action == Action.CHECK:
        return _flying(task)
    if task.parked:
        return " ".join([_failure(task), texts.advice(task.failure)]).strip()
    at = texts.moment(task.update_at.isoformat())
    if task.failure:
        return _("%(failure)s It is tried again at %(at)s.") % {"failure": _failure(task), "at": at}
    return _("An update is waiting; it is decided by the first run after %(at)s.") % {"at": at}


def _flying(task: Task) -> str:
    operation = texts.operation_name(task.operation)
    since = texts.moment(task.sent_at.isoformat()) if task.sent_at else "?"
    params = {"operation": operation, "since": since, "batch": task.batch_id}
    if not task.batch_id:
        return _("“%(operation)s” was sent at %(since)s and not answered: the next run asks the ticket list.") % params
    return _("“%(operation)s” was sent at %(since)s (batch %(batch)s): the next run looks at its ticket.") % params


def _failure(task: Task) -> str:
    """Ends as a sentence does, though the API's message in it may not."""
    said = texts.sentence(f"failed-{task.failure}", {"operation": task.operation or "ship", "message": task.last_error})
    return said if said.endswith((".", "!", "?", "…")) else f"{said}."
