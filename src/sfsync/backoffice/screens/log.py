"""The process logger (R21): what every run did and what happened to each order; filter, read, export.

Every filter goes through an index, but for the text: it is looked for in the newest entries only, as the page says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.access import asked_again, is_administrator, of_store, person
from sfsync.backoffice.kit.csv_export import download
from sfsync.backoffice.kit.keyset import Ordering, every, page_of
from sfsync.backoffice.kit.layout import page
from sfsync.backoffice.kit.order_filter import found, midnight
from sfsync.backoffice.kit.reader_texts import Said, grouped, told
from sfsync.backoffice.screens.orders import query_of
from sfsync.models import LogEntry, Order, Store
from sfsync.models.act import note
from sfsync.models.log import Level
from sfsync.models.process import SYNC

WINDOW = 20_000
"""Entries that a text is looked for in, counted back from the newest of the chosen dates."""
SLACK = 1000
"""Entries may be a little out of order: ids are given out when they are written, dates when things happen."""
BY_ID = Ordering("id")
LEVELS = [("", gettext_lazy("All levels")), ("30", gettext_lazy("Warnings and errors")), ("40", gettext_lazy("Errors"))]
PROCESSES = [
    ("", gettext_lazy("Anyone")),
    (SYNC, gettext_lazy("Synchronisation")),
    ("person", gettext_lazy("People")),
]


class LogFilter(forms.Form):
    level = forms.ChoiceField(label=gettext_lazy("Level"), required=False, choices=LEVELS)
    process = forms.ChoiceField(label=gettext_lazy("Who"), required=False, choices=PROCESSES)
    order = forms.CharField(label=gettext_lazy("Order"), required=False, max_length=255)
    text = forms.CharField(label=gettext_lazy("Text"), required=False, max_length=100)
    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=gettext_lazy("Until"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, store: Store, given: Any) -> None:
        super().__init__(given, auto_id="filter-%s")
        self.store = store

    def value(self, name: str) -> Any:
        self.is_valid()
        return self.cleaned_data.get(name) or ""

    @property
    def narrowed(self) -> bool:
        return any(self.value(name) for name in self.fields)

    def entries(self) -> QuerySet[LogEntry]:
        entries = self._dated(LogEntry.objects.filter(store=self.store))
        if level := self.value("level"):
            entries = entries.filter(level__gte=30).filter(level__gte=int(level))
        if process := self.value("process"):
            entries = entries.filter(process=process)
        if process == "person":
            entries = entries.exclude(process=SYNC)
        if order := self.value("order"):
            entries = entries.filter(
                order__in=Order.objects.filter(pk__in=found(self.store, order)).values("marketplace_order")
            )
        if text := self.value("text"):
            entries = entries.filter(message__icontains=text, id__gt=self._floor())
        return entries.select_related("order").prefetch_related("order__shop_orders")

    def _dated(self, entries: QuerySet[LogEntry]) -> QuerySet[LogEntry]:
        """Dates become ids first, so that the page walks one index."""
        by_date = LogEntry.objects.order_by("at", "id").values_list("id", flat=True)
        if since := self.value("since"):
            start = by_date.filter(at__gte=midnight(since)).first()
            if start is None:
                return entries.none()
            entries = entries.filter(id__gte=start - SLACK, at__gte=midnight(since))
        if until := self.value("until"):
            end = by_date.filter(at__lte=midnight(until, time.max)).last()
            if end is None:
                return entries.none()
            entries = entries.filter(id__lte=end + SLACK, at__lte=midnight(until, time.max))
        return entries

    def _floor(self) -> int:
        entries = self._dated(LogEntry.objects.filter(store=self.store))
        return next(iter(entries.order_by("-id").values_list("id", flat=True)[WINDOW : WINDOW + 1]), 0)


@of_store
def log(request: HttpRequest, store: Store) -> HttpResponse:
    chosen = LogFilter(store, request.GET)
    found = page_of(chosen.entries(), BY_ID, request.GET.get("at", ""))
    return page(
        request,
        "log.html",
        store=store,
        screen="log",
        filter=chosen,
        page=found,
        rows=[(entry, say(entry)) for entry in found.rows],
        query=query_of(request),
        window=grouped(WINDOW),
    )


def say(entry: LogEntry) -> Said:
    """In the reader's language where the entry has a code, else as it was written."""
    return told(entry.code, entry.facts) if entry.code else Said(entry.message)


@asked_again
@of_store
def export(request: HttpRequest, store: Store) -> StreamingHttpResponse:
    chosen = LogFilter(store, request.GET)
    note(person(request), "exported", store=store.name, what_of="log")
    return download(f"log-{store.name}.csv", _lines(chosen, get_language() or "en", is_administrator(request.user)))


def _lines(chosen: LogFilter, language: str, administrator: bool) -> Iterator[list[object]]:
    with override(language):
        yield [_("When"), _("Level"), _("Who"), _("Order"), _("What happened")]
    for entries in every(chosen.entries(), BY_ID):
        with override(language):
            lines = [_line(entry, administrator) for entry in entries]
        yield from lines


def _line(entry: LogEntry, administrator: bool) -> list[object]:
    order = entry.order.shop_order.key if entry.order and entry.order.shop_order else ""
    at = entry.at.isoformat(timespec="seconds")
    return [at, _level(entry), _who(entry), order, say(entry).in_line(administrator=administrator)]


def _level(entry: LogEntry) -> str:
    if entry.level >= Level.ERROR:
        return _("error")
    return _("warning") if entry.level >= Level.WARNING else _("info")


def _who(entry: LogEntry) -> str:
    return {SYNC: _("Synchronisation"), "person": _("Person")}.get(entry.process, entry.process)
