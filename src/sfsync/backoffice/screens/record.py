"""The record of people's acts, for administrators: a page, and a file."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from sfsync.backoffice.kit.access import administrator, asked_again, person
from sfsync.backoffice.kit.act_texts import details, said
from sfsync.backoffice.kit.csv_export import download
from sfsync.backoffice.kit.layout import page
from sfsync.models import Act
from sfsync.models.act import note

LINES_A_PAGE = 100


@administrator
def record(request: HttpRequest) -> HttpResponse:
    pages = Paginator(Act.objects.all(), LINES_A_PAGE).get_page(request.GET.get("page"))
    lines = [(act, said(act), details(act)) for act in pages]
    return page(request, "record.html", screen="record", pages=pages, lines=lines)


@asked_again
@administrator
def export(request: HttpRequest) -> HttpResponseBase:
    """All that is kept, the oldest first, with the hashes by which it can be checked elsewhere."""
    note(person(request), "exported", what_of="record")
    return download("record.csv", _rows())


def _rows() -> Iterator[list[object]]:
    yield ["number", "at", "who", "what", "store", "address", "details", "hash"]
    for act in Act.objects.order_by("number").iterator():
        details = json.dumps(act.details, sort_keys=True)
        yield [act.number, act.at.isoformat(), act.who, act.what, act.store, act.address, details, act.hash]
