"""Pages for machines: is it alive, is it ready, its figures, and the CRON URL for hosts that can only call URLs."""

from __future__ import annotations

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from sfsync.backoffice.kit.access import is_administrator
from sfsync.backoffice.kit.starting import run_due
from sfsync.backoffice.kit.tries import count, whose
from sfsync.engine.people.at_once import ask_runs
from sfsync.ops.metrics import exposition

WRONG_KEYS, LOCKED_SECONDS = 10, 600
"""After so many wrong keys from an address, it is not listened to for so long."""
PAUSE_SECONDS = 10
"""The CRON URL starts runs so often at most."""
STARTED = "sfsync:cron:started"


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_GET
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and its tables are up to date: 200, or 503 with what is missing."""
    try:
        executor = MigrationExecutor(connection)
        behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return unlogged(JsonResponse({"ready": False, "database": "does not answer"}, status=503))
    if behind:
        return unlogged(JsonResponse({"ready": False, "database": "tables are not up to date"}, status=503))
    return JsonResponse({"ready": True, "database": "ok"})


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus: with the key as a bearer token, or for a signed-in administrator. Unknown (404) to anybody else.

    Of all stores together; `?store=NAME`, which may be repeated, tells those one by one.
    """
    key = getattr(settings, "SFSYNC_METRICS_KEY", "")
    if not (_right(request.headers.get("Authorization", "").removeprefix("Bearer "), key) or _trusted(request)):
        raise Http404
    text, content_type = exposition(request.GET.getlist("store"))
    return HttpResponse(text, content_type=content_type)


def _trusted(request: HttpRequest) -> bool:
    return is_administrator(request.user)


def _right(given: str, key: str) -> bool:
    return bool(key) and constant_time_compare(given, key)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def cron(request: HttpRequest, key: str = "") -> JsonResponse:
    """Every enabled store is due now: whatever starts runs takes them up, or this process where nothing else does. The
    key is in the header `X-Sfsync-Key` or in the path.

    202 with the number of stores; 404 without a right key; 429 to an address that guesses, unless it has the right
    one: nobody can lock out its owner; 200 when it comes too soon after the last call; 503 while the database is away.
    """
    try:
        if _right(request.headers.get("X-Sfsync-Key", "") or key, getattr(settings, "SFSYNC_CRON_KEY", "")):
            return _ask()
        return _refused(request.META.get("REMOTE_ADDR", ""))
    except DatabaseError:
        return unlogged(JsonResponse({"error": "the database does not answer; call again later"}, status=503))


def _ask() -> JsonResponse:
    if not cache.add(STARTED, 1, PAUSE_SECONDS):
        return JsonResponse({"asked": 0, "note": "they were asked for a moment ago"})
    try:
        asked = ask_runs()
    except DatabaseError:
        cache.delete(STARTED)
        raise
    transaction.on_commit(run_due)
    return JsonResponse({"asked": asked}, status=202)


def _refused(address: str) -> JsonResponse:
    key = f"sfsync:cron:wrong:{whose(address)}"
    if cache.get(key, 0) >= WRONG_KEYS:
        return unlogged(JsonResponse({"error": "too many wrong keys; wait ten minutes"}, status=429))
    count(key, LOCKED_SECONDS)
    return unlogged(JsonResponse({"error": "not found"}, status=404))


def unlogged(response: JsonResponse) -> JsonResponse:
    """Django would log the path of each refused request: it may be the key, and some ask every second."""
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
