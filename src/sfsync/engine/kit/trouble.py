"""What stops a whole store, as a code that picks the sentences and a text that says what was seen."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import DatabaseError

from sfsync.db.secrets import SecretUnreadable
from sfsync.engine.kit.lease import LeaseLost
from sfsync.shops.base import ShopError, ShopUnavailable
from shoppingfeed import AuthenticationError, NotFoundError, RateLimitedError, ShoppingFeedError


@dataclass(frozen=True, slots=True)
class Trouble:
    """`code` is one of `sfsync.texts`; `detail` is evidence, with no secret in it."""

    code: str
    detail: str


def trouble_of(error: Exception) -> Trouble:
    return Trouble(_code(error), str(error))


def _code(error: Exception) -> str:
    match error:
        case ShopUnavailable():
            return "shop-unavailable"
        case ShopError():
            return "shop-misconfigured"
        case AuthenticationError(status=403):
            return "store-unknown"
        case AuthenticationError():
            return "token-refused"
        case NotFoundError():
            return "store-unknown"
        case RateLimitedError():
            return "rate-limited"
        case ShoppingFeedError():
            return "api-unavailable"
        case SecretUnreadable():
            return "secret-unreadable"
        case DatabaseError() if disk_full(error):
            return "disk-full"
        case LeaseLost():
            return "lease-lost"
    return "crashed"


_FULL = ("disk is full", "disk I/O error", "No space left on device")


def disk_full(error: Exception) -> bool:
    """SQLite and PostgreSQL say it in words only."""
    return any(words in str(error) for words in _FULL)
