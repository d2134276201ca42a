"""The marketplaces of a store that only refuse (R36), in a run's hands."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from sfsync.models import ChannelTrouble, Store

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Channels:
    """Read when the run begins, where there is any: a run of a store without one asks nothing.

    In which order a run reads its tickets says nothing. `taken` and `refused`: when the newest update was sent of which
    it has read so.
    """

    def __init__(self, store: Store, *, any_refuse: bool) -> None:
        self.store = store
        self.troubles: dict[str, ChannelTrouble] = {}
        self.taken: dict[str, datetime] = defaultdict(lambda: _LONG_AGO)
        self.refused: dict[str, datetime] = defaultdict(lambda: _LONG_AGO)
        if any_refuse:
            self.read()

    def read(self) -> None:
        """As they are now: a person may have released one."""
        self.troubles = {each.channel: each for each in ChannelTrouble.objects.filter(store=self.store)}

    @property
    def held(self) -> list[ChannelTrouble]:
        return [each for each in self.troubles.values() if each.held_at]
