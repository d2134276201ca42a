"""What a shop's bridge says: a signed message that these orders were touched (Standard Webhooks).

It is a hint and nothing more: whoever could forge one could make us look at orders, which we do anyway.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from sfsync.conf import conf
from sfsync.db.secrets import SecretUnreadable
from sfsync.engine.people.at_once import ask_run
from sfsync.models import Hint, Store, StoreState
from sfsync.models.store import Mode
from sfsync.shops.keys import LONGEST, OrderKey
from sfsync.shops.setting import Mistake

logger = logging.getLogger("sfsync.hooks")
LARGEST = 64 * 1024
"""Bytes of a message."""
A_MINUTE = 300
"""Messages of a store, at most. What is refused is found by looking."""


class Refused(Exception):
    """The message is not taken. `status`: of the answer; the text says why, to whoever set the bridge up."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def hear(name: str, headers: Mapping[str, str], body: bytes) -> None:
    """Keep what the bridge of the store `name` says, and have a real-time store run at once. Raises `Refused`."""
    store = Store.objects.exclude(bridge_secret="").filter(name=name).first()
    if store is None or not _signed(store, headers, body):
        raise Refused(401, "The signature is wrong or too old: is this the latest module, is the server's clock right?")
    now, orders = timezone.now(), _orders(store, body)
    _refuse_too_many(store, now)
    with transaction.atomic():
        _keep(store, headers["webhook-id"], orders if store.enabled else [], now)
        StoreState.objects.filter(pk=store.pk).update(heard_at=now)
        if orders and store.enabled and store.mode == Mode.REALTIME:
            ask_run(store)
            transaction.on_commit(partial(_wake, store.pk))


def _signed(store: Store, headers: Mapping[str, str], body: bytes) -> bool:
    """In constant time, and not more than five minutes ago."""
    try:
        Webhook(store.bridge_secret.reveal()).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError, SecretUnreadable):
        return False
    return len(headers["webhook-id"]) <= LONGEST


def _orders(store: Store, body: bytes) -> list[OrderKey]:
    try:
        told: Any = json.loads(body)
        named = told["orders"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refused(400, "The message names no orders.") from None
    return list(dict.fromkeys(_keys(store, named if isinstance(named, list) else [])))


def _keys(store: Store, named: list[Any]) -> Iterator[OrderKey]:
    """What is no key of this shop is left out."""
    for each in named:
        with suppress(Mistake):
            yield store.kind.orders.parse(each)


def _refuse_too_many(store: Store, now: datetime) -> None:
    recent = Hint.objects.filter(store=store, at__gt=now - timedelta(minutes=1))
    if recent.count() >= A_MINUTE:
        raise Refused(429, "Too many messages: wait a minute.")


def _keep(store: Store, message_id: str, orders: list[OrderKey], now: datetime) -> None:
    try:
        with transaction.atomic():
            Hint.objects.create(
                store=store, message_id=message_id, orders=orders, at=now, look_at=now if orders else None
            )
    except IntegrityError:
        raise Refused(409, "This message came before.") from None


def _wake(store_id: int) -> None:
    """Where nobody looks every second (`wake` in the settings). The run is asked for already, so a worker that cannot
    be told now finds it by itself."""
    if not (name := conf().wake):
        return
    try:
        import_string(name)(store_id)
    except Exception:
        logger.warning("No worker could be told that store %s is due", store_id, exc_info=True)
