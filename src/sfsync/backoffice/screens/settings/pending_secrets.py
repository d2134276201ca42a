"""Secrets that were typed and are not saved yet: encrypted in the session for a few minutes, never in a page.

A page that relies on them names them in its hidden field `kept`, so that none is lost, or used, unseen.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from sfsync.db.secrets import Secret, SecretUnreadable, decrypt, encrypt
from sfsync.domain.hosts import origin

MINUTES = 10


def kept(request: HttpRequest, place: str) -> dict[str, Secret]:
    """By field, what was typed into the form `place` a while ago. What is too old is forgotten; a token that was typed
    for another host is left out."""
    found = request.session.get(f"typed:{place}", {})
    if found.get("until", 0) < time.time():
        forget(request, place)
        return {}
    try:
        sealed = {name: each for name, each in found["secrets"].items() if name != "token" or _at_home(request, found)}
        return {name: Secret(decrypt(each)) for name, each in sealed.items()}
    except SecretUnreadable:
        return {}


def keep(request: HttpRequest, place: str, form: Any, refused: Collection[str] = ()) -> None:
    """What a form that is shown again holds of secrets; said beside each of them. What was `refused` is of no use."""
    form.secrets = secrets = {name: each for name, each in form.secrets.items() if name not in refused}
    forget(request, place)
    if secrets:
        sealed = {name: encrypt(each.reveal()) for name, each in secrets.items()}
        until = time.time() + 60 * MINUTES
        request.session[f"typed:{place}"] = {"until": until, "secrets": sealed, "host": _host(request)}
    for name in secrets:
        form[name].help_text = _(
            "What you typed is kept for %(minutes)s minutes and not shown: leave this empty to use it."
        ) % {"minutes": MINUTES}


def _host(request: HttpRequest) -> list[Any]:
    """What the token is typed for. A merchant's form has no address: it is that of the store. What is no address is
    nobody else's."""
    address = request.POST.get("api_url", "").strip()
    try:
        return list(origin(address))
    except ValueError:
        return [address]


def _at_home(request: HttpRequest, found: dict[str, Any]) -> bool:
    return bool(found.get("host") == _host(request))


def forget(request: HttpRequest, place: str) -> None:
    request.session.pop(f"typed:{place}", None)
