"""What can stop a whole store, and how it ends: the answer that runs, the doctor, the pages and the mails share."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Act(StrEnum):
    """What failed. Only the same act, done again and well, shows that a trouble is over."""

    DATABASE = "database"
    """Writing into sfsync's own database."""
    SHOP = "shop"
    """Reading the shop."""
    FEED = "feed"
    """Asking Shopping Feed about the store."""
    MAIL = "mail"
    """Handing a mail to the mail server."""
    RUN = "run"
    """A whole run: nothing less shows that it works again."""


class Trouble(StrEnum):
    """Why a store cannot be processed, or why nobody can be told.

    `acts`: all of them must succeed before it is over. `passes`: it may end by itself (an outage), so people are told
    only when it lasts. `in_settings`: the store's connection, as it is set, may be the cause.
    """

    acts: frozenset[Act]
    passes: bool
    in_settings: bool

    SHOP_UNAVAILABLE = "shop-unavailable", (Act.SHOP,), True, True
    SHOP_MISCONFIGURED = "shop-misconfigured", (Act.SHOP,), False, True
    SHOP_ANSWERS_OLD = "shop-answers-old", (Act.RUN,), True
    ORDERS_VANISHED = "orders-vanished", (Act.RUN,)
    ANOTHER_SENDER = "another-sender", (Act.RUN,)
    TOKEN_REFUSED = "token-refused", (Act.FEED,), False, True
    STORE_UNKNOWN = "store-unknown", (Act.FEED,), False, True
    STORE_REFUSED = "store-refused", (Act.FEED,), False, True
    RATE_LIMITED = "rate-limited", (Act.FEED,), True
    API_UNAVAILABLE = "api-unavailable", (Act.FEED,), True
    SECRET_UNREADABLE = "secret-unreadable", (Act.SHOP, Act.FEED), False, True
    SECRET_ELSEWHERE = "secret-elsewhere", (Act.FEED,), False, True
    CLOCK_WRONG = "clock-wrong", (Act.RUN,), True
    DATABASE_AWAY = "database-away", (Act.DATABASE,), True
    DISK_FULL = "disk-full", (Act.DATABASE,)
    MAIL_FAILED = "mail-failed", (Act.MAIL,)
    RECIPIENT_REFUSED = "recipient-refused", (Act.MAIL,)
    LEASE_LOST = "lease-lost", (Act.RUN,)
    CRASHED = "crashed", (Act.RUN,)

    def __new__(cls, code: str, acts: tuple[Act, ...], passes: bool = False, in_settings: bool = False) -> Self:
        trouble = str.__new__(cls, code)
        trouble._value_ = code
        trouble.acts, trouble.passes, trouble.in_settings = frozenset(acts), passes, in_settings
        return trouble

    @classmethod
    def named(cls, code: str) -> Trouble | None:
        """The trouble of this code; None where the code says something else, or nothing."""
        return next((trouble for trouble in cls if trouble == code), None)

    @property
    def kind(self) -> str:
        """One outage shows many faces (503, 429, no answer, an old one), and is one trouble."""
        return "outage" if self.passes else self.value

    def over(self, well: set[Act]) -> bool:
        """Everything that failed has succeeded since. `well`: the acts that have."""
        return self.acts <= well
