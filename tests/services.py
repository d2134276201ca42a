"""Throw-away private servers for the test suite: MariaDB, PostgreSQL, Redis.

The first one who asks starts the server, all others of the same run share it: the workers of pytest-xdist, and
subprocesses, for they inherit the name of the run in `SFSYNC_TEST_RUN`. A server belongs to a *guard*, a process of its
own that waits for the end of the run's owner by its pidfd; so the server stops and its files go even when pytest is
killed with SIGKILL. Data is never synced to disk.

By hand, until interrupted:  python -m tests.services mariadb postgres
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import functools
import os
import pwd
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pymysql
import redis as redis_client

RUN = "SFSYNC_TEST_RUN"
DEADLINE = 60.0
PR_SET_PDEATHSIG = 1
ROOT = Path(__file__).resolve().parent.parent


class ServiceError(RuntimeError):
    """A server could not be started; the sentence says what to install or what the server's log said."""


@dataclass(frozen=True)
class Server:
    """A running server. `url` names no database, but for Redis."""

    kind: str
    port: int

    @property
    def url(self) -> str:
        return KINDS[self.kind].url.format(port=self.port)

    def database(self, name: str) -> str:
        """Make an empty database of that name, dropping the one that was there, and return its URL."""
        KINDS[self.kind].recreate(self.port, name)
        return f"{self.url}/{name}"

    def copy(self, template: str, name: str) -> str:
        """Make a database like another one, to which nobody is connected, and return its URL. PostgreSQL alone can."""
        _postgres(self.port, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"{self.url}/{name}"

    def drop(self, name: str) -> None:
        """Drop that database if it is there, whoever is connected to it."""
        KINDS[self.kind].drop(self.port, name)


def mariadb() -> Server:
    """The run's MariaDB; the account `root` has no password."""
    return _shared("mariadb")


def postgres() -> Server:
    """The run's PostgreSQL; the account `postgres` needs no password."""
    return _shared("postgres")


@contextlib.contextmanager
def pgbouncer(mode: str) -> Iterator[Server]:
    """A PgBouncer of one test before the run's PostgreSQL, with two connections to each database. `mode`: its
    `pool_mode`."""
    account, upstream = _account("postgres"), postgres().port
    folder = owner_and_folder()[1] / f"pgbouncer-{secrets.token_hex(4)}"
    folder.mkdir()
    port = _free_port()
    given = {"upstream": upstream, "port": port, "mode": mode}
    (folder / "pgbouncer.ini").write_text(_PGBOUNCER.format(**given, folder=folder))
    (folder / "users").write_text('"postgres" ""')
    for path in (folder, folder / "pgbouncer.ini", folder / "users"):
        path.chmod(0o755)
    command = [_binary("pgbouncer", "pgbouncer"), str(folder / "pgbouncer.ini")]
    server = _launch(command, folder, account)
    try:
        _wait_until_ready(server, functools.partial(_postgres, port, "SELECT 1"), folder)
        yield Server("postgres", port)
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


_PGBOUNCER = """
[databases]
* = host=127.0.0.1 port={upstream}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = 2
admin_users = postgres
"""


@contextlib.contextmanager
def own_redis() -> Iterator[tuple[Server, Callable[[], None]]]:
    """A Redis of one test, and how to kill it."""
    home = owner_and_folder()[1] / f"redis-{secrets.token_hex(4)}"
    home.mkdir()
    process, port = _start(KINDS["redis"], home)

    def stop() -> None:
        process.kill()
        process.wait()

    try:
        yield Server("redis", port), stop
    finally:
        stop()
        shutil.rmtree(home, ignore_errors=True)


def redis() -> Server:
    """The run's Redis; `database("3")` empties its database 3."""
    return _shared("redis")


# What is different about each server.


@dataclass(frozen=True)
class Kind:
    user: str
    url: str
    prepare: Callable[[Path], list[str] | None]
    serve: Callable[[Path, int], list[str]]
    ping: Callable[[int], None]
    recreate: Callable[[int, str], None]
    drop: Callable[[int, str], None]
    stop: signal.Signals = signal.SIGKILL


def _mariadb_prepare(home: Path) -> list[str]:
    install = _binary("mariadb-install-db", "mariadb-server")
    return [
        install,
        "--no-defaults",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        f"--datadir={home}/data",
        "--innodb-flush-method=nosync",
    ]


def _mariadb_serve(home: Path, port: int) -> list[str]:
    return [
        _binary("mariadbd", "mariadb-server"),
        "--no-defaults",
        f"--datadir={home}/data",
        f"--port={port}",
        f"--socket={home}/socket",
        f"--pid-file={home}/pid",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        "--skip-log-bin",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-flush-method=nosync",
        "--innodb-doublewrite=0",
        "--performance-schema=0",
        "--character-set-server=utf8mb4",
        "--max-connections=300",
    ]


def _mariadb(port: int, *statements: str) -> None:
    connection = pymysql.connect(host="127.0.0.1", port=port, user="root", connect_timeout=5, autocommit=True)
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _postgres_prepare(home: Path) -> list[str]:
    return [
        _binary("initdb", "postgresql"),
        f"--pgdata={home}/data",
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]


def _postgres_serve(home: Path, port: int) -> list[str]:
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": home,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": 300,
    }
    arguments = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
    return [_binary("postgres", "postgresql"), "-D", f"{home}/data", *arguments]


def _postgres(port: int, *statements: str) -> None:
    address = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _redis_serve(home: Path, port: int) -> list[str]:
    options = {"port": port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": home}
    arguments = [argument for name, value in options.items() for argument in (f"--{name}", str(value))]
    return [_binary("redis-server", "redis-server"), *arguments]


def _redis(port: int, database: str = "0") -> redis_client.Redis:
    return redis_client.Redis(port=port, db=int(database), socket_timeout=5)


def _redis_flush(port: int, name: str) -> None:
    with contextlib.closing(_redis(port, name)) as client:
        client.flushdb()


def _redis_ping(port: int) -> None:
    with contextlib.closing(_redis(port)) as client:
        client.ping()


KINDS = {
    "mariadb": Kind(
        user="mysql",
        url="mysql+pymysql://root@127.0.0.1:{port}",
        prepare=_mariadb_prepare,
        serve=_mariadb_serve,
        ping=lambda port: _mariadb(port),
        recreate=lambda port, name: _mariadb(
            port, f"DROP DATABASE IF EXISTS `{name}`", f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4"
        ),
        drop=lambda port, name: _mariadb(port, f"DROP DATABASE IF EXISTS `{name}`"),
    ),
    "postgres": Kind(
        user="postgres",
        url="postgresql://postgres@127.0.0.1:{port}",
        prepare=_postgres_prepare,
        serve=_postgres_serve,
        ping=lambda port: _postgres(port),
        recreate=lambda port, name: _postgres(
            port, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"'
        ),
        drop=lambda port, name: _postgres(port, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'),
        stop=signal.SIGQUIT,
    ),
    "redis": Kind(
        user="redis",
        url="redis://127.0.0.1:{port}",
        prepare=lambda home: None,
        serve=_redis_serve,
        ping=_redis_ping,
        recreate=_redis_flush,
        drop=_redis_flush,
    ),
}


def _binary(name: str, package: str) -> str:
    places = [*os.environ["PATH"].split(":"), "/usr/sbin", "/usr/local/sbin", *_postgres_folders()]
    found = shutil.which(name, path=":".join(places))
    if found is None:
        raise ServiceError(f"{name} was not found, and these tests need it: apt-get install {package}")
    return found


def _postgres_folders() -> list[str]:
    """Debian keeps the server's programs out of PATH; the newest version first."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return [str(folder) for folder in sorted(folders, key=lambda folder: -int(folder.parent.name))]


# Sharing: one server of a kind for all processes of a run.


def owner_and_folder() -> tuple[int, Path]:
    """Who owns this run (its end ends the servers) and where the run's files are.

    The first process that asks becomes the owner; its children inherit the answer.
    """
    proposal = f"{os.getpid()}:{tempfile.gettempdir()}/sfsync-tests-{os.getpid()}-{secrets.token_hex(4)}"
    owner, _, folder = os.environ.setdefault(RUN, proposal).partition(":")
    return int(owner), Path(folder)


@functools.cache
def _shared(kind: str) -> Server:
    owner, run = owner_and_folder()
    run.mkdir(exist_ok=True)
    run.chmod(0o755)  # whatever our umask: the servers run under accounts of their own
    announced = run / f"{kind}.port"
    with _locked(run / f"{kind}.lock"):
        if not announced.exists():
            _start_guard(kind, owner, run)
    return Server(kind, int(announced.read_text()))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


_GUARDS: list[subprocess.Popen[bytes]] = []
"""They outlive the test that needed them first; a `Popen` that is forgotten while its process runs warns of it."""


def _start_guard(kind: str, owner: int, run: Path) -> None:
    """Start the guard and wait until it says that its server is ready: it closes its standard output."""
    guard = subprocess.Popen(
        [sys.executable, "-m", "tests.services", "--guard", kind, str(owner), str(run)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    _GUARDS.append(guard)
    assert guard.stdout is not None
    with guard.stdout:
        sentence = guard.stdout.read().decode()
    if not (run / f"{kind}.port").exists():
        guard.wait(DEADLINE)
        raise ServiceError(sentence or f"The guard of {kind} died before its server was ready.")


# The guard: a process that lives as long as the run's owner.


def _guard(name: str, owner: int, run: Path) -> None:
    end = os.pidfd_open(owner)
    os.umask(0o022)
    home = run / name
    try:
        home.mkdir(mode=0o755)
        server, port = _start(KINDS[name], home)
    except ServiceError as error:
        shutil.rmtree(home, ignore_errors=True)
        print(error, end="")
        return
    (run / f"{name}.port").write_text(str(port))
    _close_output()
    try:
        _wait_for_either(end, os.pidfd_open(server.pid))
    finally:
        server.send_signal(KINDS[name].stop)
        server.wait()
        shutil.rmtree(home, ignore_errors=True)
        (run / f"{name}.port").unlink(missing_ok=True)
        (run / f"{name}.lock").unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            run.rmdir()


def _close_output() -> None:
    """Whoever waits at the other end reads the end of file: ready."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _wait_for_either(*ends: int) -> None:
    poll = select.poll()
    for end in ends:
        poll.register(end, select.POLLIN)
    poll.poll()


def _start(kind: Kind, home: Path) -> tuple[subprocess.Popen[bytes], int]:
    account = _account(kind.user)
    if account is not None:
        shutil.chown(home, account, account)
    first = kind.prepare(home)
    if first is not None:
        _launch(first, home, account).wait(DEADLINE)
    port = _free_port()
    server = _launch(kind.serve(home, port), home, account, death=kind.stop)
    _wait_until_ready(server, functools.partial(kind.ping, port), home)
    return server, port


def _account(wanted: str) -> str | None:
    """The servers refuse to run as root: their own account then, else whoever we are."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return wanted if wanted in known else "nobody"


def _launch(
    command: list[str], home: Path, account: str | None, death: signal.Signals = signal.SIGKILL
) -> subprocess.Popen[bytes]:
    with (home / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=functools.partial(_die_with_the_guard, death),
            user=account,
            group=account,
            extra_groups=[] if account else None,
        )


def _die_with_the_guard(death: signal.Signals) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(server: subprocess.Popen[bytes], ping: Callable[[], None], home: Path) -> None:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, pymysql.Error, psycopg.Error, redis_client.RedisError):
            ping()
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.05)
            break
    server.kill()
    raise ServiceError(f"{home.name} did not start; the end of its log:\n{(home / 'log').read_text()[-2000:]}")


def _until_interrupted(kinds: list[str]) -> None:
    for kind in kinds:
        print(f"{kind}: {_shared(kind).url}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--guard"]:
        _guard(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    else:
        _until_interrupted(sys.argv[1:] or list(KINDS))
