"""What the marketplaces show, and whether they can be told anything: reconcile, rehearse."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync_server.commands import shown
from sfsync_server.commands.shown import JsonOption, StoreOption

if TYPE_CHECKING:
    from sfsync.engine.kit.connections import Connections
    from sfsync.engine.watch.finding import Finding as Step
    from sfsync.models import Finding, Store

MOST_GRACE = 8760
"""Hours: a year."""
LARGEST_NUMBER = 2**63 - 1
"""That Shopping Feed gives to anything."""


def register(app: typer.Typer) -> None:
    app.command()(shown.with_stamps(reconcile))
    app.command()(rehearse)


def reconcile(
    store: StoreOption = "",
    grace: Annotated[
        float,
        typer.Option(
            "--grace",
            min=0,
            max=MOST_GRACE,
            callback=shown.number,
            help="Hours that a marketplace may take to show what it was told.",
        ),
    ] = 24,
    as_json: JsonOption = False,
) -> None:
    """Compare what the marketplaces show with what they were told.

    Nothing is sent to them; new differences are emailed with the next sync.

    Status 1 when a store could not be compared.
    """
    from sfsync.engine.kit.connections import Live

    stores, connections = shown.stores_named(store), Live()
    errors = {each.name: _compare(each, connections, grace) for each in stores}
    connections.close()
    found = {each.name: _differences(each) for each in stores}
    if as_json:
        shown.print_json({name: [_as_dict(each) for each in its] for name, its in found.items()})
    else:
        columns = ("store", "order", "reference", "channel", "difference", "since")
        rows = [(name, *_line(each)) for name, its in found.items() for each in its]
        shown.print_table(columns, rows, empty=all_clear(errors))
    for name, error in errors.items():
        if error:
            shown.warn(f"{name}: {error}")
    if any(errors.values()):
        raise typer.Exit(1)


def all_clear(errors: dict[str, str]) -> str:
    """Of the stores that were compared; empty where none was. `errors`: each store, and why it was not."""
    compared = [name for name, error in errors.items() if not error]
    if len(compared) == len(errors):
        return "The marketplaces show what they were told."
    return f"{', '.join(compared)}: the marketplaces show what they were told." if compared else ""


def rehearse(
    store: Annotated[str, typer.Argument(help="The store, by its name.")],
    channel: Annotated[
        int | None,
        typer.Option(
            "--channel",
            min=1,
            max=LARGEST_NUMBER,
            help="The marketplace's number at Shopping Feed; that of the newest order.",
        ),
    ] = None,
    wait: Annotated[
        float,
        shown.seconds("--wait", "Seconds to wait for the confirmation."),
    ] = 60,
    as_json: JsonOption = False,
) -> None:
    """Ship a test order at Shopping Feed, and remove it. It proves that token, store and rights are right.

    Status 1 when a step failed.
    """
    from sfsync.engine.kit.connections import Live
    from sfsync.engine.watch.finding import Verdict
    from sfsync.engine.watch.rehearse_feed import rehearse as steps_of

    [chosen], steps = shown.stores_named(store), []
    with closing(Live()) as connections:
        for step in steps_of(chosen, connections, channel_id=channel, wait=wait):
            steps.append(step)
            if not as_json:
                _tell(step)
    if as_json:
        shown.print_json([each.as_dict() for each in steps])
    if any(each.verdict is Verdict.WRONG for each in steps):
        raise typer.Exit(1)


def _tell(step: Step) -> None:
    shown.say(f"[{step.verdict}] {step.text}", _STYLES.get(step.verdict, ""))
    if step.advice:
        shown.say(f"    → {step.advice}")


_STYLES = {"wrong": "red", "warning": "yellow"}


def _compare(store: Store, connections: Connections, grace: float) -> str:
    """Why it could not be done; empty where it was."""
    from sfsync import texts
    from sfsync.engine.kit.lease import Busy
    from sfsync.engine.market.reconcile import reconcile_store

    try:
        stopped = reconcile_store(store, connections, grace=timedelta(hours=grace))
    except Busy as busy:
        return f"another run is at it ({busy})"
    return texts.sentence(stopped.trouble, {"message": stopped.detail}) if stopped else ""


def _differences(store: Store) -> list[Finding]:
    """Those that nobody has taken care of, the oldest first."""
    from sfsync.models import Finding

    found = Finding.objects.unsettled().filter(store=store).order_by("since", "pk")
    return list(found.select_related("order", "store").prefetch_related("order__shop_orders"))


def _as_dict(finding: Finding) -> dict[str, Any]:
    order = finding.order
    return {
        "order": _number(finding),
        "feed_id": order.feed_id,
        "channel": order.channel,
        "kind": finding.kind,
        "since": finding.since.isoformat(),
    }


def _line(finding: Finding) -> tuple[object, ...]:
    from sfsync.engine.watch.stage import difference
    from sfsync.texts import stamp

    order = finding.order
    return (_number(finding), order.reference, order.channel, difference(finding, order), stamp(finding.since))


def _number(finding: Finding) -> int | str | None:
    """Of its first shop order."""
    from sfsync.shops import kinds

    here = finding.order.shop_order
    return kinds.plain_order(finding.store.shop_kind, here.key) if here else None
