"""One order: its story, the shop beside the marketplace, what happens next, and how it moves on while one looks."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.backoffice.kit.access import asked_again, of_store, person
from sfsync.backoffice.kit.countdown import countdown
from sfsync.backoffice.kit.evidence_page import evidence_page
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.live_shop import Quick, glance, statuses_of
from sfsync.backoffice.kit.order_state import Standing, State, reason_of, standing
from sfsync.backoffice.kit.reader_texts import Said, told
from sfsync.domain.marketplaces import marketplace
from sfsync.domain.operations import numbered_kinds
from sfsync.domain.orders import Snapshot
from sfsync.engine.outgoing.prepare import policy_of
from sfsync.engine.people import acts
from sfsync.engine.watch.evidence import evidence_of
from sfsync.engine.watch.parcels import OfOrder, parcels_of
from sfsync.engine.watch.preview import preview_of
from sfsync.engine.watch.story import Event, Next, Story, is_unseen, story_of, unseen
from sfsync.models import MarketplaceOrder, Notice, Order, Process, Store, Task, Told
from sfsync.models.act import note
from sfsync.models.deadlines import to_ship
from sfsync.models.log import Level
from sfsync.models.process import SYNC
from sfsync.outside_pages import order_at_feed, order_in_shop
from sfsync.refusal_texts import refusal_of

QUICK, SLOW, COUNTING = 2, 15, 60
"""Seconds between two looks of the page: while a run is expected to bring news, while it may take longer, and while it
only counts down."""
EXPECTED = timedelta(minutes=1)
"""For so long after it was asked for a run is expected, and an answer after the send."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the comparison: what each side says; `marketplace` is None where the line is about one side only.

    `agree` is None where there is nothing to compare.
    """

    name: str
    shop: str
    marketplace: str | None = None
    agree: bool | None = None


@of_store
def order(request: HttpRequest, store: Store, key: str) -> HttpResponse:
    """The whole page, or for htmx its moving part; 204 where that is as it was `seen`, so that nothing jumps."""
    found = get_object_or_404(
        Order.objects.select_related("store__state", "marketplace_order").prefetch_related(
            "marketplace_order__told", "marketplace_order__shop_orders"
        ),
        store=store,
        key=key,
    )
    tasks, now = list(found.marketplace_order.tasks.living().order_by("id")), timezone.now()
    left = time_left(found, now)
    pace = pace_of(tasks, Process.objects.filter(store=store, name=SYNC).first(), now) or (COUNTING if left else 0)
    version, moved = version_of(found, tasks, (pace, left)), bool(getattr(request, "htmx", False))
    if moved and request.GET.get("seen") == version:
        return HttpResponse(status=204)
    return page(
        request,
        "order_moving.html" if moved else "order.html",
        store=store,
        screen="orders",
        order=found,
        pace=pace,
        version=version,
        countdown=left,
        moved=moved,
        retryable=any(task.state.failed for task in tasks),
        droppable=acts.droppable(found, tasks),
        **shown(store, found, tasks, now),
    )


FORMS = {"html": "text/html", "json": "application/json"}
"""The forms of evidence, and what a browser takes them for."""


@asked_again
@of_store
def evidence(request: HttpRequest, store: Store, key: str, form: str) -> HttpResponse:
    """The evidence of an order as a file to keep, print or hand on: `form` is html or json."""
    if form not in FORMS:
        raise Http404
    found = get_object_or_404(Order.objects.select_related("store", "marketplace_order"), store=store, key=key)
    with closing(Quick()) as connections, texts.moments_as_stamps():
        made = evidence_of(found, connections)
        content = evidence_page(made) if form == "html" else json.dumps(made.as_dict(), ensure_ascii=False, indent=2)
    response = HttpResponse(
        content, content_type=f"{FORMS[form]}; charset=utf-8", headers={"Cache-Control": "no-store"}
    )
    note(person(request), "exported", store=store.name, what_of="evidence", orders=[found.key])
    name = "".join(each if each.isalnum() and each.isascii() else "-" for each in key)
    response["Content-Disposition"] = f'attachment; filename="order-{store.name}-{name}.{form}"'
    return response


def shown(store: Store, order: Order, tasks: list[Task], now: datetime) -> dict[str, Any]:
    """What the page says of an order."""
    statuses, story = statuses_of(store, get_language() or "en"), story_of(order, tasks=tasks)
    seen = glance(store, order)
    status = seen.snapshot.status if seen.snapshot else order.seen_status
    outlook = preview_of(order, tasks, seen.group, policy_of(store), now) if seen.snapshot else None
    now_said = standing(order, tasks)
    settled = now_said.state in (State.BY_HAND, State.GIVEN_UP)
    warnings = [Next(outlook.warning)] if outlook and outlook.warning and not settled else []
    coming = [*story.next, *warnings]
    if outlook and seen.snapshot and not (tasks or settled) and is_unseen(order, seen.snapshot):
        coming = [unseen(outlook.sentence)]
        now_said = Standing(State.WAITING, "", coming[0].sentence, None) if outlook.sends else now_said
    return {
        "standing": now_said,
        "events": events_of(story, order),
        "next": [_coming(each, order.marketplace_order.channel) for each in coming],
        "facts": facts(order, statuses.name(status), seen.snapshot, carrier_sent(story)),
        "parcels": listed(parcels_of(order, seen.snapshot, seen.contents)),
        "color": statuses.color(status),
        "others": order.others,
        "at_feed": order_at_feed(store, order.marketplace_order),
        "in_shop": order_in_shop(store, order),
        "meaning": meaning(store, statuses.name(status), status),
        "live": seen.snapshot is not None,
        "trouble": seen.trouble or statuses.trouble,
        "sendable": outlook is None or outlook.sends,
        "unsent": outlook.reason if outlook and not (outlook.sends or tasks or settled) else "",
    }


def time_left(order: Order, now: datetime) -> str:
    """How long there is left to ship it (R25); empty where nobody has to, or no deadline is known."""
    there = order.marketplace_order
    if there.ship_by is None or not to_ship([order.store]).filter(pk=there.pk).exists():
        return ""
    return countdown(there.ship_by, there.ship_by_from, now)


def pace_of(tasks: list[Task], process: Process | None, now: datetime) -> int:
    """Seconds until the page looks again; 0 for an order at rest, of which nothing is in flight or due."""
    flying = [task for task in tasks if task.state.sent]
    due = [task for task in tasks if task.state.waits and task.update_at <= now]
    if not flying and not due:
        return 0
    sent = any(task.sent_at and now - task.sent_at < EXPECTED for task in flying)
    return QUICK if sent or (process and _expected(process, now)) else SLOW


def _expected(process: Process, now: datetime) -> bool:
    asked, started = process.run_asked_at, process.started_at
    waits = asked is not None and now - asked < EXPECTED and (started is None or asked > started)
    return waits or process.running(now)


def version_of(order: Order, tasks: list[Task], also: object = None) -> str:
    """Another one as soon as the page has something else to say."""
    moving: list[tuple[object, ...]] = [
        (task.pk, task.action, task.lease, task.update_at, task.failed_at, task.failure, task.batch_id)
        for task in tasks
    ]
    there = order.marketplace_order
    facts = (there.feed_id, order.seen_at, order.seen_tracking, there.confirmed_at, there.by_hand, there.given_up_at)
    moving.append((order.store.state.trouble, also, *facts))
    return hashlib.sha256(repr(moving).encode()).hexdigest()[:16]


def events_of(story: Story, order: Order) -> list[tuple[Event, Said]]:
    """The story with the mails about it in their place, each with what it says to a reader of the page."""
    mails = Notice.objects.filter(order=order.marketplace_order_id, mailed_at__isnull=False).values_list(
        "mailed_at", flat=True
    )
    mailed = [Event(at, Level.INFO, _("Email alert sent.")) for at in mails if at]
    return [(event, _said(event)) for event in sorted([*story.events, *mailed], key=lambda event: event.at)]


def _said(event: Event) -> Said:
    return told(event.code, event.params) if event.code else Said(event.sentence)


def _coming(each: Next, channel: str) -> Said:
    """What happens next. Of what needs a person, or could do with one, the reason stands apart from what to do."""
    if each.by_hand:
        return Said(each.sentence, _("Do it in the marketplace's seller portal, then click “Mark as done”."))
    if each.task is None or not each.task.state.failed:
        return Said(each.sentence)
    reason = reason_of(each.task, channel)
    text = texts.ended(reason.text)
    if each.task.state.needs_person:
        return replace(reason, text=text)
    at = texts.moment(each.task.update_at.isoformat())
    known = refusal_of(each.task.failure, {"message": each.task.last_error, "channel": channel})
    said = _("%(failure)s It is retried on %(at)s.") % {"failure": text, "at": at}
    return replace(reason, text=said, advice=reason.advice if known else "")


def facts(order: Order, status: str, shop: Snapshot | None, carrier_sent: str) -> list[Fact]:
    """What the shop says beside what the marketplace was last confirmed to know."""
    there = order.marketplace_order
    shipment = there.last_told(*(kind.name for kind in numbered_kinds()))
    known = shipment.number_there if shipment else None
    tracking = shop.tracking_number if shop else order.seen_tracking
    return [
        Fact(_("Status"), status or _("not seen yet"), _told(there)),
        Fact(
            _("Tracking number"),
            tracking or _("none"),
            _number_there(shipment),
            agree=None if known is None else known == tracking,
        ),
        Fact(_("Carrier"), _carrier(shop), _("not sent") if shipment is None else carrier_sent or _("unknown")),
        Fact(_("Shop reference"), order.shop_reference or _("none")),
        Fact(_("Marketplace reference"), there.reference or _("none")),
        Fact(_("Marketplace"), marketplace(there.channel) or _("unknown")),
    ]


def listed(parcels: list[OfOrder]) -> list[OfOrder]:
    """Those that are worth a list: one parcel of which no more is known stands in the comparison already."""
    return parcels if len(parcels) > 1 or any(each.items for each in parcels) else []


def _number_there(shipment: Told | None) -> str:
    """What the marketplace has for a tracking number, as far as anybody knows."""
    if shipment is None:
        return _("not sent")
    number = shipment.number_there
    return _("unknown") if number is None else number or _("none")


def _carrier(shop: Snapshot | None) -> str:
    """The one that goes out with the tracking number."""
    if shop is None:
        return _("unknown")
    named = shop.parcels[0].carrier_name if shop.parcels else ""
    return named or shop.carrier_name or _("none")


def carrier_sent(story: Story) -> str:
    """The carrier of the last ship that was sent, empty where the log no longer knows."""
    payloads = (event.payload or {} for event in reversed(story.events))
    return str(next((each["carrier"] for each in payloads if "carrier" in each), ""))


def meaning(store: Store, name: str, status: str) -> str:
    """What the settings make of the shop's status."""
    if not status:
        return ""
    operation = policy_of(store).mapping.get(status)
    if operation is None:
        return _("“%(status)s” is not mapped, so nothing is sent.") % {"status": name}
    return _("“%(status)s” is sent as “%(label)s”.") % {"status": name, "label": texts.label(operation)}


def _told(order: MarketplaceOrder) -> str:
    if not order.confirmed_operation:
        return _("not confirmed yet")
    return texts.label(order.confirmed_operation)
