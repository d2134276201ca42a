"""Waiting for what others bring about, who need the processor for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LEAST, MOST = 0.005, 0.25
"""Seconds between two questions."""


def until(happened: Callable[[], T], what: str, seconds: float = 60) -> T:
    """The first answer that is true. Fails with `what` did not happen when the time is over."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while True:
        asked = time.monotonic()
        if answer := happened():
            return answer
        assert asked < deadline, f"Not within {seconds:g} seconds: {what}"
        pause.wait(rest(time.monotonic() - asked))


def rest(took: float) -> float:
    """Seconds until the next question, which takes a tenth of the time at most, unless it is a slow one."""
    return min(max(10 * took, LEAST), MOST)
