"""The process monitor (R22): what runs, what ran, what it came to; run now, and watch it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.access import of_store, post_only
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.reader_texts import Said, told
from sfsync.backoffice.kit.starting import start
from sfsync.engine.watch.health import scheduler_awake
from sfsync.models import LogEntry, Process, Store
from sfsync.models.process import RECONCILE, SYNC
from sfsync.models.store import Mode

RUNS = 20
_RUN_ENDS = ("run-done", "run-troubled", "reconciled")


@dataclass(frozen=True, slots=True)
class Shown:
    """A process as a person reads it. `counts` are those of the run that `started_at` speaks of: empty until it ended.

    `broken`: the last run neither goes on nor came to an end.
    """

    process: Process
    running: bool
    asked: bool
    broken: bool
    title: str
    stage: str
    trouble: Said | None
    counts: list[tuple[str, int]]
    mode: str
    """When the next one comes."""

    @property
    def live(self) -> bool:
        """Worth looking at again in a moment."""
        return self.running or self.asked


@of_store
def monitor(request: HttpRequest, store: Store) -> HttpResponse:
    """The whole page, or only its moving part for htmx."""
    processes = processes_of(store)
    template = "processes.html" if getattr(request, "htmx", False) else "monitor.html"
    return page(
        request,
        template,
        store=store,
        screen="monitor",
        processes=processes,
        live=any(each.live for each in processes),
        runs=runs_of(store),
        scheduled=store.enabled and scheduler_awake(timezone.now()),
    )


def processes_of(store: Store) -> list[Shown]:
    """The sync first."""
    rows = {row.name: row for row in Process.objects.filter(store=store).order_by("name")}
    sync = rows.pop(SYNC, None) or Process(store=store, name=SYNC)
    return [_shown(row, store) for row in (sync, *rows.values())]


def _shown(process: Process, store: Store) -> Shown:
    now = timezone.now()
    running = process.running(now)
    started = process.started_at
    asked = process.run_asked_at is not None and (started is None or process.run_asked_at > started) and not running
    ended = process.duration is not None
    trouble = process.outcome if ended and process.outcome not in ("", "ok") else ""
    return Shown(
        process,
        running,
        asked,
        broken=started is not None and not ended and not running,
        title=_title(process.name, store),
        stage=stages().get(process.progress, process.progress),
        trouble=told(trouble, {"message": process.error}) if trouble else None,
        counts=_tally(process) if ended else [],
        mode=store.mode if process.name == SYNC else Mode.BATCH,
    )


def _tally(process: Process) -> list[tuple[str, int]]:
    return [(name, process.counts[key]) for key, name in counted().items() if key in process.counts]


def _title(name: str, store: Store) -> str:
    if name == RECONCILE:
        return _("Comparison with the marketplaces")
    if name != SYNC:
        return name
    return _("Synchronisation, in real time") if store.mode == Mode.REALTIME else _("Synchronisation, on a schedule")


def stages() -> dict[str, str]:
    """What a run says of itself while it runs."""
    return {
        "": _("starting"),
        "orders": _("looking for new orders"),
        "history": _("reading the status history"),
        "sweep": _("comparing the open orders"),
        "send": _("sending"),
        "settle": _("reading the answers"),
        "wait": _("waiting for the answers"),
        "compare": _("comparing"),
    }


def counted() -> dict[str, str]:
    return {
        "detected": _("detected"),
        "sent": _("sent"),
        "confirmed": _("confirmed"),
        "failed": _("failed"),
        "removed": _("skipped"),
        "compared": _("compared"),
        "found": _("new differences"),
        "closed": _("differences gone"),
        "requests": _("requests"),
    }


def runs_of(store: Store) -> list[tuple[LogEntry, Said]]:
    """The last runs that did something, from the newest part of the log."""
    newest = LogEntry.objects.filter(store=store, order=None).order_by("-id")
    ids = LogEntry.objects.filter(store=store).order_by("-id").values_list("id", flat=True)[5000:5001]
    floor = next(iter(ids), 0)
    entries = newest.filter(code__in=_RUN_ENDS, id__gt=floor)[:RUNS]
    return [(entry, told(entry.code, entry.params)) for entry in entries]


@of_store
@post_only("backoffice:monitor")
def run_now(request: HttpRequest, store: Store) -> HttpResponseBase:
    start(store)
    messages.success(request, _("Sync queued. It appears below as soon as it starts."))
    return redirect("backoffice:monitor", store.name)
