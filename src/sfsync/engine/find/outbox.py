"""What was seen of the shop's orders, and a task for each that the marketplace may have to hear of (R1, R2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from sfsync.db.bulk import insert_rows, update_rows
from sfsync.domain.operations.kind import ORDER
from sfsync.engine.kit.context import Run
from sfsync.models import Action, MarketplaceOrder, Order, Task
from sfsync.models.log import Level
from sfsync.models.task import BLANK, BRING_FORWARD, MERGE
from sfsync.shops.base import Sighting
from sfsync.shops.keys import StatusKey


@dataclass(frozen=True, slots=True)
class Seen:
    """What was last seen of a shop order of ours, and its marketplace order."""

    pk: int
    order_id: int
    status: StatusKey
    tracking_number: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """An order that is not as it was last seen. `statuses` are all those it took, the current one last.

    `pk` is its row on the shop's side, `order_id` its marketplace order's.
    """

    pk: int
    order_id: int
    statuses: tuple[StatusKey, ...]
    tracking_number: str
    new_status: bool
    new_tracking: bool
    first_seen: bool = False
    counted: bool = False
    """This run has found it already: its rows lie on two pages of the history."""


@dataclass(frozen=True, slots=True)
class Look:
    """A look at an order, not before `at`. `since`: when the change was seen that it is about; `lane`: what flies in it
    has to be done first."""

    order_id: int
    since: datetime
    at: datetime
    lane: str = ORDER


def change(
    sighting: Sighting, seen: Seen, history: Collection[StatusKey] = (), run_began: datetime | None = None
) -> Change:
    """`history`: the statuses that the order took since, as far as they are known."""
    return Change(
        pk=seen.pk,
        order_id=seen.order_id,
        statuses=(*history, sighting.status),
        tracking_number=sighting.tracking_number,
        new_status=sighting.status != seen.status,
        new_tracking=sighting.tracking_number != seen.tracking_number,
        first_seen=not seen.status,
        counted=bool(seen.at and run_began and seen.at >= run_began and sighting.status == seen.status),
    )


def learn_names(run: Run, changes: list[Change]) -> None:
    """Before the transaction that needs them: nothing of ours stays locked while the shop is asked."""
    if changes:
        run.status_name(changes[0].statuses[-1])


def save(run: Run, changes: list[Change]) -> None:
    """Save what was seen, and a task for each order that the marketplace may have to hear of."""
    if not changes:
        return
    told = _told(changes)
    news = [each for each in changes if each.order_id in told or _matters(run, each)]
    _save_tasks(run, news)
    _save_seen(run, changes)
    run.counts.detected += sum(not each.counted for each in news)
    run.journal.flush()


def _matters(run: Run, change: Change) -> bool:
    """R1: a mapped status. R2: a tracking number. R6: a mapped status may be in the past of an unknown order."""
    mapped = any(status in run.policy.mapping for status in change.statuses)
    unknown_past = change.first_seen and run.policy.latest_mapped
    return bool(change.tracking_number) or mapped or unknown_past


def _told(changes: list[Change]) -> set[int]:
    """The orders that the marketplace was told of, or is being told of: whatever happens to them is judged (R8). And
    those with a fact set aside: it may be needless now (R6)."""
    task = Exists(Task.objects.exclude(action=Action.SYNC).filter(order_id=OuterRef("pk")))
    orders = MarketplaceOrder.objects.filter(pk__in=[each.order_id for each in changes])
    return set(orders.filter(~Q(confirmed_operation="") | task).values_list("pk", flat=True))


def queue(run: Run, order_ids: Iterable[int]) -> None:
    """Save intentions, due now, one an order. A saved one merges with the order's earlier one."""
    rows = [(order_id,) for order_id in dict.fromkeys(order_ids)]
    times = _now(run, "since", "update_at", "date_add", "date_upd")
    same = {"store": run.store.pk, "action": Action.SYNC.value, **times, **BLANK}
    insert_rows(Task, ("order",), rows, same=same, conflict=MERGE)
    run.touched = run.touched or bool(rows)


def look_again(run: Run, looks: Iterable[Look]) -> None:
    """Save intentions to look at orders of which no change was seen; one that waits is brought forward."""
    last_first = sorted(looks, key=lambda look: (-look.at.timestamp(), look.since))
    first = {each.order_id: each for each in last_first}
    rows = [(each.order_id, each.since, each.at, each.lane) for each in first.values()]
    blank = {name: value for name, value in BLANK.items() if name != "lane"}
    same = {"store": run.store.pk, "action": Action.SYNC.value, **_now(run, "date_add", "date_upd"), **blank}
    insert_rows(Task, ("order", "since", "update_at", "lane"), rows, same=same, conflict=BRING_FORWARD)
    run.touched = run.touched or bool(rows)


def _now(run: Run, *columns: str) -> dict[str, datetime]:
    return dict.fromkeys(columns, run.clock())


def _save_tasks(run: Run, changes: list[Change]) -> None:
    queue(run, (each.order_id for each in changes))
    for each in changes:
        code = "seen-status" if each.new_status or not each.new_tracking else "seen-tracking"
        status, tracking = run.status_name(each.statuses[-1]), each.tracking_number
        run.journal.say(Level.INFO, code, each.order_id, status=status, tracking_number=tracking)


def _save_seen(run: Run, changes: list[Change]) -> None:
    moved = [(each.pk, each.statuses[-1], each.tracking_number) for each in changes if each.new_status]
    update_rows(Order, ("id", "seen_status", "seen_tracking"), moved, same={"seen_at": run.clock()})
    still = [(each.pk, each.tracking_number) for each in changes if each.new_tracking and not each.new_status]
    update_rows(Order, ("id", "seen_tracking"), still)
