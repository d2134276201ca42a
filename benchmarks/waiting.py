"""Waiting for what programs do by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.scenarios import Wrong


def until(happened: Callable[[], object], what: str, seconds: float = 120) -> float:
    """The seconds that it took. Raises `Wrong`."""
    began = time.monotonic()
    while not happened():
        if time.monotonic() - began > seconds:
            raise Wrong(f"Not within {seconds:g} s: {what}.")
        time.sleep(0.02)
    return time.monotonic() - began
