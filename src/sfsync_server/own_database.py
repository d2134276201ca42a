"""Where sfsync's own database is: an SQLite file, or one or several PostgreSQL servers, perhaps behind PgBouncer."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from django.db.backends.signals import connection_created
from django.utils.dateparse import parse_datetime

from sfsync_server.errors import SettingsError

if TYPE_CHECKING:
    from sfsync_server.environment import Environment

SERVER = {"postgresql", "postgres"}
NOT_AN_ADDRESS = "is not an address; in its password write / as %2F, @ as %40, : as %3A, # as %23"


class Address(NamedTuple):
    """`hosts` and `ports` as libpq takes them: `db1,db2` and `5432,5433`."""

    user: str
    password: str
    hosts: str
    ports: str


def check_database(text: str) -> None:
    """Raises `ValueError` with a sentence, never with a piece of the password."""
    try:
        url = urlsplit(text)
        _address(url.netloc)
    except ValueError:
        raise ValueError(NOT_AN_ADDRESS) from None
    file = url.scheme == "sqlite" and not url.netloc and len(url.path) > 1 and url.path != "/:memory:"
    if not file and not (url.scheme in SERVER and len(url.path) > 1):
        raise ValueError("takes sqlite:///path or postgresql://user:password@host:5432/name")
    if "pool" in dict(parse_qsl(url.query)):
        raise ValueError("takes no pool: each thread keeps a connection of its own; PgBouncer shares them out")


def _address(netloc: str) -> Address:
    account, _at, servers = netloc.rpartition("@")
    person = urlsplit(f"//{account}@")
    found = [urlsplit(f"//{each}") for each in servers.split(",")]
    ports = [each.port for each in found]
    return Address(
        user=unquote(person.username or ""),
        password=unquote(person.password or ""),
        hosts=",".join(unquote(each.hostname or "") for each in found),
        ports=",".join(str(each or 5432) for each in ports) if any(ports) else "",
    )


def hosts(text: str) -> str:
    """The servers of an address, without the account."""
    return urlsplit(text).netloc.rpartition("@")[2]


def database(environment: Environment) -> dict[str, Any]:
    """Django's `DATABASES["default"]`. Raises `SettingsError` where PostgreSQL's driver is missing."""
    url = urlsplit(environment.database_url.get_secret_value())
    if url.scheme in SERVER:
        return _postgresql(_address(url.netloc), unquote(url.path.lstrip("/")), dict(parse_qsl(url.query)))
    path = unquote(url.path)[1:] if url.scheme else str(environment.home / "sfsync.sqlite3")
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 30,
            "cached_statements": 32,  # each is up to a megabyte here: 128, the default, is memory that a long run fills
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


def _postgresql(address: Address, name: str, options: dict[str, str]) -> dict[str, Any]:
    if find_spec("psycopg") is None:
        raise SettingsError(
            "SFSYNC_DATABASE_URL names a PostgreSQL, and its driver is not installed: install sfsync with its "
            "extra `postgres` (pip install 'sfsync[postgres]')."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": address.user,
        "PASSWORD": address.password,
        "HOST": address.hosts,
        "PORT": address.ports,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 10} | options,
    }


def limits(lease_seconds: int) -> dict[str, int]:
    """What a connection may take, in milliseconds: a run that stands still inside a transaction has lost its locks
    before its lease is over."""
    return {
        "statement_timeout": 60_000,
        "lock_timeout": 30_000,
        "idle_in_transaction_session_timeout": lease_seconds * 1000 // 2,
    }


def limit_connections(environment: Environment) -> None:
    """Every new connection gets the limits by a statement: PgBouncer refuses them as options of the start."""
    limited = partial(_limit, wanted=limits(environment.lease_seconds))
    connection_created.connect(limited, weak=False, dispatch_uid="sfsync_server.limits")


def read_moments_once() -> None:
    """Of a thousand rows nearly all moments are the same few: each is made of SQLite's text once, with its zone, which
    Django would add to every one of them."""
    connection_created.connect(_convert_moments, weak=False, dispatch_uid="sfsync_server.moments")


def _convert_moments(connection: Any, **_signal: Any) -> None:
    """After Django, which has a converter of its own."""
    if connection.vendor == "sqlite":
        sqlite3.register_converter("datetime", _moment)


@lru_cache(maxsize=1024)
def _moment(text: bytes) -> datetime | None:
    found = parse_datetime(text.decode())
    return found.replace(tzinfo=UTC) if found else None


def _limit(connection: Any, wanted: Mapping[str, int], **_signal: Any) -> None:
    if connection.vendor == "postgresql":
        settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in wanted.items())
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {settings}")


def is_pooled(connection: Any) -> bool:
    """Something between us and the server shares its connections out: it is not the one that we signed in to. By
    transaction, a setting of the session is lost, or somebody else's."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return bool(cursor.fetchone()[0] != connection.connection.info.backend_pid)


def limit_account(connection: Any, wanted: Mapping[str, int]) -> None:
    """The limits as the account's own in this database: however connections are shared out, each new one has them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_user), quote_ident(current_database())")
        account, database = cursor.fetchone()
        for name, value in wanted.items():
            cursor.execute(f"ALTER ROLE {account} IN DATABASE {database} SET {name} = {value}")


def unlimited(connection: Any, wanted: Mapping[str, int]) -> list[str]:
    """Which of the limits a connection that begins now would not have by itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, reset_val FROM pg_settings WHERE name = ANY(%s)", [list(wanted)])
        own = dict(cursor.fetchall())
    return [name for name, value in wanted.items() if own.get(name) != str(value)]
