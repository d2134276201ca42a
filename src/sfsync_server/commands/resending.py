"""`sfsync retry` of many failures at once: what will be sent is shown first, and how far it has come afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

from sfsync_server.commands import shown
from sfsync_server.commands.running import run_one, warn_of_error

if TYPE_CHECKING:
    from sfsync.engine.kit.connections import Connections
    from sfsync.engine.people.resend import Wanted
    from sfsync.engine.watch.preview import Preview
    from sfsync.models import Store
    from sfsync.models.task import TaskQuerySet

MOST = 200
"""Orders that are looked at in the shop, and listed, before a person says yes."""
_AGO = re.compile(r"(\d{1,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def moment(text: str) -> datetime | None:
    """A date, a date and time, or so long ago; None for none. A usage error for anything else."""
    from django.utils import timezone

    if not text:
        return None
    if ago := _AGO.fullmatch(text):
        return timezone.now() - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        given = datetime.fromisoformat(text)
        return (given if given.tzinfo else timezone.make_aware(given)).astimezone(UTC)
    except (ValueError, OverflowError):  # at the ends of the calendar another time zone has no such moment
        shown.stop(f"“{text}” is not a date or time: write 2026-11-27, 2026-11-27T18:00, or 90m, 6h, 2d.", shown.USAGE)


def resend(stores: list[Store], wanted: Wanted, *, sure: bool, wait: float, as_json: bool) -> None:
    """Without `sure`, show what will be sent and ask; with `as_json` alone, only show it."""
    from sfsync.engine.kit.connections import Live
    from sfsync.engine.people.resend import again, failed

    tasks = failed(stores, wanted)
    with closing(Live()) as connections:
        if not sure and not _agreed(stores, tasks, connections, as_json=as_json):
            return
        channels = set(tasks.order_by().values_list("order__channel", flat=True).distinct())
        count, name = again(tasks, shown.person())
        well = _send(stores, connections, wait) if wait and count else True
    _warn_of_held(stores, channels)
    _report(stores, count, name, as_json=as_json)
    if not well:
        raise typer.Exit(1)


def _agreed(stores: list[Store], tasks: TaskQuerySet, connections: Connections, *, as_json: bool) -> bool:
    from sfsync.engine.people.resend import orders_of

    total = orders_of(tasks).count()
    previews = [each for store in stores for each in _previews(store, tasks.filter(store=store), connections)]
    if as_json:
        shown.print_json({"orders": total, "shown": list(map(_as_dict, previews))})
        return False
    columns = ("store", "order", "channel", "what happens", "failed because")
    shown.print_table(columns, map(_line, previews), empty="Nothing like that has failed.")
    if total > len(previews):
        shown.say(f"… and {total - len(previews)} more.")
    return bool(total) and typer.confirm(f"Retry {total} updates?" if total != 1 else "Retry this update?")


def _previews(store: Store, tasks: TaskQuerySet, connections: Connections) -> Iterator[Preview]:
    from django.utils import timezone

    from sfsync.engine.outgoing.prepare import policy_of
    from sfsync.engine.people.resend import orders_of
    from sfsync.engine.watch.preview import preview
    from sfsync.shops.base import ShopError

    orders = orders_of(tasks).select_related("store", "marketplace_order")[:MOST]
    rows = list(orders.prefetch_related("marketplace_order__tasks"))
    try:
        yield from preview(rows, connections.shop(store), policy_of(store), timezone.now()) if rows else ()
    except ShopError as error:
        shown.stop(f"{store.name}: {error}")


def _line(each: Preview) -> tuple[object, ...]:
    order = each.order
    return (order.store.name, order.key, order.marketplace_order.channel, each.sentence, _why(each))


def _why(each: Preview) -> str:
    """The last answer."""
    failed = (task for task in each.order.marketplace_order.tasks.all() if task.state.failed)
    return next((task.last_error or task.failure for task in failed), "")


def _as_dict(each: Preview) -> dict[str, Any]:
    from sfsync.shops import kinds

    order = each.order
    return {
        "store": order.store.name,
        "shop_order": kinds.plain_order(order.store.shop_kind, order.key),
        "channel": order.marketplace_order.channel,
        "reason": _why(each),
        "sends": each.sends,
        "sentence": each.sentence,
        "payload": each.payload,
    }


def _send(stores: list[Store], connections: Connections, wait: float) -> bool:
    """False where a store could not be processed; why not is said."""
    reports = [(store.name, run_one(store, connections, wait)) for store in stores]
    for name, report in reports:
        if "held_by" in report:
            shown.warn(f"{name}: another sync is at work ({report['held_by']}); it sends them.")
        warn_of_error(name, report)
    return not any("error" in report for _name, report in reports)


def _warn_of_held(stores: list[Store], channels: set[str]) -> None:
    """R36: what was retried waits there with everything else."""
    from sfsync import texts
    from sfsync.models import ChannelTrouble

    for each in ChannelTrouble.objects.held().filter(store__in=stores, channel__in=channels).select_related("store"):
        shown.warn(f"{each.store.name}: {shown.clean(texts.sentence('held-since', each.said))}")


def _report(stores: list[Store], count: int, name: str, *, as_json: bool) -> None:
    from sfsync.engine.people.resend import progress

    now = progress(stores, name)
    if as_json:
        shown.print_json({"retried": count, **asdict(now), "waiting": now.waiting})
        return
    if not count:
        shown.say("Nothing like that has failed.")
        return
    shown.say(
        f"Orders retried: {count}. Done: {now.done}, on their way: {now.sent}, waiting: {now.waiting}, "
        f"failed again: {now.failed}."
    )
