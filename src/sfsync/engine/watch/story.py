"""Why an order is where it is: what was seen, decided, sent and answered, and what happens next (`sfsync why`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.db.secrets import SecretUnreadable
from sfsync.domain.decide import Lack, Send, Wait
from sfsync.domain.groups import Group, decide_together
from sfsync.domain.operations import is_numbered
from sfsync.domain.orders import Snapshot
from sfsync.domain.reconciliation import Difference
from sfsync.domain.refusals import Refusal
from sfsync.domain.task_state import TaskState
from sfsync.engine.kit.connections import Connections
from sfsync.engine.kit.trouble import stopped_by
from sfsync.engine.outgoing.prepare import known_of, policy_of
from sfsync.engine.outgoing.reading import read
from sfsync.engine.people import acts
from sfsync.engine.watch.parcels import OfOrder, parcels_of
from sfsync.engine.watch.preview import say, warning_of
from sfsync.engine.watch.stage import Stage, seen_there, stage_of, what_to_do
from sfsync.models import Action, ChannelTrouble, Finding, LogEntry, MarketplaceOrder, Order, Task
from sfsync.outside_pages import order_at_feed, order_in_shop
from sfsync.refusal_texts import advice, cause, refusal_of
from sfsync.shops import kinds
from sfsync.shops.base import OpenShop, ShopError


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the story. `code` and `params` pick its sentence of `sfsync.texts`, where it has one there."""

    at: datetime
    level: int
    sentence: str
    code: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def payload(self) -> dict[str, Any] | None:
        """What was sent, where something was."""
        return self.params.get("payload")

    @property
    def ids(self) -> str:
        """Its ticket, its batch, for whoever asks the support."""
        return texts.ids(self.params)


@dataclass(frozen=True, slots=True)
class Next:
    """Something that happens next, in the active language: to a `task`, or else to the order or its store. `by_hand`:
    a person does it, on the marketplace's own site."""

    sentence: str
    task: Task | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """`believes` is what the marketplace confirmed, in the active language.

    `now` is what the shop says at this moment, where there is no event that would have told it. `parcels` are those
    that have a number, as they were seen last.
    """

    order: Order
    events: list[Event]
    believes: str
    next: list[Next]
    now: str = ""
    stage: Stage = Stage.NOT_SENT
    parcels: list[OfOrder] = field(default_factory=list)

    @property
    def pages(self) -> dict[str, str]:
        """Where people see the order elsewhere; empty where that is not known."""
        store = self.order.store
        there = order_at_feed(store, self.order.marketplace_order)
        return {"shop": order_in_shop(store, self.order), "shopping_feed": there}

    def as_dict(self) -> dict[str, Any]:
        order = self.order
        return {
            "store": order.store.name,
            "shop_order": kinds.plain_order(order.store.shop_kind, order.key),
            "shop_reference": order.shop_reference,
            "reference": order.marketplace_order.reference,
            "channel": order.marketplace_order.channel,
            "shopping_feed_id": order.marketplace_order.feed_id,
            "other_shop_orders": [kinds.plain_order(order.store.shop_kind, each.key) for each in order.others],
            "shipped_sent": order.marketplace_order.shipped_sent,
            "events": [
                {"at": each.at.isoformat(), "level": each.level, "sentence": each.sentence, "payload": each.payload}
                for each in self.events
            ],
            "now": self.now,
            "parcels": [each.as_dict() for each in self.parcels],
            "believes": self.believes,
            "stage": self.stage.value,
            "next": [each.sentence for each in self.next],
            "pages": self.pages,
        }


def story_of(order: Order, connections: Connections | None = None, tasks: list[Task] | None = None) -> Story:
    """With `connections`, the shop is asked about an order without any event, and about one at rest of which the
    marketplace was told nothing; nothing is sent. `tasks` are the order's, where they were read already."""
    there = order.marketplace_order
    entries = LogEntry.objects.filter(order=there).order_by("id")
    if tasks is None:
        tasks = list(Task.objects.filter(order=there).living().order_by("id"))
    findings = list(there.findings.open()) if there.seen_there else []
    stage = stage_of(there, tasks, findings)
    shown = texts.joined(believes(there, findings), seen_there(there, stage, findings))
    events = list(_events(entries, there))
    coming, parcels = _next(order, tasks, findings, events), parcels_of(order)
    story = Story(order, events, shown, coming, stage=stage, parcels=parcels)
    known = bool(story.events) and bool(tasks or there.confirmed_operation)
    return story if known or connections is None else _foretold(story, connections, judge=not tasks)


def _foretold(story: Story, connections: Connections, *, judge: bool) -> Story:
    """`judge`: nothing waits, so what comes next is what the next run would find."""
    order = story.order
    held_up = _held_up(order) if judge else []
    try:
        shop = connections.shop(order.store)
        reading = read(shop, {order.marketplace_order_id: order.marketplace_order.claim})
        snapshot = reading.snapshots.get(order.key)
        if snapshot is None:
            return replace(story, now=texts.reason("order-gone", {}))
        now = _stands(snapshot, shop)
        story = replace(story, parcels=parcels_of(order, snapshot, shop.reader.contents([order.key]).get(order.key)))
    except (ShopError, SecretUnreadable) as error:
        stopped = stopped_by(error)
        silent = texts.sentence(stopped.trouble, {"message": stopped.detail})
        return replace(story, now=silent, next=[*story.next, *held_up])
    outlook = _outlook(order, snapshot, reading.groups[order.marketplace_order_id]) if judge else story.next
    return replace(story, now=now, next=[*outlook, *held_up])


def _stands(snapshot: Snapshot, shop: OpenShop) -> str:
    names = {each.status_id: each.name for each in shop.reader.statuses((get_language() or "en")[:2])}
    status = names.get(snapshot.status, f"#{snapshot.status}")
    if not snapshot.tracking_number:
        return _("In the shop its status is “%(status)s”, without a tracking number.") % {"status": status}
    text = _("In the shop its status is “%(status)s”, with the tracking number “%(number)s”.")
    return text % {"status": status, "number": snapshot.tracking_number}


def _outlook(order: Order, snapshot: Snapshot, group: Group) -> list[Next]:
    """What becomes of an order for which nothing waits: only a change that was not seen yet is acted on (R5)."""
    at = timezone.now()
    there = order.marketplace_order
    decision = decide_together(group, known_of(there), policy_of(order.store), since=at, now=at).decided.first
    if is_unseen(order, snapshot):
        warning = warning_of(decision, snapshot) if isinstance(decision, Send) else ""
        return [unseen(texts.joined(say(decision, there.channel), warning))]
    if there.by_hand or there.contradicted or acts.given_up(order):
        return [_of_rest(order)]
    if isinstance(decision, Send | Wait):
        text = _(
            "Nothing has changed since the last check, so nothing is sent automatically: “Review and "
            "send” in the back office sends it."
        )
        return [Next(text)]
    return [Next(say(decision, there.channel))]


def is_unseen(order: Order, snapshot: Snapshot) -> bool:
    """The shop shows another status or number than the last sync saw."""
    return (order.seen_status, order.seen_tracking) != (snapshot.status, snapshot.tracking_number)


def unseen(outlook: str) -> Next:
    return Next(texts.joined(_("No sync has seen this yet; the next one decides."), outlook))


def _events(entries: Iterable[LogEntry], there: MarketplaceOrder) -> Iterator[Event]:
    """Each knows the order's marketplace, and the name of the shop's status that was seen last before it."""
    known = {"channel": there.channel, "status": ""}
    for entry in entries:
        known["status"] = entry.params.get("status") or known["status"]
        params = known | entry.params
        sentence = texts.sentence(entry.code, params) if entry.code else entry.message
        yield Event(entry.at, entry.level, sentence, entry.code, params)


def believes(order: MarketplaceOrder, findings: Iterable[Finding] = ()) -> str:
    """What the marketplace confirmed last; where it does not show that (`findings`), what it was told."""
    if not order.confirmed_operation or not order.confirmed_at:
        return _("The marketplace has not confirmed anything yet.")
    operation = order.confirmed_operation
    told = order.last_told(operation)
    number = told.number_there if told else None
    params = {
        "operation": operation,
        "channel": order.channel,
        "since": order.confirmed_at.isoformat(),
        "number": number,
    }
    numbered = number and is_numbered(operation)
    where = "told" if any(Difference(each.kind).can_be_sent_again for each in findings) else "on"
    return texts.sentence(f"{where}-marketplace-number" if numbered else f"{where}-marketplace", params)


def _next(order: Order, tasks: list[Task], findings: list[Finding], events: Sequence[Event]) -> list[Next]:
    differs = [Next(what_to_do(each, order.marketplace_order)) for each in findings]
    waits = [Next(_awaited(task, events) or _of_task(task), task) for task in tasks]
    coming = waits or differs or [_of_rest(order)]
    if order.marketplace_order.by_hand and tasks:
        coming.append(_by_hand(order))
    return [*coming, *_held_up(order)] if any(not task.state.needs_person for task in tasks) else coming


_LACKS = frozenset(Lack)


def _awaited(task: Task, events: Sequence[Event]) -> str:
    """What the shop has yet to say (R4, R27, R39), as the log has it until then; empty where it waits for nothing."""
    if task.action != Action.SYNC or task.held:
        return ""
    until = task.update_at.isoformat(timespec="seconds")
    said = (each.sentence for each in reversed(events) if each.code in _LACKS and each.params.get("until") == until)
    return next(said, "")


def _held_up(order: Order) -> list[Next]:
    trouble = texts.trouble(order.store.state.trouble)
    store = [Next(_("Its store is blocked: %(trouble)s") % {"trouble": trouble})] if trouble else []
    held = ChannelTrouble.objects.held().filter(store=order.store, channel=order.marketplace_order.channel)
    return store + [Next(texts.sentence("held-since", each.said)) for each in held]


def _of_rest(order: Order) -> Next:
    if order.marketplace_order.by_hand:
        return _by_hand(order)
    if order.marketplace_order.contradicted:
        return _contradicted(order)
    if not order.seen_status:
        return Next(_("The order was found; the next sync processes it."))
    if given_up := acts.given_up(order):
        later = _("We send an update again when the status or tracking number changes.")
        return Next(texts.joined(given_up, later))
    return Next(_("Up to date. We send an update when the status or tracking number changes."))


def _by_hand(order: Order) -> Next:
    there = order.marketplace_order
    return Next(texts.by_hand(there.by_hand, there.channel), by_hand=True)


def _contradicted(order: Order) -> Next:
    there = order.marketplace_order
    because = there.contradiction
    said = texts.contradiction(because, there.confirmed_operation, there.channel)
    return Next(texts.joined(said, texts.advice(because)))


def _of_task(task: Task) -> str:
    if task.state.sent:
        return _flying(task)
    if task.state.needs_person:
        return texts.joined(_failure(task), advice(task.failure, _refusal(task)))
    if task.state is TaskState.HELD:
        return texts.held_back(task.order.channel)
    at = texts.moment(task.update_at.isoformat())
    if task.state.failed:
        known = _refusal(task)
        said = _("%(failure)s It is retried on %(at)s.") % {"failure": _failure(task), "at": at}
        return texts.joined(said, advice(task.failure, known) if known else "")
    return _("Queued for the next sync (after %(at)s).") % {"at": at}


def _flying(task: Task) -> str:
    """With the numbers that the support asks for, as soon as they are known."""
    params = {"operation": task.operation, "since": task.sent_at.isoformat() if task.sent_at else "?"}
    in_flight = task.state is TaskState.IN_FLIGHT
    said = texts.sentence("in-flight-since" if in_flight else "unanswered-since", params)
    ids = texts.ids({"ticket": task.ticket_number, "batch": task.batch_id})
    return texts.joined(said, _("For the support: %(ids)s.") % {"ids": ids} if ids else "")


def _failure(task: Task) -> str:
    """With the cause, where the marketplace's answer is a known one (R35)."""
    params = {"operation": task.operation, "message": task.last_error, "channel": task.order.channel}
    return texts.joined(texts.sentence(f"failed-{task.failure}", params), cause(_refusal(task)))


def _refusal(task: Task) -> Refusal | None:
    return refusal_of(task.failure, {"message": task.last_error, "channel": task.order.channel})
