"""The shop's bridge: a file to take away, and whether the shop was heard since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from sfsync import texts
from sfsync.backoffice.kit.access import asked_again, of_store, person, post_only
from sfsync.db.secrets import SecretUnreadable
from sfsync.engine.people import bridges
from sfsync.models import Store


@dataclass(frozen=True, slots=True)
class Standing:
    """Of a store's bridge, for its page. `why_not`: none can be written, in a sentence."""

    why_not: str
    made_at: datetime | None
    heard_at: datetime | None


def standing(store: Store) -> Standing | None:
    """None where this kind of shop has no bridge at all."""
    if not store.kind.bridge:
        return None
    why = bridges.possible(store)
    sentence = texts.joined(texts.sentence(why, {}), texts.advice(why)) if why else ""
    return Standing(sentence, store.state.bridge_made_at, store.state.heard_at)


@asked_again
@of_store
@post_only("backoffice:connection")
def bridge(request: HttpRequest, store: Store) -> HttpResponseBase:
    """The module as a file, which no cache keeps: the secret is in it."""
    try:
        content = bridges.write(store, person(request), renew=request.POST.get("do") == "renew")
    except bridges.NoBridge as why:
        messages.error(request, texts.sentence(str(why), {}))
        return redirect("backoffice:connection", store.name)
    except SecretUnreadable:
        content = bridges.write(store, person(request), renew=True)
    headers = {"Content-Disposition": f'attachment; filename="{bridges.FILE}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/zip", headers=headers)
