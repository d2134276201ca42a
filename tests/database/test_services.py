"""The servers of the test suite themselves: one for all of a run, gone with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests import services

ROOT = Path(services.__file__).parent.parent
PROGRAM = "from tests import services; print(services.redis().port, flush=True); input()"


def start(**environment: str) -> subprocess.Popen[str]:
    """A run of its own that uses a server until its input ends."""
    inherited = {name: value for name, value in os.environ.items() if name != services.RUN}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=inherited | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(run: subprocess.Popen[str]) -> str:
    assert run.stdout is not None
    return run.stdout.readline().strip()


def servers(port: str) -> list[psutil.Process]:
    found = psutil.process_iter(["name", "cmdline"])
    return [each for each in found if each.info["name"] == "redis-server" and port in " ".join(each.info["cmdline"])]


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
        psutil.wait_procs([], timeout=0.05)
    return True


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, None])
def test_the_server_ends_with_its_run_however_it_ends(end: signal.Signals | None) -> None:
    run = start()
    port = said(run)
    assert len(servers(port)) == 1
    if end is None:
        run.communicate("\n")
    else:
        run.send_signal(end)
        run.communicate()
    assert until(lambda: not servers(port))


def test_processes_of_one_run_share_the_server() -> None:
    first = start()
    port = said(first)
    folder = Path(psutil.Process(servers(port)[0].pid).cwd()).parent
    second = start(**{services.RUN: f"{first.pid}:{folder}"})
    assert said(second) == port
    second.communicate("\n")
    assert len(servers(port)) == 1
    first.communicate("\n")
    assert until(lambda: not folder.exists())


def test_a_missing_program_is_an_error_that_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(services.ServiceError, match="apt-get install some-package"):
        services._binary("no-such-program", "some-package")


def test_each_database_is_empty_and_its_own(mariadb_server: services.Server, mariadb_database: str) -> None:
    assert mariadb_database.startswith(mariadb_server.url)
    assert mariadb_database != mariadb_server.url


def test_postgres_and_redis_answer(postgres_database: str, redis_database: str) -> None:
    import psycopg
    import redis

    with psycopg.connect(postgres_database, connect_timeout=5) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    with redis.Redis.from_url(redis_database, socket_timeout=5) as client:
        assert client.dbsize() == 0
