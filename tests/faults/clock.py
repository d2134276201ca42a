"""One clock for all processes of a story: a number in shared memory that moves only when somebody waits."""

from __future__ import annotations

import mmap
import struct
from datetime import UTC, datetime
from pathlib import Path

from shoppingfeed.sandbox import ManualClock


class SharedClock(ManualClock):
    """Seconds since 1970, the same in every process that opens the same file."""

    def __init__(self, path: Path, now: float | None = None) -> None:
        super().__init__()
        if now is not None:
            path.write_bytes(struct.pack("d", now))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 8)

    def __call__(self) -> float:
        return float(struct.unpack("d", self._memory[:8])[0])

    def advance(self, seconds: float) -> None:
        self._memory[:8] = struct.pack("d", self() + seconds)

    def set(self, now: float) -> None:
        self._memory[:8] = struct.pack("d", now)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self(), UTC)
