"""The record of people's acts, for administrators: a page, and a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.backoffice.kit.access import administrator, asked_again, person
from sfsync.backoffice.kit.csv_export import download
from sfsync.backoffice.kit.layout import page
from sfsync.models import Act
from sfsync.models.act import note

LINES_A_PAGE = 100


@administrator
def record(request: HttpRequest) -> HttpResponse:
    pages = Paginator(Act.objects.all(), LINES_A_PAGE).get_page(request.GET.get("page"))
    lines = [(act, said(act), _details(act)) for act in pages]
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


def said(act: Act) -> str:
    """What somebody did, in the reader's language."""
    return signing(act.what) or texts.sentence(act.what, {"who": act.who or "?", **act.details})


def signing(what: str) -> str:
    """What has to do with people and sign-in; the rest is said as in the log."""
    return {
        "signed-in": _("Signed in"),
        "signed-out": _("Signed out"),
        "sign-in-failed": _("Failed to sign in"),
        "password-set": _("Set a password"),
        "factor-added": _("Added a second factor"),
        "factor-removed": _("Removed a second factor"),
        "person-saved": _("Invited or changed a person"),
        "link-made": _("Made a new link for a person"),
        "fleet-act": _("Acted on many stores"),
        "fleet-refused": _("Refused for some stores"),
        "link-mailed": _("Sent a link to a person by email"),
        "key-changed": _("Changed the secret key"),
        "exported": _("Exported"),
    }.get(what, "")


def _details(act: Act) -> str:
    return ", ".join(f"{name}: {_shown(value)}" for name, value in sorted(act.details.items()) if value not in ("", []))


def _shown(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
