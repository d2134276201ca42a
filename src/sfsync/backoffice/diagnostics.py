"""What `sfsync doctor` says, on a page, with a report to hand on that holds no secret."""

from __future__ import annotations

import platform
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language

from sfsync.backoffice.access import administrator, of_store
from sfsync.backoffice.outsides import Quick
from sfsync.backoffice.shell import page
from sfsync.backoffice.words import Said, of_page, parted, probed
from sfsync.engine.doctor import Finding, Verdict, examine, examine_store
from sfsync.engine.health import health_of
from sfsync.models import Store

_ORDER = [Verdict.WRONG, Verdict.WARNING, Verdict.OK]


@of_store
def diagnostics(request: HttpRequest, store: Store) -> HttpResponse:
    with closing(Quick()) as outsides:
        findings = list(examine_store(store, outsides))
    return _page(request, findings, [store], store)


@administrator
def everything(request: HttpRequest) -> HttpResponse:
    """Every store, and what they share: the database and the mail server."""
    with closing(Quick()) as outsides:
        findings = list(examine(outsides))
    return _page(request, findings, list(Store.objects.all()[:50]), None)


def _page(request: HttpRequest, findings: list[Finding], stores: list[Store], store: Store | None) -> HttpResponse:
    sorted_findings = sorted(findings, key=lambda each: _ORDER.index(each.verdict))
    details = [each.mail_trouble for each in stores]
    wrong = sum(each.verdict is not Verdict.OK for each in findings)
    return page(
        request,
        "diagnostics.html",
        store=store,
        screen="diagnostics",
        findings=[(each, shown(each, details)) for each in sorted_findings],
        wrong=wrong,
        report=report(sorted_findings, stores),
    )


def shown(finding: Finding, details: list[str]) -> Said:
    """In the reader's language, with what the shop, the API and the mail server (`details`) said set apart."""
    return replace(parted(probed(finding.text), details), advice=of_page(finding.advice))


def report(findings: list[Finding], stores: list[Store]) -> str:
    """Plain text. Findings hold no secret; settings are named one by one, so that none can slip in."""
    now = timezone.now()
    lines = [
        f"sfsync {version('sfsync')}, {now:%Y-%m-%d %H:%M} UTC, {get_language()}",
        f"Python {platform.python_version()}, Django {django.__version__}, {connection.display_name}, "
        f"{platform.system()} {platform.machine()}, {settings.TIME_ZONE}",
        "",
    ]
    for finding in findings:
        lines.append(f"[{finding.verdict}] {finding.subject}: {finding.text}")
        if finding.advice:
            lines.append(f"    → {finding.advice}")
    lines.append("")
    for store, health in zip(stores, health_of(stores, now), strict=True):
        lines.append(
            f"{store.name}: {store.mode}, {store.state_policy}, delay {store.delay_minutes} min, tries {store.tries}, "
            f"statuses {store.statuses}"
        )
        lines.append(
            f"    queued {health.queued}, waiting {health.waiting}, in flight {health.in_flight}, "
            f"failed {health.failed}, last run {health.last_run or '-'} {health.last_outcome}"
        )
    return "\n".join(lines)
