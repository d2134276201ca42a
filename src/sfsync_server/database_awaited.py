"""Our own PostgreSQL at the start: after a power cut everything starts at once, and the database may be the last."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection

from sfsync.engine.kit.trouble import without_accounts
from sfsync_server.errors import USABLE_AGAIN, cannot_be_used

PAUSE = 5.0
"""Seconds between two tries."""
UNKNOWN = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
"""What a resolver says that knows for sure; one that cannot be reached says something else."""
POOLED = ("query_wait_timeout", "server_login_retry", "cannot connect to server", "connection timeout expired")
"""What comes of a PgBouncer, which is there itself, while its server is not."""


def await_database(say: Callable[[str], object]) -> bool:
    """Until it can be used: what is `say`ed once, and once more when it is there. False where SIGTERM or SIGINT came
    first. Raises `OperationalError` where waiting helps nothing: a refused password, an unknown host, no such database.
    """
    if connection.vendor != "postgresql" or not (why := _why_away()):
        return True
    say(f"{cannot_be_used(why)}\nIt is tried again until it can be used. Nothing was lost.")
    with _told_to_stop() as stop:
        while _why_away():
            if stop.wait(PAUSE):
                return False
    say(USABLE_AGAIN)
    return True


def _why_away() -> str:
    """Empty where it is there. One that is there may have come since it was tried: it is tried once more."""
    if (error := _refusal()) and is_away(str(error), connection.get_connection_params()):
        return without_accounts(str(error))
    if error and (error := _refusal()):
        raise error
    return ""


def _refusal() -> OperationalError | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")  # a pool welcomes us though its server is away
    except OperationalError as error:
        connection.close()
        return error
    return None


def is_away(said: str, params: Mapping[str, Any]) -> bool:
    """No server answers, or it starts, stops or recovers: by libpq's own question, which needs no account, and no words
    in a language that we would have to know. A host that nobody knows is a mistake."""
    if any(words in said for words in POOLED):
        return True
    from psycopg.conninfo import make_conninfo
    from psycopg.pq import Conninfo, PGconn, Ping

    known = {each.keyword.decode() for each in Conninfo.get_defaults()}
    answer = PGconn.ping(make_conninfo(**{name: value for name, value in params.items() if name in known}).encode())
    return answer == Ping.REJECT or (answer == Ping.NO_RESPONSE and not _unknown(str(params.get("host") or "")))


def _unknown(hosts: str) -> bool:
    """All of them. An empty one, or a path, is a socket of this machine."""
    return all(map(_is_unknown, hosts.split(",")))


def _is_unknown(host: str) -> bool:
    if not host or host.startswith(("/", "@")):
        return False
    try:
        socket.getaddrinfo(host, None)
    except socket.gaierror as error:
        return error.errno in UNKNOWN
    return False


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    told = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    former = [signal.signal(number, lambda *_: told.set()) for number in numbers]
    try:
        yield told
    finally:
        for number, handler in zip(numbers, former, strict=True):
            signal.signal(number, handler)
