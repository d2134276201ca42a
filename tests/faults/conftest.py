"""A stage on each database engine, shared by the tests of a worker: each story has its own store and shop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests import services
from tests.faults.deployment import Deployment
from tests.faults.stage import Stage, staged


@pytest.fixture(scope="session")
def sqlite_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("sqlite")) as stage:
        yield stage


@pytest.fixture(scope="session")
def postgres_stage(tmp_path_factory: pytest.TempPathFactory, postgres_server: services.Server) -> Iterator[Stage]:
    name = f"faults_{uuid4().hex[:12]}"
    url = postgres_server.database(name)
    with staged(tmp_path_factory.mktemp("postgres"), database_url=url, lease_seconds="5") as stage:
        yield stage
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request: pytest.FixtureRequest) -> Stage:
    """Both engines."""
    found = request.getfixturevalue(f"{request.param}_stage")
    assert isinstance(found, Stage)
    return found


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database of ours with its tables and nothing in them, to copy."""
    home = tmp_path_factory.mktemp("migrated")
    Deployment(home, {}).run("migrate")
    return home / "sfsync.sqlite3"
