"""What stopped a whole store: the trouble, and what was seen of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, NotSupportedError, ProgrammingError

from sfsync.db.secrets import SecretElsewhere, SecretUnreadable
from sfsync.domain.trouble import Trouble
from sfsync.engine.kit.lease import LeaseLost
from sfsync.shops.base import OpenShop, ShopError, ShopMisconfigured, ShopUnavailable
from shoppingfeed import AuthenticationError, NotFoundError, RateLimitedError, ShoppingFeedError


@dataclass(frozen=True, slots=True)
class Stopped:
    """`detail` is evidence, with no secret in it."""

    trouble: Trouble
    detail: str


class Doubted(ShopError):
    """The shop answers, and what it says cannot be true: nothing is judged by it. `detail` is evidence."""

    def __init__(self, trouble: Trouble, detail: str) -> None:
        super().__init__(detail)
        self.trouble = trouble


def diagnosed(shop: OpenShop, error: Exception) -> Exception:
    """Of a setting that is wrong, the shop's own probe knows best which one."""
    try:
        if isinstance(error, ShopMisconfigured):
            shop.reader.probe()
    except ShopMisconfigured as better:
        return better
    except ShopError:  # it went away meanwhile: what was seen first stands
        return error
    return error


def stopped_by(error: Exception) -> Stopped:
    return Stopped(_trouble(error), without_accounts(str(error)))


_ACCOUNT = re.compile(r"(?<=://)[^\s/?#@\"'<>]+@|(?<![\w.%+~-])[\w.%+~-]+:(?!//)[^\s\"'<>]{1,1000}@")
"""`user:password@`, with or without the `scheme://` before it."""


def without_accounts(text: str) -> str:
    """A library that is given a wrong address may repeat it with its password."""
    return _ACCOUNT.sub("", text)


def _trouble(error: Exception) -> Trouble:
    match error:
        case Doubted():
            return error.trouble
        case ShopUnavailable():
            return Trouble.SHOP_UNAVAILABLE
        case ShopError():
            return Trouble.SHOP_MISCONFIGURED
        case AuthenticationError(status=403):
            return Trouble.STORE_REFUSED
        case AuthenticationError():
            return Trouble.TOKEN_REFUSED
        case NotFoundError():
            return Trouble.STORE_UNKNOWN
        case RateLimitedError():
            return Trouble.RATE_LIMITED
        case ShoppingFeedError():
            return Trouble.API_UNAVAILABLE
        case SecretElsewhere():
            return Trouble.SECRET_ELSEWHERE
        case SecretUnreadable():
            return Trouble.SECRET_UNREADABLE
        case DatabaseError() | InterfaceError():
            return _of_our_database(error)
        case LeaseLost():
            return Trouble.LEASE_LOST
    return Trouble.CRASHED


def _of_our_database(error: Exception) -> Trouble:
    """A wrong statement is our mistake; that it breaks off, refuses to go on, or is damaged, is not."""
    if disk_full(error):
        return Trouble.DISK_FULL
    return Trouble.CRASHED if isinstance(error, _OUR_MISTAKES) else Trouble.DATABASE_AWAY


_OUR_MISTAKES = (ProgrammingError, DataError, IntegrityError, NotSupportedError)
"""PostgreSQL ends who stood still in a transaction, and refuses writes on a standby, with an `InternalError`; SQLite
says with a bare `DatabaseError` that its file is damaged."""


_FULL = ("disk is full", "disk I/O error", "No space left on device")


def disk_full(error: Exception) -> bool:
    """SQLite and PostgreSQL say it in words only."""
    return any(words in str(error) for words in _FULL)
