"""What was seen of the shop's orders, and a task for each that the marketplace may have to hear of (R1, R2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from sfsync.db.among import among
from sfsync.db.bulk import insert_rows, update_rows
from sfsync.domain.operations.kind import ORDER
from sfsync.domain.orders import Seen
from sfsync.domain.readings import SURE, Answer
from sfsync.domain.value import value
from sfsync.engine.find.known_orders import LastSeen
from sfsync.engine.kit.context import Run
from sfsync.models import Action, MarketplaceOrder, Order, Task
from sfsync.models.log import Level
from sfsync.models.task import BLANK, BRING_FORWARD, MERGE
from sfsync.shops.keys import OrderKey, StatusKey


@value
class Change:
    """An order that is not as it was last seen. `statuses` are all those it took, the current one last.

    `pk` is its row on the shop's side, `order_id` its marketplace order's.
    """

    pk: int
    order_id: int
    statuses: tuple[StatusKey, ...]
    seen: Seen
    new_status: bool
    new_tracking: bool
    first_seen: bool = False
    counted: bool = False
    """This run has found it already: its rows lie on two pages of the history."""

    older: bool = False
    """The shop has answered with more before: what it says now is not written down, and asked again."""
    cut: bool = False
    """The same, because a row of its history was removed: believed when it stays so."""

    @property
    def tracking_number(self) -> str:
        return self.seen.tracking_number

    @property
    def news(self) -> bool:
        """It is to be judged: another status or number, or a row of the history, whatever came after it."""
        return len(self.statuses) > 1 or ((self.new_status or self.new_tracking) and not self.older)


@value
class Look:
    """A look at an order, not before `at`. `since`: when the change was seen that it is about; `lane`: what flies in it
    has to be done first."""

    order_id: int
    since: datetime
    at: datetime
    lane: str = ORDER


def change(
    now: Seen,
    last: LastSeen,
    history: Collection[StatusKey] = (),
    run_began: datetime | None = None,
    shortened: Answer | None = None,
) -> Change:
    """`history`: the statuses that the order took since, as far as they are known. `shortened`: by `readings`."""
    return Change(
        pk=last.pk,
        order_id=last.order_id,
        statuses=(*history, now.status),
        seen=now.after(last.numbers, last.tracking),
        new_status=now.status != last.status,
        new_tracking=now.written != last.numbers,
        first_seen=not last.status,
        counted=bool(last.at and run_began and last.at >= run_began and now.status == last.status),
        older=shortened is not None,
        cut=shortened is Answer.CUT,
    )


def learn_names(run: Run) -> None:
    """Before the transaction that needs them: nothing of ours stays locked while the shop is asked."""
    run.status_names.load()


def save(run: Run, changes: list[Change]) -> None:
    """Save what was seen, and a task for each order that the marketplace may have to hear of."""
    if not changes:
        return
    news = [each for each in changes if each.news]
    told = _told(news)
    news = [each for each in news if each.order_id in told or _matters(run, each)]
    _save_tasks(run, news)
    _save_seen(run, changes)
    run.tally.counts.detected += sum(not each.counted for each in news)
    run.journal.flush()


def _matters(run: Run, change: Change) -> bool:
    """R1: a mapped status. R2: a tracking number. R6: a mapped status may be in the past of an unknown order."""
    mapped = any(status in run.policy.mapping for status in change.statuses)
    unknown_past = change.first_seen and run.policy.latest_mapped
    return bool(change.seen.numbers) or mapped or unknown_past


def _told(changes: list[Change]) -> set[int]:
    """The orders that the marketplace was told of, or is being told of: whatever happens to them is judged (R8). And
    those with a fact set aside: it may be needless now (R6)."""
    task = Exists(Task.objects.exclude(action=Action.SYNC).filter(order_id=OuterRef("pk")))
    orders = MarketplaceOrder.objects.filter(pk__in=among(each.order_id for each in changes))
    return set(orders.filter(~Q(confirmed_operation="") | task).values_list("pk", flat=True))


def queue(run: Run, order_ids: Iterable[int]) -> None:
    """Save intentions, due now, one an order. A saved one merges with the order's earlier one."""
    rows = [(order_id,) for order_id in dict.fromkeys(order_ids)]
    times = _now(run, "since", "update_at", "date_add", "date_upd")
    same = {"store": run.store.pk, "action": Action.SYNC.value, **times, **BLANK}
    insert_rows(Task, ("order",), rows, same=same, conflict=MERGE)
    run.tally.touched = run.tally.touched or bool(rows)


def look_again(run: Run, looks: Iterable[Look]) -> None:
    """Save intentions to look at orders of which no change was seen; one that waits is brought forward."""
    last_first = sorted(looks, key=lambda look: (-look.at.timestamp(), look.since))
    first = {each.order_id: each for each in last_first}
    rows = [(each.order_id, each.since, each.at, each.lane) for each in first.values()]
    blank = {name: value for name, value in BLANK.items() if name != "lane"}
    same = {"store": run.store.pk, "action": Action.SYNC.value, **_now(run, "date_add", "date_upd"), **blank}
    insert_rows(Task, ("order", "since", "update_at", "lane"), rows, same=same, conflict=BRING_FORWARD)
    run.tally.touched = run.tally.touched or bool(rows)


def looks_without(run: Run, keys: Collection[OrderKey]) -> list[Look]:
    """R38: shop orders that are not there for the first time. What is left of their marketplace orders is looked at;
    one that has no other shop order wants nothing by itself."""
    now = run.clock()
    missing = Order.objects.in_parts().filter(store=run.store, key__in=among(keys), doubted_at=None)
    return [Look(pk, now, now) for pk in missing.values_list("marketplace_order", flat=True)]


def _now(run: Run, *columns: str) -> dict[str, datetime]:
    return dict.fromkeys(columns, run.clock())


def _save_tasks(run: Run, changes: list[Change]) -> None:
    queue(run, (each.order_id for each in changes))
    for each in changes:
        status = run.status_names.of(each.statuses[-1])
        if each.new_status or not each.new_tracking:
            tracking = each.tracking_number if each.new_tracking else ""
            run.journal.say(Level.INFO, "seen-status", each.order_id, status=status, tracking_number=tracking)
        else:
            _say_number(run, each)
        if each.new_tracking and each.seen.spoilt:
            run.journal.say(Level.WARNING, "seen-spoilt", each.order_id, message=each.seen.spoilt)


def _say_number(run: Run, change: Change) -> None:
    """Alone: beside the same status."""
    if change.tracking_number:
        run.journal.say(Level.INFO, "seen-tracking", change.order_id, tracking_number=change.tracking_number)
    elif not change.seen.spoilt:
        run.journal.say(Level.INFO, "seen-no-tracking", change.order_id)


_SEEN = ("seen_status", "seen_tracking", "seen_numbers", "seen_version")


def _save_seen(run: Run, changes: list[Change]) -> None:
    write_seen(run, {each.pk: each.seen for each in changes if each.new_status and not each.older})
    still = [(each.pk, *kept(each.seen)[1:]) for each in changes if not (each.new_status or each.older)]
    update_rows(Order, ("id", *_SEEN[1:]), still, same={"look_again": False, "doubted_at": None})
    if older := [each.pk for each in changes if each.older]:
        Order.objects.filter(pk__in=among(older)).update(look_again=True)
    if cut := [each for each in changes if each.cut]:
        _doubt(run, cut)


def _doubt(run: Run, cut: Sequence[Change]) -> None:
    """What is new of them is read for a decision once the doubt is over, whenever their source looks at them again."""
    now = run.clock()
    Order.objects.filter(pk__in=among(each.pk for each in cut), doubted_at=None).update(doubted_at=now)
    look_again(run, [Look(each.order_id, now, now + SURE) for each in cut if each.new_status or each.new_tracking])


def write_seen(run: Run, seen: Mapping[int, Seen], *, look_again: bool = False) -> None:
    """Our rows of shop orders whose status has changed, and what was seen of them."""
    rows = [(pk, *kept(each)) for pk, each in seen.items()]
    same = {"seen_at": run.clock(), "look_again": look_again, "doubted_at": None}
    update_rows(Order, ("id", *_SEEN), rows, same=same)


def kept(seen: Seen) -> tuple[str, str, str, int]:
    return (seen.status, seen.tracking_number, seen.written, seen.version)
