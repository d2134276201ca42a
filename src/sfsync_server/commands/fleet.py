"""Many stores in one go: fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sfsync_server.commands import shown

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.engine.watch.fleet import Fleet


NOBODY = "Nothing starts runs: no service is there, nor Celery's beat with a worker that takes `sfsync.due`."


def register(app: typer.Typer) -> None:
    app.command()(fleet)


def fleet(
    act: Annotated[str, typer.Argument(help="pause, resume, run or retry.")],
    names: Annotated[list[str] | None, typer.Argument(help="Stores by name, or by pattern: 'acme-*'.")] = None,
    trouble: Annotated[str, typer.Option("--trouble", help="Only stores in this trouble, by its code.")] = "",
    group: Annotated[str, typer.Option("--group", help="Only stores of this group.")] = "",
    all_stores: Annotated[bool, typer.Option("--all", help="Every store.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Pause, resume, run or retry many stores.

    Status 1 where a store refused; the others are changed all the same.
    """
    from sfsync.engine.people import fleet as many

    if act not in list(many.Act):
        shown.stop(f"“{act}” is none of {', '.join(many.Act)}.", shown.USAGE)
    if not (names or trouble or group or all_stores):
        shown.stop("Name the stores, or give --trouble, --group or --all.", shown.USAGE)
    stores = many.chosen(names or [], trouble, group)
    count = stores.count()
    if not count:
        shown.stop("No store is called so, or is in that trouble or group.", shown.USAGE)
    if not yes and not typer.confirm(f"{act} for {shown.counted(count, 'store')}?"):
        raise typer.Exit(1)
    changed, refused = many.act(many.Act(act), stores, shown.person())
    shown.say(f"{act}: {changed} of {shown.counted(count, 'store')}")
    for each in refused:
        shown.warn(each)
    if refused:
        raise typer.Exit(1)


def print_fleet(fleet: Fleet, now: datetime) -> None:
    """For `sfsync status --fleet`."""
    from sfsync.texts import advice, joined, stamp
    from sfsync.texts import trouble as sentence

    shown.say(f"stores: {fleet.stores} enabled, {fleet.paused} paused")
    waited = f", the first for {(now - fleet.oldest_due).total_seconds():.0f} s" if fleet.oldest_due else ""
    shown.say(f"runs: {fleet.running} in progress, {fleet.due} due{waited}, {fleet.ran} in the last minute")
    shown.say(
        f"updates: {fleet.queued} queued, {fleet.in_flight} in flight; {shown.counted(fleet.failed, 'order')} failed"
    )
    if not fleet.scheduled:
        shown.say(NOBODY, "yellow")
    for each in fleet.troubles:
        names = ", ".join(each.names) + (", ..." if each.stores > len(each.names) else "")
        shown.say(f"{each.trouble}: {shown.counted(each.stores, 'store')} since {stamp(each.since)}: {names}")
        shown.say(f"  {joined(sentence(each.trouble), advice(each.trouble))}", "yellow")
