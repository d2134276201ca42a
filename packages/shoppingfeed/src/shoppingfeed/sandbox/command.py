"""The command line: a sandbox that listens until it is stopped."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

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
    orders: Iterable[Mapping[str, Any]] = (),
    ticket_seconds: float = 0.0,
    rate_limit: tuple[int, float] | None = None,
    strict: bool = False,
    say: Callable[[str], object] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serve a sandbox until the program is interrupted, or `stop` is set. `orders` are keyword arguments of
    `add_order`; `say` gets each line for the person.

    OSError, with a sentence, when the port is taken; ValueError when an option makes no sense.
    """
    tell = say or (lambda line: sys.stdout.write(f"{line}\n") and sys.stdout.flush())
    sandbox = Sandbox(token, store, ticket_seconds=ticket_seconds, rate_limit=rate_limit, strict=strict, orders=orders)
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


def main(arguments: Sequence[str] | None = None) -> None:
    """`shoppingfeed-sandbox`, and `python -m shoppingfeed.sandbox`: the options are those of `sfsync sandbox`."""
    parser = command_line()
    given = parser.parse_args(arguments)
    try:
        run_server(**{**vars(given), "rate_limit": (10, 2) if given.rate_limit else None})
    except (ValueError, OverflowError) as error:
        parser.error(str(error))
    except OSError as error:
        parser.exit(1, f"{error.strerror or error}\n")


def command_line() -> argparse.ArgumentParser:
    """The options, as `run_server` takes them; `rate_limit` is whether to hold to Shopping Feed's own."""
    parser = argparse.ArgumentParser(
        "shoppingfeed-sandbox",
        description="A local Shopping Feed with the contract of the real one, faults on demand, and a page that shows "
        "its ledger.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=int, default=8800, help="0 takes a free one")
    add("--token", default=DEFAULT_TOKEN, help="the token that opens the store")
    add("--store", type=int, default=DEFAULT_STORE, help="the store's id")
    add("--ticket-seconds", type=float, default=0, help="how long a ticket takes")
    limit = argparse.BooleanOptionalAction
    add("--rate-limit", action=limit, default=True, help="hold to 10 requests every 2 seconds, as the real one")
    add("--strict", action="store_true", help="ignore orders that were never added")
    add("--samples", action="store_true", help="begin with the packaged sample orders")
    return parser
