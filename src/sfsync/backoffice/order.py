"""One order: its story, the shop beside the marketplace, and what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.backoffice.access import of_store
from sfsync.backoffice.outsides import glance, statuses_of
from sfsync.backoffice.shell import page
from sfsync.backoffice.states import reason_of, standing
from sfsync.backoffice.words import Said, advice
from sfsync.engine.story import Event, Story, story_of
from sfsync.models import Notice, Order, Store, Task
from sfsync.models.log import Level


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the comparison: what each side says; `marketplace` is None where both say the same by nature.

    `agree` is None where there is nothing to compare.
    """

    name: str
    shop: str
    marketplace: str | None = None
    agree: bool | None = None


@of_store
def order(request: HttpRequest, store: Store, number: int) -> HttpResponse:
    found = get_object_or_404(Order, store=store, shop_order_id=number)
    tasks = list(found.tasks.order_by("id"))
    statuses = statuses_of(store, get_language() or "en")
    story = story_of(found)
    seen = glance(store, found.shop_order_id)
    status = seen.snapshot.status if seen.snapshot else found.seen_status
    tracking = seen.snapshot.tracking_number if seen.snapshot else found.seen_tracking
    return page(
        request,
        "order.html",
        store=store,
        screen="orders",
        order=found,
        standing=standing(found, tasks),
        tasks=tasks,
        events=events_of(story, found),
        next=coming(tasks, story.next),
        facts=facts(found, statuses.name(status), tracking, store),
        color=statuses.color(status),
        live=seen.snapshot is not None,
        trouble=seen.trouble or statuses.trouble,
        retryable=any(task.failure for task in tasks),
        droppable=any(not task.batch_id and not task.request_key for task in tasks),
    )


def events_of(story: Story, order: Order) -> list[Event]:
    """The story with the mails about it in their place."""
    mails = Notice.objects.filter(order=order, mailed_at__isnull=False).values_list("mailed_at", flat=True)
    told = [Event(at, Level.INFO, _("The merchant was told by mail.")) for at in mails if at]
    return sorted([*story.events, *told], key=lambda event: event.at)


def coming(tasks: list[Task], sentences: list[str]) -> list[Said]:
    """What happens next: a sentence a task, then of the order or its store. Of a task that needs a person, the reason
    stands apart from what to do."""
    coming = [
        Said(texts.ended(reason_of(task)), advice(task.failure)) if task.parked else Said(sentence)
        for task, sentence in zip(tasks, sentences, strict=False)
    ]
    return coming + [Said(each) for each in sentences[len(tasks) :]]


def facts(order: Order, status: str, tracking: str, store: Store) -> list[Fact]:
    """What the shop says beside what the marketplace was last confirmed to know."""
    known: Any = order.ship_tracking
    return [
        Fact(_("Status"), status or _("not seen yet"), _told(order)),
        Fact(
            _("Tracking number"),
            tracking or _("none"),
            known or (_("none") if known == "" else _("not told")),
            agree=None if known is None else known == tracking,
        ),
        Fact(_("Reference"), order.shop_reference or _("none"), order.reference or _("none")),
        Fact(_("Marketplace"), order.channel or _("unknown")),
    ]


def _told(order: Order) -> str:
    if not order.confirmed_operation:
        return _("nothing confirmed yet")
    return texts.operation_name(order.confirmed_operation)
