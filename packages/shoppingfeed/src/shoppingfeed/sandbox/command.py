"""The command line: a sandbox that listens until it is stopped."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable

from shoppingfeed.sandbox.sandbox import Sandbox
from shoppingfeed.sandbox.server import Server
from shoppingfeed.sandbox.state import DEFAULT_STORE, DEFAULT_TOKEN


def run_server(
    *,
    host: str = "127.0.0.1",
    port: int = 8800,
    token: str = DEFAULT_TOKEN,
    store: int = DEFAULT_STORE,
    samples: bool = False,
    ticket_seconds: float = 0.0,
    rate_limit: tuple[int, float] | None = None,
    strict: bool = False,
    say: Callable[[str], object] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serve a sandbox until the program is interrupted, or `stop` is set. `say` gets each line for the person.

    OSError, with a sentence, when the port is taken; ValueError when an option makes no sense.
    """
    tell = say or (lambda line: sys.stdout.write(f"{line}\n") and sys.stdout.flush())
    sandbox = Sandbox(token, store, ticket_seconds=ticket_seconds, rate_limit=rate_limit, strict=strict)
    if samples:
        sandbox.load_samples()
    with sandbox.serve(port, host) as server, contextlib.suppress(KeyboardInterrupt):
        for line in _greeting(server, token, store):
            tell(line)
        (stop or threading.Event()).wait()


def _greeting(server: Server, token: str, store: int) -> list[str]:
    return [
        f"Shopping Feed sandbox: {server.url}",
        f"  token    {token}",
        f"  store    {store}",
        f"  control  {server.url}/_sandbox/summary",
        "Open the address in a browser to see what it receives. Stop it with Ctrl+C.",
    ]
