"""What `sfsync sync --dry-run` shows: what a sync would send now."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sfsync_server.commands import shown

if TYPE_CHECKING:
    from sfsync.engine.kit.connections import Connections
    from sfsync.models import Store


def show(stores: list[Store], connections: Connections, *, as_json: bool) -> dict[str, dict[str, Any]]:
    """Store by store; a report with an `error` where one could not be processed."""
    logging.getLogger("sfsync.process").setLevel(logging.CRITICAL)  # what it would log has not happened
    reports = {store.name: _report(store, connections) for store in stores}
    connections.close()
    if as_json:
        shown.print_json(reports)
    else:
        for name, report in reports.items():
            _print(name, report)
    return reports


def _report(store: Store, connections: Connections) -> dict[str, Any]:
    from sfsync.engine.dry_run import dry_run
    from sfsync.engine.kit.lease import Busy
    from sfsync_server.commands.running import crash, troubled

    try:
        rehearsed = dry_run(store, connections)
    except Busy as busy:
        return {"held_by": str(busy)}
    except Exception as error:  # one store's trouble must not hide what the others would do
        return troubled(crash(error))
    report = {"would_send": [asdict(each) for each in rehearsed.unsent], "warnings": rehearsed.warnings}
    return report | (troubled(rehearsed.troubles[0]) if rehearsed.troubles else {})


def _print(name: str, report: dict[str, Any]) -> None:
    from sfsync.questions import question, would_send
    from sfsync_server.commands.running import warn_of_error

    begun = f"{name}{question('colon')}"
    if "held_by" in report:
        shown.say(f"{begun}{question('busy')} ({report['held_by']})")
    if "would_send" in report:
        shown.say(f"{begun}{would_send(len(report['would_send']))}")
        rows = [_row(each) for each in report["would_send"]]
        shown.print_table([question(each) for each in _COLUMNS], rows, empty="")
        for sentence in report["warnings"]:
            shown.say(f"  {sentence}")
    warn_of_error(name, report)


_COLUMNS = ("update", "feed-id", "reference", "marketplace", "goes-out")


def _row(unsent: dict[str, Any]) -> list[object]:
    from django.utils.translation import gettext

    from sfsync import texts
    from sfsync.domain.marketplaces import marketplace

    told = gettext("; ").join(value for _name, value in texts.outgoing(unsent["payload"]))
    where = marketplace(unsent["channel"])
    return [texts.label(unsent["operation"]), unsent["order_id"], unsent["reference"], where, told]
