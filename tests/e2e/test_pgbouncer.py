"""Our own database behind PgBouncer, which gives each transaction whatever connection is free: everything works, and
the limits hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from sfsync.shops.prestashop.sample import build
from sfsync_server.own_database import limits
from shoppingfeed.sandbox import Server
from tests import services
from tests.e2e.machine import Answer, Machine, store_table

LEASE = 300
"""Seconds, as the machine's environment says."""


@pytest.fixture(params=["transaction", "session"])
def pool(request: pytest.FixtureRequest) -> Iterator[services.Server]:
    with services.pgbouncer(request.param) as server:
        yield server


@pytest.fixture
def machine(pool: services.Server, tmp_path: Path) -> Iterator[Machine]:
    name = f"pooled_{uuid4().hex[:12]}"
    services.postgres().database(name)
    home = tmp_path / "home"
    home.mkdir()
    yield Machine(home, {"database_url": f"{pool.url}/{name}", "lease_seconds": str(LEASE)})
    services.postgres().drop(name)


def reconnect(pool: services.Server) -> None:
    """What was opened before `sfsync migrate` ends."""
    console = psycopg.connect(f"{pool.url}/pgbouncer", autocommit=True, prepare_threshold=None)
    with console:
        console.execute("RECONNECT")


def settings_line(doctor: Answer) -> list[str]:
    return [each["text"] for each in doctor.document if "through a pool" in each["text"]]


def test_everything_works_behind_a_pool_and_the_limits_hold(
    pool: services.Server, machine: Machine, tmp_path: Path, feed: Server
) -> None:
    assert machine.sfsync("migrate").status == 0
    assert machine.sfsync("migrate").status == 0
    shop = build(f"sqlite:///{tmp_path}/shop.sqlite3", limit=6)
    assert machine.apply(store_table("main", shop.url, feed.url)).status == 0
    reconnect(pool)
    for _ in range(2):
        answer = machine.sfsync("sync")
        assert (answer.status, "Traceback" in answer.err) == (0, False)
    assert settings_line(machine.sfsync("doctor", "--json")) == []
    assert in_effect(machine.settings["database_url"]) == [limits(LEASE)] * 4


def in_effect(url: str) -> list[dict[str, int]]:
    """What a statement meets on each of several clients that take turns, two connections among them."""
    clients = [psycopg.connect(url, autocommit=True, prepare_threshold=None) for _ in range(2)]
    wanted = sorted(limits(LEASE))
    seen = []
    for client in [*clients, *reversed(clients)]:
        with client.transaction():
            rows = client.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [wanted])
            seen.append({name: int(value) for name, value in rows})
    for client in clients:
        client.close()
    return seen


def test_the_doctor_proves_that_limits_are_missing(pool: services.Server, machine: Machine) -> None:
    """Tables that somebody else made: the account has no limits of its own, and a pool forgets those of a session."""
    assert machine.sfsync("migrate").status == 0
    name = machine.settings["database_url"].rpartition("/")[2]
    with psycopg.connect(f"{services.postgres().url}/{name}", autocommit=True) as direct:
        direct.execute(f"ALTER ROLE postgres IN DATABASE {name} RESET ALL".encode())
    reconnect(pool)
    [line] = settings_line(machine.sfsync("doctor", "--json"))
    assert "statement_timeout" in line
    assert "`sfsync migrate`" in line
    assert machine.sfsync("migrate").status == 0
    reconnect(pool)
    assert settings_line(machine.sfsync("doctor", "--json")) == []


def test_a_server_without_a_pool_needs_none_of_it(tmp_path: Path) -> None:
    name = f"direct_{uuid4().hex[:12]}"
    machine = Machine(tmp_path, {"database_url": services.postgres().database(name)})
    assert machine.sfsync("migrate").status == 0
    assert settings_line(machine.sfsync("doctor", "--json")) == []
    own = "SELECT count(*) FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE d.datname = %s"
    with psycopg.connect(f"{services.postgres().url}/{name}") as direct:
        [[count]] = direct.execute(own, [name]).fetchall()
    services.postgres().drop(name)
    assert count == 0
