"""What `sfsync sync --dry-run` shows: what a sync would send now."""

from __future__ import annotations

import json
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
    from sfsync_server.commands.running import warn_of_error

    if "held_by" in report:
        shown.say(f"{name}: a sync is in progress ({report['held_by']}); try again when it has ended")
    if "would_send" in report:
        number = len(report["would_send"])
        what = f"{number} {'update' if number == 1 else 'updates'}"
        shown.say(f"{name}: {what} would be sent; nothing was sent" if number else f"{name}: nothing would be sent now")
        rows = [_row(each) for each in report["would_send"]]
        shown.print_table(["update", "Shopping Feed id", "reference", "marketplace", "what"], rows, empty="")
        for sentence in report["warnings"]:
            shown.say(f"  {sentence}")
    warn_of_error(name, report)


def _row(unsent: dict[str, Any]) -> list[object]:
    more = {key: value for key, value in unsent["payload"].items() if key != "id" and value}
    told = json.dumps(more, ensure_ascii=False) if more else ""
    return [unsent["operation"], unsent["order_id"], unsent["reference"], unsent["channel"], told]
