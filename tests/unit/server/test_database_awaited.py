"""Whether a PostgreSQL that cannot be used will be there in a while, whatever its language."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sfsync_server.database_awaited import is_away
from tests.faults.servers import reserved_port

ANSWER = """
import socket, struct, sys
connection, _address = socket.socket(fileno=int(sys.argv[1])).accept()
connection.recv(4096)
fields = ("SFATALE", "VFATAL", "C" + sys.argv[2], "Mle système de base de données répond", "")
body = b"".join(each.encode() + bytes(1) for each in fields)
connection.sendall(b"E" + struct.pack("!i", len(body) + 4) + body)
"""


@contextmanager
def refusing(code: str) -> Iterator[int]:
    """A server that answers with this SQLSTATE, in French. Gives its port. In a process of its own, for libpq lets no
    thread of this one work while it asks."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        given = [str(server.fileno()), code]
        with subprocess.Popen([sys.executable, "-c", ANSWER, *given], pass_fds=[server.fileno()]) as answering:
            try:
                yield server.getsockname()[1]
            finally:
                answering.kill()


PLAIN = {"host": "127.0.0.1", "dbname": "sfsync", "sslmode": "disable", "gssencmode": "disable", "connect_timeout": 5}


@pytest.mark.parametrize(
    ("code", "away"),
    [("57P03", True), ("28P01", False), ("28000", False), ("3D000", False)],
    ids=["starting", "password", "account", "database"],
)
def test_a_server_that_starts_is_away_and_one_that_refuses_is_not(code: str, away: bool) -> None:
    with refusing(code) as port:
        assert is_away("", {**PLAIN, "port": port, "prepare_threshold": None}) is away


def test_nobody_listens() -> None:
    with reserved_port() as nobody:
        assert is_away("", {**PLAIN, "port": nobody.getsockname()[1]})
    assert is_away("", {"host": "/nowhere"})


@pytest.mark.parametrize(
    ("host", "away"), [("no-such-host.invalid", False), ("no-such-host.invalid,127.0.0.1", True)], ids=["one", "two"]
)
def test_a_host_that_nobody_knows_is_a_mistake(host: str, away: bool) -> None:
    with reserved_port() as nobody:
        assert is_away("", {**PLAIN, "host": host, "port": nobody.getsockname()[1]}) is away


@pytest.mark.parametrize(
    ("said", "away"),
    [
        ("FATAL:  query_wait_timeout", True),
        ("server login has been failing, try again later (server_login_retry)", True),
        ("connection timeout expired", True),
        ('FATAL:  database "sfsync" does not exist', False),
    ],
)
def test_a_pool_that_is_there_before_its_server_is_waited_for(said: str, away: bool) -> None:
    """It answers everybody."""
    with refusing("08P01") as port:
        assert is_away(said, {**PLAIN, "port": port}) is away
