"""A server of one test's own, which may stop and come back on the same port with the same data."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pymysql
import redis

from tests.services import DEADLINE, KINDS, Server
from tests.waiting import until


class PrivateServer:
    """A MariaDB, a PostgreSQL or a Redis, by its name in `tests.services.KINDS`."""

    def __init__(self, kind: str, home: Path) -> None:
        self.kind, self.home = KINDS[kind], home
        home.chmod(0o755)
        self.account = self.kind.user if os.getuid() == 0 else None
        if self.account:
            shutil.chown(home, self.account, self.account)
        self.reserved = reserved_port()
        self.server = Server(kind, int(self.reserved.getsockname()[1]))
        if prepare := self.kind.prepare(home):
            assert self._launch(prepare).wait(DEADLINE) == 0, (home / "log").read_text()
        self.process = self._launch(self.kind.serve(home, self.server.port))
        self.wait_until_ready()

    def _launch(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.home / "log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self.account,
                group=self.account,
                extra_groups=[] if self.account else None,
            )

    def start(self) -> None:
        self.process = self._launch(self.kind.serve(self.home, self.server.port))
        self.wait_until_ready()

    def stop(self) -> None:
        """At once, as in a crash that loses no data: connections break."""
        self.process.send_signal(signal.SIGQUIT if self.kind.user == "postgres" else signal.SIGTERM)
        self.process.wait(DEADLINE)

    def wait_until_ready(self) -> None:
        until(self._answers, f"{self.home.name} answers")

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.home / "log").read_text()[-2000:]
        with suppress(OSError, pymysql.Error, psycopg.Error, redis.RedisError):
            self.kind.ping(self.server.port)
            return True
        return False


def reserved_port() -> socket.socket:
    """A port of this machine that nobody else is given, though nobody listens on it now and then: keep the socket."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved


@contextmanager
def private_server(kind: str) -> Iterator[PrivateServer]:
    """In a folder that the server's own account can reach, which pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="sfsync-private-") as home:
        server = PrivateServer(kind, Path(home))
        try:
            yield server
        finally:
            server.stop()
            server.reserved.close()
