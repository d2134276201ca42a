"""What each marketplace supports, and how it answered lately."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sfsync import texts
from sfsync.backoffice.kit.access import of_store, person, post_only
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.order_filter import channels_of
from sfsync.backoffice.kit.reader_texts import Said, grouped
from sfsync.backoffice.kit.starting import start
from sfsync.domain.reconciliation import Difference
from sfsync.engine.people.channels import release as let_go
from sfsync.models import ChannelTrouble, DayFigure, LogEntry, Store
from sfsync.models.figure import WITHIN, median_seconds
from sfsync.models.log import Level
from sfsync.refusal_texts import ANSWERS, advice, cause, refusal_of
from shoppingfeed.channels import CHANNELS, Channel, Feature, find

DAYS = 30
REFUSALS, UNKNOWN = 5000, 20
"""Failures that are looked through for unknown answers, and how many of those are shown."""
_LOGGED = {f"failed-{code}": code for code in ANSWERS} | {
    Difference.REFUSED_THERE.value: Difference.REFUSED_THERE.value
}
"""By the code of a log entry: every try of an update has one, of which the merchant is told once."""


@dataclass(frozen=True, slots=True)
class Lately:
    """One marketplace of the store. `features` is None where it is not in the table: everything is tried."""

    name: str
    features: list[bool] | None
    confirmed: int
    refused: int
    median: str
    in_time: int
    too_late: int

    @property
    def share(self) -> int | None:
        """Of a hundred that were answered, how many were refused. What failed before it was sent is not the
        marketplace's doing."""
        total = self.confirmed + self.refused
        return round(100 * self.refused / total) if total else None

    @property
    def punctual(self) -> int | None:
        """Of a hundred shipments with a deadline, how many the marketplace was told by then (R25); rounded down, so
        that only all of them are a hundred."""
        total = self.in_time + self.too_late
        return 100 * self.in_time // total if total else None


@of_store
def marketplaces(request: HttpRequest, store: Store) -> HttpResponse:
    """Those that the store sells on first, then everything that is known of the others."""
    ours = lately(store)
    known = {channel.name for row in ours if (channel := find(row.name))}
    return page(
        request,
        "marketplaces.html",
        store=store,
        screen="marketplaces",
        ours=ours,
        others=[(each.name, ticks(each)) for each in CHANNELS if each.name not in known],
        titles=titles(),
        days=DAYS,
        unknown=unknown_answers(store),
        held=[_held(each) for each in ChannelTrouble.objects.held().filter(store=store)],
    )


def _held(trouble: ChannelTrouble) -> tuple[str, Said]:
    """R36: the marketplace, and what people are told of it."""
    known = refusal_of("channel-held", trouble.said)
    said = texts.joined(texts.sentence("held-since", trouble.said), cause(known))
    return trouble.channel, Said(said, advice("channel-held", known))


@of_store
@post_only("backoffice:marketplaces")
def release(request: HttpRequest, store: Store) -> HttpResponseBase:
    """POST `channel`: what is held back for it is sent at once."""
    count = let_go(store, request.POST.get("channel", ""), person(request))
    text = ngettext("%(count)s order is being sent.", "%(count)s orders are being sent.", count or 0)
    if count is None:
        messages.warning(request, _("Nothing is held back for this marketplace."))
    else:
        messages.success(request, text % {"count": grouped(count)})
        start(store)
    return redirect("backoffice:marketplaces", store.name)


def unknown_answers(store: Store) -> list[tuple[str, str, int]]:
    """R35: what marketplaces answered that is in no dictionary: marketplace, answer, how often, the commonest first."""
    since = timezone.now() - timedelta(days=DAYS)
    refused = LogEntry.objects.filter(store=store, level__gte=Level.WARNING, at__gte=since, code__in=_LOGGED)
    rows = refused.order_by("-id").values_list("order__channel", "code", "params")[:REFUSALS]
    said = (
        (str(params.get("channel") or channel or ""), _LOGGED[code], _message(params)) for channel, code, params in rows
    )
    counts = Counter(
        (channel, message)
        for channel, code, message in said
        if message and not refusal_of(code, {"message": message, "channel": channel})
    )
    return [(*each, count) for each, count in counts.most_common(UNKNOWN)]


def _message(params: Mapping[str, Any]) -> str:
    return str(params.get("message") or "")


def titles() -> list[str]:
    names = {
        Feature.REFUND: _("Refund"),
        Feature.PARTIAL_REFUND: _("Partial refund"),
        Feature.PARTIAL_SHIPMENT: _("Partial shipment"),
        Feature.CANCEL: _("Cancellation"),
        Feature.DOCUMENTS: _("Documents"),
    }
    return [_("Shipment"), *(names[feature] for feature in Feature)]


def ticks(channel: Channel) -> list[bool]:
    return [True, *(feature in channel.features for feature in Feature)]


def lately(store: Store) -> list[Lately]:
    since = timezone.localdate() - timedelta(days=DAYS - 1)
    sums = ("confirmed", "refused", "in_time", "too_late", *WITHIN)
    rows = DayFigure.objects.filter(store=store, day__gte=since).values_list("channel").exclude(channel="")
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * len(sums))
    counts |= {name: figures for name, *figures in rows.annotate(*map(Sum, sums))}
    names = sorted({*counts, *channels_of(store)}, key=str.casefold)
    return sorted((_lately(name, counts[name]) for name in names), key=lambda row: -(row.confirmed + row.refused))


def _lately(name: str, counts: list[int]) -> Lately:
    channel = find(name)
    confirmed, refused, in_time, too_late, *within = counts
    return Lately(
        name,
        ticks(channel) if channel else None,
        confirmed,
        refused,
        about(median_seconds(confirmed, within)),
        in_time,
        too_late,
    )


def about(seconds: float | None) -> str:
    """A duration as a person says it."""
    if seconds is None:
        return ""
    if seconds == float("inf"):
        return _("over 12 h")
    if seconds < 60:
        return _("%(count)s s") % {"count": max(round(seconds), 1)}
    if seconds < 5400:
        return _("%(count)s min") % {"count": round(seconds / 60)}
    return _("%(count)s h") % {"count": round(seconds / 3600)}
