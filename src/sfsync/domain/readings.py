"""One reading decides: what the shop answers now, beside what was seen of the order before."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

from sfsync.domain.orders import Snapshot
from sfsync.domain.value import value

AGAIN = timedelta(seconds=5)
"""Before an order is read again of which the shop gave an older answer."""
OLD_ANSWERS = 6
"""So many in a row are no replica that lags for a moment."""
ABSENT = timedelta(minutes=1)
"""An order is gone when two readings so far apart did not find it: in between it may just have been saved."""
FEW, SHARE = 5, 0.05
"""So few orders may vanish at once; of very many, at most this share."""


class Answer(Enum):
    """What a reading says of a shop order."""

    AS_SEEN = auto()
    NEWS = auto()
    """Something else than what was seen: it is judged, written down, and looked at again."""
    OLDER = auto()
    """Less than what was seen: never judged."""
    ABSENT = auto()
    """Not there, for the first time."""
    GONE = auto()


@value
class Before:
    """What is kept of a shop order: our row, its key, what was seen (`numbers` is `Seen.written`, `tracking` the one to
    be told), and since when the shop answers without it."""

    pk: int
    key: str
    status: str = ""
    numbers: str = ""
    version: int = 0
    gone_at: datetime | None = None
    tracking: str = ""

    def read_as(self, snapshot: Snapshot) -> Snapshot:
        """What the shop shows now, with the number first that is to be told."""
        return snapshot.after(self.numbers, self.tracking)

    def answer(self, snapshot: Snapshot | None, now: datetime) -> Answer:
        if snapshot is None:
            return Answer.GONE if self.gone_at and now >= self.gone_at + ABSENT else Answer.ABSENT
        seen = snapshot.seen
        if seen.version < self.version:
            return Answer.OLDER
        same = (seen.status, seen.written, seen.version) == (self.status, self.numbers, self.version)
        return Answer.AS_SEEN if same and self.gone_at is None else Answer.NEWS


def vanished(asked: int, absent: int) -> bool:
    """So many orders do not vanish: the shop was emptied, or it is another one."""
    return absent > max(FEW, asked * SHARE)
