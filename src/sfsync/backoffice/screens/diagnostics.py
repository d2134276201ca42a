"""What `sfsync doctor` says, on a page, with a report to hand on that holds no secret."""

from __future__ import annotations

import platform
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.access import administrator, is_administrator, of_store
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.live_shop import Quick, found
from sfsync.backoffice.kit.order_state import State
from sfsync.backoffice.kit.reader_texts import grouped
from sfsync.domain.trouble import Trouble
from sfsync.engine.watch.doctor import examine, examine_store
from sfsync.engine.watch.finding import Finding, Verdict
from sfsync.engine.watch.health import Health, health_of
from sfsync.models import Store
from sfsync.texts import moments_as_stamps, stamp

TRIES = 10
"""Stores whose connections one page tries: each may take its time to fall silent."""
_ORDER = [Verdict.WRONG, Verdict.WARNING, Verdict.OK]


@of_store
def diagnostics(request: HttpRequest, store: Store) -> HttpResponse:
    health = health_of([store], timezone.now())
    with closing(Quick()) as outsides:
        findings = list(examine_store(store, health[0], outsides, get_language() or ""))
    return _page(request, findings, [store], health, alone=True)


@administrator
def everything(request: HttpRequest) -> HttpResponse:
    """Every store, and what they share: the database and the mail server."""
    with closing(Quick()) as outsides:
        findings = list(examine(outsides, get_language() or "", tries=TRIES))
    stores = list(Store.objects.select_related("state"))
    return _page(request, findings, stores, health_of(stores, timezone.now()))


def _others(store: Store, findings: list[Finding]) -> bool:
    """Another module of the shop sends, or was switched off for us (R23)."""
    sends = any(each.code == Trouble.ANOTHER_SENDER for each in findings)
    return sends or hasattr(store, "takeover")


@dataclass(frozen=True, slots=True)
class Needing:
    """Orders of a store that need a person, and where they are listed."""

    text: str
    url: str


def _page(
    request: HttpRequest, findings: list[Finding], stores: list[Store], healths: list[Health], *, alone: bool = False
) -> HttpResponse:
    """`alone`: the page is about one store."""
    sorted_findings = sorted(findings, key=lambda each: _ORDER.index(each.verdict))
    orders = [line for health in healths for line in needing(health, alone=alone)]
    return page(
        request,
        "diagnostics.html",
        store=stores[0] if alone else None,
        screen="diagnostics",
        tried=TRIES if len(stores) > TRIES else 0,
        findings=[(each, found(each)) for each in sorted_findings],
        wrong=sum(each.verdict is not Verdict.OK for each in findings) + len(orders),
        needing=orders,
        others=alone and _others(stores[0], findings),
        report=report(
            sorted_findings, stores, healths, get_language() or "", administrator=is_administrator(request.user)
        ),
    )


def needing(health: Health, *, alone: bool) -> list[Needing]:
    """A line for the failed orders, one for those that a person must see to on the marketplace, one for those to check.
    The store is named where it is not `alone`."""
    lines = []
    url = reverse("backoffice:orders", args=[health.store])
    if health.failed:
        text = ngettext("%(count)s order needs attention.", "%(count)s orders need attention.", health.failed)
        lines.append(Needing(text % {"count": grouped(health.failed)}, f"{url}?state={State.FAILED}"))
    if by_hand := health.left_to_people:
        text = ngettext(
            "%(count)s order needs to be handled on the marketplace.",
            "%(count)s orders need to be handled on the marketplace.",
            by_hand,
        )
        lines.append(Needing(text % {"count": grouped(by_hand)}, f"{url}?state={State.BY_HAND}"))
    if health.went_back:
        text = ngettext(
            "%(count)s order went back in the shop after the marketplace was told.",
            "%(count)s orders went back in the shop after the marketplace was told.",
            health.went_back,
        )
        lines.append(Needing(text % {"count": grouped(health.went_back)}, f"{url}?state={State.WENT_BACK}"))
    return lines if alone else [Needing(_named(health.store, each.text), each.url) for each in lines]


def _named(store: str, text: str) -> str:
    return _("%(store)s: %(text)s") % {"store": store, "text": text}


def report(
    findings: list[Finding], stores: list[Store], healths: list[Health], language: str, *, administrator: bool
) -> str:
    """Plain text, in English with moments as `2025-11-21 22:35:21`, whatever the `language` of the page: whoever helps
    may not read it. Findings hold no secret; settings are named one by one, so that none can slip in."""
    with override("en"), moments_as_stamps():
        lines = [*_machine(language), "", *_found(findings, administrator), ""]
        for store, health in zip(stores, healths, strict=True):
            lines += _standing(store, health)
    return "\n".join(lines)


def _machine(language: str) -> list[str]:
    return [
        f"sfsync {version('sfsync')}, {stamp(timezone.now())} {settings.TIME_ZONE}, page in {language}",
        f"Python {platform.python_version()}, Django {django.__version__}, {connection.display_name}, "
        f"{platform.system()} {platform.machine()}",
    ]


def _found(findings: list[Finding], administrator: bool) -> list[str]:
    """How a host answered is an administrator's to read."""
    lines = []
    for finding in findings:
        said = found(finding)
        text = said.text if said.of_host and not administrator else finding.text
        lines.append(f"[{finding.verdict}] {finding.subject}: {text}")
        lines += [f"    → {finding.advice}"] if finding.advice else []
    return lines


def _standing(store: Store, health: Health) -> list[str]:
    return [
        f"{store.name}: {store.mode}, {store.state_policy}, delay {store.delay_minutes} min, tries {store.tries}, "
        f"statuses {store.statuses}",
        f"    queued {health.queued}, waiting {health.waiting}, in flight {health.in_flight}, failed {health.failed}, "
        f"by hand {health.left_to_people}, went back {health.went_back}, "
        f"last run {stamp(health.last_run) or '-'} {health.last_outcome}",
    ]
