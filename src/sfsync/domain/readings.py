"""One reading decides: what the shop answers now, beside what was seen of the order before."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import Enum, auto

from sfsync.domain.orders import Snapshot
from sfsync.domain.value import value

AGAIN = timedelta(seconds=5)
"""Before an order is read again of which the shop gave an older answer."""
OLD_ANSWERS = 6
"""So many in a row are no replica that lags for a moment."""
SURE = timedelta(minutes=1)
"""An order is gone, or a row of its history removed, when two readings so far apart say so: in between it may just have
been saved, or a copy of the shop's database may be catching up."""
FEW, SHARE = 5, 0.05
"""So few orders may vanish at once; of very many, at most this share."""


class Answer(Enum):
    """What a reading says of a shop order."""

    AS_SEEN = auto()
    NEWS = auto()
    """Something else than what was seen: it is judged, written down, and looked at again."""
    OLDER = auto()
    """Less than what was seen: never judged."""
    CUT = auto()
    """The same, and what came after the missing row of its history is there: it was removed. For the first time."""
    ABSENT = auto()
    """Not there, for the first time."""
    GONE = auto()
    UNLISTED = auto()
    """There, and not listed as a marketplace's: not weighed, for it may be a stranger's."""


@value
class Before:
    """What is kept of a shop order: our row, its key, what was seen (`numbers` is `Seen.written`, `tracking` the one to
    be told), and since when the shop answers without it, does not list it, or has a shorter history."""

    pk: int
    key: str
    status: str = ""
    numbers: str = ""
    version: int = 0
    doubted_at: datetime | None = None
    tracking: str = ""

    def read_as(self, snapshot: Snapshot) -> Snapshot:
        """What the shop shows now, with the number first that is to be told."""
        return snapshot.after(self.numbers, self.tracking)

    def answer(self, snapshot: Snapshot | None, now: datetime, removed: Collection[int] = ()) -> Answer:
        """`removed`: rows of histories that the shop no longer has (`Reader.removed`)."""
        sure = is_sure(self.doubted_at, now)
        if snapshot is None:
            return Answer.GONE if sure else Answer.ABSENT
        seen = snapshot.seen
        if shorter := shortened(seen.version, self.version, removed, sure=sure):
            return shorter
        same = (seen.status, seen.written, seen.version) == (self.status, self.numbers, self.version)
        return Answer.AS_SEEN if same and self.doubted_at is None else Answer.NEWS


def shortened(now: int, before: int, removed: Collection[int], *, sure: bool) -> Answer | None:
    """What it means that the shop shows this version of an order, where it has shown one before: an older answer, or
    the shop's word (None)."""
    if now >= before or (sure and before in removed):
        return None
    return Answer.CUT if before in removed else Answer.OLDER


def is_sure(doubted_at: datetime | None, now: datetime) -> bool:
    """It has been so for long enough to be the shop's word."""
    return doubted_at is not None and now >= doubted_at + SURE


def vanished(asked: int, absent: int) -> bool:
    """So many orders do not vanish: the shop was emptied, or it is another one."""
    return absent > max(FEW, asked * SHARE)
