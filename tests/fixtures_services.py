"""Fixtures around the servers of `tests.services`. A server starts when the first test asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests import services
from tests.e2e.machine import Machine

services.owner_and_folder()  # before pytest-xdist starts its workers: the controller owns the servers


@pytest.fixture(scope="session")
def mariadb_server() -> services.Server:
    """A MariaDB shared by the whole run."""
    return services.mariadb()


@pytest.fixture(scope="session")
def postgres_server() -> services.Server:
    """A PostgreSQL shared by the whole run."""
    return services.postgres()


@pytest.fixture
def mariadb_database(mariadb_server: services.Server) -> Iterator[str]:
    """The URL of an empty MariaDB database of this test alone."""
    yield from _database(mariadb_server)


@pytest.fixture
def postgres_database(postgres_server: services.Server) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test alone."""
    yield from _database(postgres_server)


@pytest.fixture(scope="session")
def our_template(postgres_server: services.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a PostgreSQL database with our tables and nothing in them."""
    name = f"template_{uuid4().hex[:12]}"
    machine = Machine(tmp_path_factory.mktemp("template"), {"database_url": postgres_server.database(name)})
    assert machine.sfsync("migrate").status == 0
    yield name
    postgres_server.drop(name)


@pytest.fixture
def our_postgres(postgres_server: services.Server, our_template: str) -> Iterator[str]:
    """The URL of a copy of it, of this test alone: to make the tables anew takes seconds."""
    name = f"test_{uuid4().hex[:12]}"
    yield postgres_server.copy(our_template, name)
    postgres_server.drop(name)


@pytest.fixture
def redis_database() -> str:
    """The URL of an emptied Redis database of this worker alone."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    return services.redis().database(str(int(worker.removeprefix("gw")) % 16))


def _database(server: services.Server) -> Iterator[str]:
    name = f"test_{uuid4().hex[:12]}"
    yield server.database(name)
    server.drop(name)
