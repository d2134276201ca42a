"""Looking: status, tasks, why, logs."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sfsync_server.commands import shown
from sfsync_server.commands.fleet import print_fleet
from sfsync_server.commands.shown import JsonOption, StoreOption

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sfsync.engine.watch.evidence import Evidence
    from sfsync.engine.watch.health import Health
    from sfsync.engine.watch.story import Story
    from sfsync.models import LogEntry, MarketplaceOrder, Order, Store, Task


def register(app: typer.Typer) -> None:
    for command in (status, tasks, why, logs):
        app.command()(shown.with_stamps(command))


def status(
    store: StoreOption = "",
    fleet: Annotated[bool, typer.Option("--fleet", help="All stores together: runs, updates, troubles.")] = False,
    as_json: JsonOption = False,
) -> None:
    """How every store is doing. Queued, in flight, failed, the oldest pending update, the last sync, and alarms."""
    from django.utils import timezone

    if fleet:
        _fleet(timezone.now(), as_json)
        return

    from sfsync.engine.watch.health import health_of
    from sfsync.texts import joined, sentence

    stores = shown.stores_named(store)
    healths = health_of(stores, timezone.now())
    if as_json:
        shown.print_json({each.store: each.as_dict() for each in healths})
        return
    columns = ("store", "queued", "waiting", "in flight", "failed", "oldest pending", "last sync", "next sync")
    rows = [_health(each, health) for each, health in zip(stores, healths, strict=True)]
    shown.print_table(columns, rows, empty="" if rows else shown.no_store())
    for each in healths:
        if each.late or each.at_risk:
            shown.say(f"{each.store}: orders to ship: {each.late} late, {each.at_risk} at risk", "yellow")
        if each.differences:
            said = f"{each.store}: differences with the marketplaces: {each.differences}"
            shown.say(f"{said}; the page Differences, or `sfsync reconcile`, lists them", "yellow")
        if each.running:
            shown.say(f"{each.store}: sync in progress ({each.running})")
        for alarm in each.alarms:
            shown.say(f"{each.store}: {joined(alarm.sentence, alarm.advice)}", "yellow")
        for operation, orders in each.by_hand.items():
            left = sentence("left-by-hand", {"orders": orders, "operation": operation})
            shown.say(f"{each.store}: {left}", "yellow")
        if each.went_back:
            shown.say(f"{each.store}: {sentence('left-went-back', {'orders': each.went_back})}", "yellow")


def _fleet(now: datetime, as_json: bool) -> None:
    from sfsync.engine.watch.fleet import fleet_of

    found = fleet_of(now)
    if as_json:
        shown.print_json(found.as_dict())
    else:
        print_fleet(found, now)


def _health(store: Store, health: Health) -> tuple[object, ...]:
    from sfsync.texts import stamp

    figures = (health.store, health.queued, health.waiting, health.in_flight, health.failed)
    return (*figures, stamp(health.oldest_waiting), stamp(health.last_run) or "never", _next_run(store, health))


def _next_run(store: Store, health: Health) -> str:
    """When, where something starts runs by the clock; a crontab's next call is known to nobody here."""
    from sfsync.models.store import Mode
    from sfsync.texts import stamp

    if not store.enabled:
        return "none: switched off"
    if not health.scheduled:
        return "at the next `sfsync sync`"
    return "in real time" if store.mode == Mode.REALTIME else stamp(health.next_run) or "in a moment"


def tasks(
    store: StoreOption = "",
    failed: Annotated[bool, typer.Option("--failed", help="Only those that failed.")] = False,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="The orders to handle by hand on the marketplace.")
    ] = False,
    went_back: Annotated[
        bool, typer.Option("--went-back", help="The orders whose shop took back what the marketplace was told.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=shown.MOST_ROWS, help="Maximum number of rows.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """The updates that are not confirmed yet, oldest first."""
    from sfsync.domain.task_state import TaskState
    from sfsync.models import Task

    if by_hand or went_back:
        wanted: dict[str, object] = {"contradicted": True} if went_back else {"by_hand__gt": ""}
        _left_to_people(shown.stores_named(store), wanted, limit, as_json=as_json)
        return
    chosen = Task.objects.filter(store__in=shown.stores_named(store)).living().order_by("id")
    chosen = chosen.select_related("order", "store").prefetch_related("order__shop_orders")
    if failed:
        chosen = chosen.in_state(*(state for state in TaskState if state.failed))
    found = list(chosen[:limit])
    if as_json:
        shown.print_json([_task(task) for task in found])
        return
    columns = ("store", "order", "reference", "channel", "state", "operation", "not before", "reason")
    empty = "No update has failed." if failed else "Nothing is waiting: no update is queued, in flight or failed."
    shown.print_table(columns, map(_line, found), empty=empty)
    rest = chosen.count() - len(found)
    if rest > 0:
        shown.say(f"… and {rest} more; see --limit.")
    shown.say_left_out(store)


def _left_to_people(stores: list[Store], wanted: dict[str, object], limit: int, *, as_json: bool) -> None:
    """R9: `sfsync done` says that one was done. R8: the operation is what the marketplace believes."""
    from sfsync.models import MarketplaceOrder

    chosen = MarketplaceOrder.objects.filter(store__in=stores, **wanted)
    orders = chosen.order_by("id").select_related("store").prefetch_related("shop_orders")[:limit]
    left = [
        (
            each.store.name,
            _number(each.store, each),
            each.reference,
            each.channel,
            each.by_hand or each.confirmed_operation,
        )
        for each in orders
    ]
    columns = ("store", "shop_order", "reference", "channel", "operation")
    if as_json:
        shown.print_json([dict(zip(columns, each, strict=True)) for each in left])
        return
    shown.print_table([name.replace("shop_order", "order") for name in columns], left, empty="There is nothing to do.")


def _number(store: Store | None, order: MarketplaceOrder | None) -> int | str | None:
    """Of its first shop order."""
    from sfsync.shops import kinds

    here = order.shop_order if order else None
    return kinds.plain_order(store.shop_kind, here.key) if store and here else None


def _line(task: Task) -> list[object]:
    """A row of the table. What is parked waits for a person, not for a date."""
    from sfsync.texts import stamp

    row = _task(task) | {"update_at": "" if task.state.needs_person else stamp(task.update_at)}
    names = ("store", "shop_order", "reference", "channel", "state", "operation", "update_at", "reason")
    return [row[name] for name in names]


def _task(task: Task) -> dict[str, object]:
    from sfsync import texts

    params = {"operation": task.operation, "message": task.last_error, "channel": task.order.channel}
    return {
        "store": task.store.name,
        "shop_order": _number(task.store, task.order),
        "shop_reference": here.shop_reference if (here := task.order.shop_order) else "",
        "reference": task.order.reference,
        "channel": task.order.channel,
        "action": task.action,
        "state": task.state.value,
        "operation": task.operation,
        "tracking_number": task.tracking_number,
        "batch_id": task.batch_id,
        "ticket_number": task.ticket_number,
        "attempts": task.attempts,
        "update_at": task.update_at.isoformat(timespec="seconds"),
        "failure": task.failure,
        "reason": texts.sentence(f"failed-{task.failure}", params) if task.failure else task.last_error,
        "advice": texts.advice(task.failure),
    }


def orders_named(name: str, store: str = "") -> list[Order]:
    """The orders that a person may mean; a usage error with a hint when there is none."""
    from sfsync.models import Order

    found = Order.objects.named(name).select_related("store", "marketplace_order").order_by("id")
    if store:
        found = found.filter(store__in=shown.stores_named(store))
    orders = list(found[:20])
    if not orders:
        shown.stop(
            f"No marketplace order “{name}” is known. Give the shop's order id or reference, the marketplace's "
            "reference or the Shopping Feed id; an order is known from the first sync after the shop imported it."
            + "".join(f"\n{sentence}" for sentence in _blocked(store)),
            shown.USAGE,
        )
    return orders


def _blocked(store: str) -> Iterator[str]:
    """Stores whose syncs see nothing new, a handful."""
    from sfsync import texts

    blocked = [each for each in shown.stores_named(store) if each.state.trouble]
    for each in blocked[:5]:
        yield f"{each.name} is blocked: {texts.trouble(each.state.trouble)}"


def order_name(order: Order) -> str:
    from sfsync import texts

    reference = f" ({order.shop_reference})" if order.shop_reference else ""
    return texts.sentence("order-named", {"order": f"{order.key}{reference}", "store": order.store.name})


def why(
    order: Annotated[
        str, typer.Argument(help="Shop order id or reference, marketplace reference, or Shopping Feed id.")
    ],
    store: StoreOption = "",
    as_json: JsonOption = False,
    evidence: Annotated[
        Path | None,
        typer.Option("--evidence", help="Write it all into this file instead, to print or hand on: .html or .json."),
    ] = None,
) -> None:
    """The story of one order, and what happens next. What was seen, decided, sent and answered."""
    from sfsync.engine.kit.connections import Live
    from sfsync.engine.watch.story import story_of

    if evidence:
        _write_evidence(evidence, orders_named(order, store))
        return
    with closing(Live()) as connections:
        stories = [story_of(each, connections) for each in orders_named(order, store)]
    if as_json:
        shown.print_json([story.as_dict() for story in stories])
        return
    for story in stories:
        _tell(story)


FORMS = (".html", ".json")


def _write_evidence(path: Path, orders: list[Order]) -> None:
    """In the language of whoever asks."""
    from sfsync.engine.kit.connections import Live
    from sfsync.engine.watch.evidence import evidence_of
    from sfsync_server.private_files import write_private

    if path.suffix not in FORMS:
        shown.stop(f"The evidence is a file that ends in {' or '.join(FORMS)}.", shown.USAGE)
    if len(orders) > 1:
        names = "; ".join(f"order {each.key} of {each.store.name}" for each in orders)
        shown.stop(f"Several orders are called so: {names}. Name one of them, or its store.", shown.USAGE)
    with closing(Live()) as connections:
        text = _as_text(evidence_of(orders[0], connections), path.suffix)
    try:
        write_private(path, text.encode())
    except OSError as error:
        shown.stop(f"{path} cannot be written: {error.strerror}.")
    shown.say(f"Written: {path}")


def _as_text(made: Evidence, form: str) -> str:
    from sfsync.backoffice.kit.evidence_page import evidence_page

    return json.dumps(made.as_dict(), ensure_ascii=False, indent=2) if form == ".json" else evidence_page(made)


def _tell(story: Story) -> None:
    from sfsync import texts
    from sfsync.texts import stamp

    row = story.order.marketplace_order
    there = texts.sentence("where", {"reference": row.reference, "channel": row.channel, "feed_id": row.feed_id or "–"})
    shown.say(texts.sentence("order-where", {"order": order_name(story.order), "where": there}), "bold")
    if others := ", ".join(each.key for each in story.order.others):
        shown.say(texts.sentence("other-orders", {"others": others}))
    for event in story.events:
        shown.say(f"  {stamp(event.at)}  {event.sentence}", "red" if event.level >= 40 else "")
        if event.payload:
            shown.say(f"                       {json.dumps(event.payload, ensure_ascii=False)}", "dim")
        if event.ids:
            shown.say(f"                       {event.ids}", "dim")
    if story.now:
        shown.say(story.now)
    for parcel in story.parcels if len(story.parcels) > 1 else ():
        shown.say(f"  {parcel}")
    shown.say(story.believes)
    for url in filter(None, story.pages.values()):
        shown.say(url)
    for each in story.next:
        shown.say(f"→ {each.sentence}", "bold")


def logs(
    store: StoreOption = "",
    level: Annotated[str, typer.Option("--level", help="At least: info, warning or error.")] = "info",
    order: Annotated[str, typer.Option("--order", help="Of one order only.")] = "",
    text: Annotated[str, typer.Option("--text", callback=shown.searched, help="Only what contains this text.")] = "",
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=shown.MOST_ROWS, help="Maximum number of entries (newest first).")
    ] = 100,
    as_json: JsonOption = False,
) -> None:
    """What every sync did, and what happened to each order. The newest comes last."""
    from sfsync.models import LogEntry
    from sfsync.models.log import Level
    from sfsync.texts import stamp

    if level.upper() not in Level.names:
        shown.stop(f"There is no level “{level}”: {', '.join(Level.names).lower()}.", shown.USAGE)
    entries = LogEntry.objects.filter(store__in=shown.stores_named(store), level__gte=Level[level.upper()])
    if order:
        entries = entries.filter(order__in=[each.marketplace_order_id for each in orders_named(order, store)])
    if text:
        entries = entries.filter(message__icontains=text)
    newest = entries.select_related("store", "order").prefetch_related("order__shop_orders").order_by("-id")
    rows = list(newest[:limit])[::-1]
    if as_json:
        shown.print_json([_entry(row) for row in rows])
        return
    columns = ("at", "store", "level", "process", "order", "message")
    lines = (_entry(row) | {"at": stamp(row.at)} for row in rows)
    shown.print_table(
        columns, ([line[name] for name in columns] for line in lines), empty="The log has nothing like it."
    )


def _entry(row: LogEntry) -> dict[str, object]:
    from sfsync import texts
    from sfsync.models.log import Level

    return {
        "at": row.at.isoformat(timespec="seconds"),
        "store": row.store.name if row.store else "",
        "level": Level(row.level).name.lower() if row.level in Level.values else str(row.level),
        "process": row.process,
        "order": _number(row.store, row.order),
        "code": row.code,
        "message": texts.sentence(row.code, row.facts) if row.code else row.message,
    }
