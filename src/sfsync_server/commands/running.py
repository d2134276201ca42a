"""Running: sync (once), run (the service)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync_server.commands import shown
from sfsync_server.commands.shown import JsonOption, StoreOption

if TYPE_CHECKING:
    from sfsync.engine.connections import Connections
    from sfsync.engine.trouble import Trouble
    from sfsync.models import Store


def register(app: typer.Typer) -> None:
    app.command()(sync)
    app.command("run")(serve)


def sync(
    store: StoreOption = "",
    wait: Annotated[
        float, typer.Option("--wait", min=0, help="Keep settling for so many seconds, until every ticket is done.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """One run of every store, or of one: detect, send, settle, notify. For the crontab.

    Status 0 when the run happened, 1 when a store could not be processed (the others still are), 2 for a wrong usage.
    """
    from sfsync.engine.connections import Live

    stores = shown.stores_named(store)
    if not stores:
        shown.stop("There is no enabled store. Write a file of stores and run `sfsync apply FILE`.", 1)
    reports, connections = {}, Live()
    for each in stores:
        with shown.errors.status(f"{each.name} …") if shown.errors.is_terminal else _quiet():
            reports[each.name] = _one(each, connections, wait)
        if not as_json:
            _print(each.name, reports[each.name])
    connections.close()
    if as_json:
        shown.print_json(reports)
    if any("error" in report for report in reports.values()):
        raise typer.Exit(1)


def _quiet() -> Any:
    from contextlib import nullcontext

    return nullcontext()


def _one(store: Store, connections: Connections, wait: float) -> dict[str, Any]:
    """A store's counts, and an `error` where it could not be processed; what breaks one does not break the others."""
    from sfsync.engine.lease import Busy
    from sfsync.engine.run import run_store
    from sfsync.engine.trouble import Trouble

    try:
        result = run_store(store, connections, wait=wait)
    except Busy as busy:
        return {"error": f"Another run holds this store: {busy}.", "held_by": str(busy)}
    except Exception as error:  # one store's crash must not stop the others; it is logged in the store's own record
        return _troubled(Trouble("crashed", f"{type(error).__name__}: {error}"))
    report: dict[str, Any] = result.counts.as_dict()
    return report | (_troubled(result.troubles[0]) if result.troubles else {})


def _troubled(trouble: Trouble) -> dict[str, str]:
    from sfsync import texts

    return {"error": texts.sentence(trouble.code, {"message": trouble.detail}), "advice": texts.advice(trouble.code)}


def _print(name: str, report: dict[str, Any]) -> None:
    counts = ", ".join(f"{value} {key.replace('_', ' ')}" for key, value in report.items() if isinstance(value, int))
    if counts:
        shown.say(f"{name}: {counts}")
    if "error" in report:
        shown.errors.print(f"{name}: {shown.clean(report['error'])} {report.get('advice', '')}".strip(), markup=False)


def serve() -> None:
    """The service: real-time stores as their changes come, batch stores on their schedule. Stops cleanly on SIGTERM."""
    from sfsync_server.service import Service

    Service.from_settings().run()
