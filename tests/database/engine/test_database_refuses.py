"""Our own database ends a connection, takes no writes, or is damaged: that is its trouble, and no crash of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import DatabaseError
from django.db.utils import ConnectionHandler

from sfsync.domain.trouble import Trouble
from sfsync.engine.kit.trouble import stopped_by
from tests.waiting import until

pytestmark = pytest.mark.django_db


@contextmanager
def connected(**settings: Any) -> Iterator[Any]:
    """One connection of Django's own, as a run has it."""
    handler = ConnectionHandler({"default": settings})
    try:
        yield handler["default"]
    finally:
        handler.close_all()


@pytest.fixture
def server(postgres_database: str) -> Iterator[Any]:
    url = urlsplit(postgres_database)
    named = {"NAME": url.path[1:], "HOST": url.hostname, "PORT": url.port, "USER": url.username}
    with connected(ENGINE="django.db.backends.postgresql", **named) as connection:
        yield connection


def execute(connection: Any, sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone() if cursor.description else None


def stopped(connection: Any, sql: str) -> tuple[Trouble, str]:
    with pytest.raises(DatabaseError) as refused:
        execute(connection, sql)
    found = stopped_by(refused.value)
    return found.trouble, found.detail


def test_who_stood_still_in_a_transaction_was_ended(server: Any, postgres_database: str) -> None:
    server.set_autocommit(False)
    execute(server, "SET idle_in_transaction_session_timeout = 10")
    [pid] = execute(server, "SELECT pg_backend_pid()")
    with psycopg.connect(postgres_database, autocommit=True) as other:
        there = f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}"
        until(lambda: other.execute(there).fetchone() == (0,), "the server ended it")
    trouble, detail = stopped(server, "SELECT 1")
    assert (trouble, "idle-in-transaction" in detail) == (Trouble.DATABASE_AWAY, True)


def test_a_standby_takes_no_writes(server: Any) -> None:
    execute(server, "SET default_transaction_read_only = on")
    refused = stopped(server, "CREATE TABLE a (b int)")
    assert refused == (Trouble.DATABASE_AWAY, "cannot execute CREATE TABLE in a read-only transaction")


@pytest.mark.parametrize(
    ("damage", "said"),
    [(b"x" * 8192, "file is not a database"), (None, "database disk image is malformed")],
    ids=["other", "torn"],
)
def test_a_damaged_file(tmp_path: Path, damage: bytes | None, said: str) -> None:
    file = tmp_path / "sfsync.sqlite3"
    with connected(ENGINE="django.db.backends.sqlite3", NAME=str(file)) as whole:
        execute(whole, "CREATE TABLE a (b text)")
        execute(whole, "INSERT INTO a SELECT hex(randomblob(2000)) FROM (VALUES (1), (2), (3), (4), (5), (6), (7))")
    file.write_bytes(damage or file.read_bytes()[:4096] + b"\0" * 8192)
    with connected(ENGINE="django.db.backends.sqlite3", NAME=str(file)) as torn:
        assert stopped(torn, "SELECT sum(length(b)) FROM a") == (Trouble.DATABASE_AWAY, said)


@pytest.mark.parametrize("sql", ["SELECT nothing", "INSERT INTO a VALUES (1), (1)", "SELECT 1 / 0"])
def test_a_wrong_statement_is_our_mistake(server: Any, sql: str) -> None:
    execute(server, "CREATE TABLE a (b int PRIMARY KEY)")
    assert stopped(server, sql)[0] is Trouble.CRASHED
