"""Alarms of several stores that have one recipient: when a mail speaks for all of them, and when that is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sfsync.domain.trouble import Trouble

GATHER = timedelta(minutes=10)
"""From the first news on, others of the class are waited for: what stops a fleet stops its stores one after the other,
as their turns come."""
AGAIN = timedelta(hours=1)
"""Between two mails about one class, at least."""
GREW = 2
"""So many times as many stores as the last mail said are worth another one."""
_FACES = {Trouble.RATE_LIMITED: Trouble.API_UNAVAILABLE, Trouble.SHOP_ANSWERS_OLD: Trouble.SHOP_UNAVAILABLE}
BEHIND = "database-behind"
_PAST = ("silent", "overdue", BEHIND)
"""Told once they are over, or found each day anew: nothing ends them."""
HELD, FREED = "channel-held", "channel-freed"
"""A marketplace refuses everything, and takes it again (R36): each marketplace is a class of its own."""


def class_of(code: str, channel: str = "") -> str:
    """The class of trouble that a notice of this code belongs to; empty where it is no store's as a whole."""
    if code in (HELD, FREED):
        return f"{HELD}:{channel}"
    trouble = Trouble.named(code)
    if trouble is None:
        return code if code in _PAST else ""
    return _FACES.get(trouble, trouble).value


def parted(class_: str) -> tuple[str, str]:
    """Its code, and its marketplace where it is of one."""
    code, _colon, channel = class_.partition(":")
    return code, channel


def codes_of(class_: str) -> list[str]:
    """The codes that are of a class."""
    own = (*(each.value for each in Trouble), *_PAST, HELD)
    return [code for code in own if class_of(code, parted(class_)[1]) == class_]


def lasts(class_: str) -> bool:
    """Stores are in it until it ends."""
    return class_ not in _PAST


class Say(Enum):
    """What to tell one recipient about one class. `ALONE`: the mail of the one store; `DROP`: nothing more, ever."""

    NOTHING = auto()
    ALONE = auto()
    START = auto()
    GREW = auto()
    END = auto()
    DROP = auto()


@dataclass(frozen=True, slots=True)
class Told:
    """What the recipient knows. `first_at`: when the first news came; `stores`: how many the last mail spoke of, 0 for
    none; `together`: it was a mail of the class."""

    first_at: datetime
    stores: int = 0
    told_at: datetime | None = None
    together: bool = False


def say(told: Told, stores: int, now: datetime, *, lasting: bool = True, always: bool = False) -> Say:
    """`stores`: how many are in it now. `lasting`: they are until it ends. `always`: the recipient wants no mail of a
    single store."""
    if told.told_at is None:
        return _first(told, stores, now, always)
    if stores == 0 or not lasting:
        return _last(told, stores, now, lasting)
    if stores < GREW * told.stores or now - told.told_at < (AGAIN if told.together else GATHER):
        return Say.NOTHING
    return Say.GREW if told.together else Say.START


def _first(told: Told, stores: int, now: datetime, always: bool) -> Say:
    if stores == 0:
        return Say.DROP
    if now - told.first_at < GATHER:
        return Say.NOTHING
    return Say.START if stores > 1 or always else Say.ALONE


def _last(told: Told, stores: int, now: datetime, lasting: bool) -> Say:
    """Not at once: what flickers is no end, and what was in the past may not have been heard of by then."""
    if told.told_at is not None and now - told.told_at < GATHER:
        return Say.NOTHING
    if stores > told.stores:
        return Say.GREW
    return Say.END if told.together and lasting else Say.DROP
