"""One deadline over a whole exchange, however many reads it takes: HTTP clients only bound each read by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class DeadlinePassed(Exception):
    """The other side was still talking when the deadline passed."""


class Deadline(threading.local):
    """The deadline of this thread's exchange. `watch` is a `trace` extension of httpcore: it sees every stream made.

    A pooled connection is used by one thread at a time, so each read asks for the deadline of the thread that reads.
    """

    at = float("inf")

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Reads begun in this block by this thread end so many seconds from now, with `DeadlinePassed` or before."""
        self.at = time.monotonic() + seconds
        try:
            yield
        finally:
            self.at = float("inf")

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            stream = info["return_value"]
            stream.read = self._bounded(stream.read)

    def _bounded(self, read: Callable[[int, float | None], bytes]) -> Callable[[int, float | None], bytes]:
        def bounded(max_bytes: int, timeout: float | None = None) -> bytes:
            left = self.at - time.monotonic()
            if left <= 0:
                raise DeadlinePassed
            return read(max_bytes, left if timeout is None else min(timeout, left))

        return bounded
