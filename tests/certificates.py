"""How often the certificates of the machine's authorities are loaded: it takes a process longer than a request."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_LOADING = ("load_verify_locations", "set_default_verify_paths")


@contextmanager
def loads_of_certificates() -> Iterator[list[str]]:
    """The calls of OpenSSL that load them, in this thread."""
    seen: list[str] = []

    def watch(_frame: object, event: str, called: Callable[..., Any]) -> None:
        if event == "c_call" and called.__name__ in _LOADING:
            seen.append(called.__name__)

    sys.setprofile(watch)
    try:
        yield seen
    finally:
        sys.setprofile(None)
