"""A person has the shop's bridge written: a module with an address of ours and a secret in it."""

from __future__ import annotations

import base64
import secrets
from urllib.parse import urljoin

from django.db import transaction
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from sfsync.conf import conf
from sfsync.db.secrets import Secret
from sfsync.engine.kit.journal import Journal
from sfsync.models import Store, StoreState
from sfsync.models.log import Level

FILE = "sfsyncbridge.zip"
BYTES = 32
"""Of a secret."""


class NoBridge(Exception):
    """None can be written. The message is the code of a sentence that says why."""


def possible(store: Store) -> str:
    """Why no bridge can be written for this store: the code of a sentence, empty where one can."""
    if not store.kind.bridge:
        return "bridge-unknown"
    return "" if address(store) else "bridge-nowhere"


def address(store: Store) -> str:
    """Where its bridge posts; empty where `url` is not set, or this project does not listen to bridges."""
    base = conf().url
    try:
        path, first = reverse("hook", args=[store.name]), reverse("backoffice:overview")
    except NoReverseMatch:
        return ""
    if not base or not path.startswith(first):
        return urljoin(base, path) if base else ""
    return f"{base.rstrip('/')}/{path.removeprefix(first)}"


def write(store: Store, who: str, *, renew: bool = False) -> bytes:
    """The module, as a file for the shop. The same secret each time, unless it is to be renewed: then what was written
    before is heard no more. Raises `NoBridge`, and `SecretUnreadable` where the secret's key is lost."""
    module, why = store.kind.bridge, possible(store)
    if why or not module:
        raise NoBridge(why)
    if renew or not store.bridge_secret:
        _make(store, who)
    return module(address(store), store.bridge_secret.reveal())


def _make(store: Store, who: str) -> None:
    code = "bridge-renewed" if store.bridge_secret else "bridge-made"
    store.bridge_secret = Secret("whsec_" + base64.b64encode(secrets.token_bytes(BYTES)).decode())
    with transaction.atomic():
        store.save(update_fields=["bridge_secret"])
        StoreState.objects.filter(pk=store.pk).update(bridge_made_at=timezone.now(), heard_at=None)
        journal = Journal(store, "person", "")
        journal.say(Level.INFO, code, who=who)
        journal.flush()
