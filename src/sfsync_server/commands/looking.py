"""Looking: status, tasks, why, logs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sfsync_server.commands import shown
from sfsync_server.commands.shown import JsonOption, StoreOption

if TYPE_CHECKING:
    from sfsync.models import LogEntry, Order, Task


def register(app: typer.Typer) -> None:
    app.command()(status)
    app.command()(tasks)
    app.command()(why)
    app.command()(logs)


def status(store: StoreOption = "", as_json: JsonOption = False) -> None:
    """How every store is doing: queued, in flight, failed, the oldest waiting update, the last run, and alarms."""
    from django.utils import timezone

    from sfsync.engine.health import health_of

    healths = health_of(shown.stores_named(store), timezone.now())
    if as_json:
        shown.print_json({each.store: each.as_dict() for each in healths})
        return
    columns = ("store", "queued", "waiting", "in flight", "failed", "oldest waiting", "last run", "running")
    shown.print_table(
        columns,
        (
            (
                *(each.store, each.queued, each.waiting, each.in_flight, each.failed),
                *(moment(each.oldest_waiting), moment(each.last_run), each.running),
            )
            for each in healths
        ),
    )
    for each in healths:
        for alarm in each.alarms:
            shown.say(f"{each.store}: {alarm.sentence} {alarm.advice}", "yellow")


def tasks(
    store: StoreOption = "",
    failed: Annotated[bool, typer.Option("--failed", help="Only those that failed.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """The updates that are not confirmed yet, the oldest first."""
    from django.db.models import Q

    from sfsync.models import Task

    chosen = Task.objects.filter(store__in=shown.stores_named(store)).select_related("order", "store").order_by("id")
    if failed:
        chosen = chosen.filter(~Q(failure="") | Q(failed_at__isnull=False))
    rows = [_task(task) for task in chosen[:limit]]
    if as_json:
        shown.print_json(rows)
        return
    shown.print_table(
        ("store", "order", "reference", "channel", "state", "operation", "not before", "reason"), _lines(rows)
    )
    rest = chosen.count() - len(rows)
    if rest > 0:
        shown.say(f"… and {rest} more; see --limit.")


def _lines(rows: list[dict[str, object]]) -> list[tuple[object, ...]]:
    names = ("store", "shop_order", "reference", "channel", "state", "operation", "update_at", "reason")
    return [tuple(row[name] for name in names) for row in rows]


def _task(task: Task) -> dict[str, object]:
    from sfsync import texts

    params = {"operation": task.operation or "ship", "message": task.last_error}
    return {
        "store": task.store.name,
        "shop_order": task.order.shop_order_id,
        "shop_reference": task.order.shop_reference,
        "reference": task.order.reference,
        "channel": task.order.channel,
        "action": task.action,
        "state": _state(task),
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


def _state(task: Task) -> str:
    from sfsync.models import Action

    if task.action == Action.CHECK:
        return "in flight" if task.batch_id else "unanswered"
    return "failed" if task.parked else "retrying" if task.failure else "waiting"


def moment(at: datetime | None) -> str:
    from django.utils import timezone

    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def orders_named(name: str, store: str = "") -> list[Order]:
    """The orders that a person may mean; a usage error with a hint when there is none."""
    from sfsync.models import Order

    found = Order.objects.named(name).select_related("store").order_by("id")
    if store:
        found = found.filter(store__in=shown.stores_named(store))
    orders = list(found[:20])
    if not orders:
        shown.stop(
            f"No marketplace order “{name}” is known. Give the shop's order id or reference, the marketplace's "
            "reference or the Shopping Feed id; an order is known from the first run after the shop imported it.",
            shown.USAGE,
        )
    return orders


def why(
    order: Annotated[
        str, typer.Argument(help="Shop order id or reference, marketplace reference, or Shopping Feed id.")
    ],
    store: StoreOption = "",
    as_json: JsonOption = False,
) -> None:
    """The story of one order: what was seen, decided, sent and answered, and what happens next."""
    from sfsync.engine.story import story_of

    stories = [story_of(each) for each in orders_named(order, store)]
    if as_json:
        shown.print_json([story.as_dict() for story in stories])
        return
    for story in stories:
        row = story.order
        head = f"Order {row.shop_order_id} ({row.shop_reference}) of {row.store.name}: {row.reference} on {row.channel}"
        shown.say(f"{head}, Shopping Feed id {row.feed_id or '?'}", "bold")
        for event in story.events:
            shown.say(f"  {moment(event.at)}  {event.sentence}", "red" if event.level >= 40 else "")
            if event.payload:
                shown.say(f"                       {json.dumps(event.payload, ensure_ascii=False)}", "dim")
        shown.say(story.believes)
        for sentence in story.next:
            shown.say(f"→ {sentence}", "bold")


def logs(
    store: StoreOption = "",
    level: Annotated[str, typer.Option("--level", help="At least: info, warning or error.")] = "info",
    order: Annotated[str, typer.Option("--order", help="Of one order only.")] = "",
    text: Annotated[str, typer.Option("--text", help="Only what contains this text.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """What every process did, and what happened to each order, the newest last."""
    from sfsync.models import LogEntry
    from sfsync.models.log import Level

    if level.upper() not in Level.names:
        shown.stop(f"There is no level “{level}”: {', '.join(Level.names).lower()}.", shown.USAGE)
    entries = LogEntry.objects.filter(store__in=shown.stores_named(store), level__gte=Level[level.upper()])
    if order:
        entries = entries.filter(order__in=orders_named(order, store))
    if text:
        entries = entries.filter(message__icontains=text)
    rows = list(entries.select_related("store", "order").order_by("-id")[:limit])[::-1]
    if as_json:
        shown.print_json([_entry(row) for row in rows])
        return
    columns = ("at", "store", "level", "process", "order", "message")
    shown.print_table(columns, ([_entry(row)[name] for name in columns] for row in rows))


def _entry(row: LogEntry) -> dict[str, object]:
    from sfsync.models.log import Level

    return {
        "at": row.at.isoformat(timespec="seconds"),
        "store": row.store.name if row.store else "",
        "level": Level(row.level).name.lower() if row.level in Level.values else str(row.level),
        "process": row.process,
        "order": row.order.shop_order_id if row.order else None,
        "code": row.code,
        "message": row.message,
    }
