"""Running: sync (once), run (the service)."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from sfsync_server.commands import rehearsing, shown
from sfsync_server.commands.shown import JsonOption, StoreOption

if TYPE_CHECKING:
    from sfsync.engine.kit.connections import Connections
    from sfsync.engine.kit.trouble import Stopped
    from sfsync.models import Store

AT_ONCE = 4
DONE = ("detected", "removed", "sent", "confirmed", "failed", "requests")
LEFT = ("queued", "waiting", "in_flight")
"""The counts of a run: what it did, and what it left behind."""


def register(app: typer.Typer) -> None:
    app.command()(sync)
    app.command("run")(serve)


def sync(
    store: StoreOption = "",
    wait: Annotated[
        float,
        shown.seconds("--wait", "Keep checking for confirmations for this many seconds."),
    ] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent, and send nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Sync every store once, or one of them. Changes are found, sent, followed and told; for the crontab.

    Status 0 when the sync happened or another one is in progress, 1 when a store could not be processed (the others
    still are) or an email could not be sent, 2 for incorrect usage.
    """
    from sfsync.engine.kit.connections import Live

    stores = shown.stores_named(store)
    if not stores:
        shown.stop(shown.no_store(), 1)
    collect_less_garbage()
    connections, reports = Live(), {}
    if dry_run:
        _end(rehearsing.show(stores, connections, as_json=as_json))
    for each, report in zip(stores, _side_by_side(stores, connections, wait), strict=True):
        reports[each.name] = report
        if not as_json:
            _print(each.name, report)
    connections.close()
    if as_json:
        shown.print_json(reports)
    _end(reports)


def _end(reports: dict[str, dict[str, Any]]) -> NoReturn:
    raise typer.Exit(1 if any("error" in report for report in reports.values()) else 0)


def collect_less_garbage() -> None:
    """A run makes many thousands of small values that live for one page, and hardly any cycle: looking for cycles as
    often as Python does by default took a sixth of its time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _side_by_side(stores: list[Store], connections: Connections, wait: float) -> Iterator[dict[str, Any]]:
    """A few stores at a time, so that one that is slow to answer does not hold up the others. In the given order."""
    if len(stores) == 1:
        yield run_one(stores[0], connections, wait)
        return
    with ThreadPoolExecutor(AT_ONCE) as pool, shown.progress("stores", len(stores)) as advance:
        for report in pool.map(lambda store: _alone(store, connections, wait), stores):
            advance()
            yield report


def _alone(store: Store, connections: Connections, wait: float) -> dict[str, Any]:
    """In a thread of its own, with a database connection of its own."""
    from django.db import connections as databases

    try:
        return run_one(store, connections, wait)
    finally:
        databases.close_all()


def run_one(store: Store, connections: Connections, wait: float) -> dict[str, Any]:
    """A store's counts, and an `error` where it could not be processed, or a mail about it not be sent; what breaks one
    does not break the others."""
    from sfsync.domain.trouble import Trouble
    from sfsync.engine.kit.lease import Busy
    from sfsync.engine.kit.trouble import Stopped
    from sfsync.engine.run import run_store

    try:
        result = run_store(store, connections, wait=wait)
    except Busy as busy:
        return {"held_by": str(busy)}
    except Exception as error:  # one store's crash must not stop the others; it is logged in the store's own record
        return troubled(crash(error))
    troubles = list(result.troubles)
    if result.unmailed:
        troubles.append(Stopped(Trouble.MAIL_FAILED, result.unmailed))
    report: dict[str, Any] = result.counts.as_dict()
    return report | (troubled(troubles[0]) if troubles else {})


def crash(error: Exception) -> Stopped:
    from sfsync.domain.trouble import Trouble
    from sfsync.engine.kit.trouble import Stopped, stopped_by

    stopped = stopped_by(error)
    crashed = stopped.trouble is Trouble.CRASHED
    return Stopped(Trouble.CRASHED, f"{type(error).__name__}: {stopped.detail}") if crashed else stopped


def troubled(stopped: Stopped) -> dict[str, str]:
    from sfsync import texts

    return {
        "error": texts.sentence(stopped.trouble, {"message": stopped.detail}),
        "advice": texts.advice(stopped.trouble),
    }


def _print(name: str, report: dict[str, Any]) -> None:
    if "sent" in report:
        shown.say(f"{name}: {_counted(report, DONE)}; left: {_counted(report, LEFT)}")
    if report.get("failed"):
        shown.say(f"{name}: `sfsync tasks --failed` says what failed, and why")
    if "held_by" in report:
        shown.say(f"{name}: another run holds this store ({report['held_by']}); nothing was done")
    warn_of_error(name, report)


def warn_of_error(name: str, report: dict[str, Any]) -> None:
    """What a store's report (`run_one`) says of a trouble, with what to do about it."""
    from sfsync import texts

    if "error" in report:
        sentence = texts.joined(shown.clean(report["error"]), report.get("advice", ""))
        shown.warn(f"{name}: {sentence}")


def _counted(report: dict[str, Any], names: Sequence[str]) -> str:
    return ", ".join(f"{report[name]} {name.replace('_', ' ')}" for name in names)


def serve() -> None:
    """The service: sync stores whenever they are due. Real-time stores as their changes come, batch stores on their
    schedule. Stops cleanly on SIGTERM. A PostgreSQL that is not there yet is waited for."""
    from sfsync_server.backups import daily
    from sfsync_server.database_awaited import await_database
    from sfsync_server.service import Service
    from sfsync_server.settings import ENVIRONMENT

    if not await_database(shown.warn):
        return
    stores = shown.listed([each.name for each in shown.stores_named("")]) or "none yet"
    shown.say(f"The service is running, until Ctrl+C or SIGTERM. Enabled stores: {stores}.")
    collect_less_garbage()
    daily.start(ENVIRONMENT)
    Service.from_settings().run()
