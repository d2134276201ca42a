"""The first day: ship a test order before the first real one (R37)."""

from __future__ import annotations

from contextlib import closing

from django.http import HttpRequest, HttpResponse

from sfsync.backoffice.kit.access import of_store
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.live_shop import Quick, found
from sfsync.engine.watch.finding import Finding, Verdict
from sfsync.engine.watch.rehearse_feed import rehearse
from sfsync.models import Store

WAIT = 8.0
"""Seconds for which somebody who looks at a page waits for a ticket."""


@of_store
def rehearsal(request: HttpRequest, store: Store) -> HttpResponse:
    """What it would do, and on POST what it did."""
    steps = _rehearsed(store) if request.method == "POST" else []
    return page(
        request,
        "rehearsal.html",
        store=store,
        screen="diagnostics",
        findings=[(each, found(each)) for each in steps],
        well=all(each.verdict is Verdict.OK for each in steps),
    )


def _rehearsed(store: Store) -> list[Finding]:
    with closing(Quick()) as outsides:
        return list(rehearse(store, outsides, wait=WAIT))
