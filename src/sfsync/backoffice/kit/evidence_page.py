"""The evidence of an order as a page of its own, which prints well and needs nothing beside it."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils import timezone, translation

from sfsync import texts
from sfsync.backoffice.kit.visible import visible
from sfsync.engine.watch.evidence import Evidence


def evidence_page(evidence: Evidence) -> str:
    """In the active language; every moment to the second, in the zone that the page names."""
    there = evidence.order.marketplace_order
    context = {
        "evidence": evidence,
        "order": evidence.order,
        "there": there,
        "store": evidence.order.store,
        "language": translation.get_language() or "en",
        "zone": timezone.get_current_timezone_name(),
        "told": [(texts.label(each.operation), each) for each in evidence.told],
    }
    return visible(render_to_string("sfsync/evidence.html", context))
