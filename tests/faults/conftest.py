"""A stage on each database engine, shared by the tests of a worker: each story has its own store and shop.

A test begins at the present time, wherever the one before it has left the clock: an order that is older than ninety
days is none to sfsync, and stories count their orders' age from the present.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest

from tests import services
from tests.faults.deployment import Deployment
from tests.faults.stage import Stage, Steps, secrets_shown, staged

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def kept_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("sqlite")) as stage:
        yield stage


@pytest.fixture(scope="session")
def kept_postgres(tmp_path_factory: pytest.TempPathFactory, postgres_server: services.Server) -> Iterator[Stage]:
    with on_postgres(postgres_server, tmp_path_factory.mktemp("postgres")) as stage:
        yield stage


@pytest.fixture(scope="session")
def hasty_stage(tmp_path_factory: pytest.TempPathFactory, postgres_server: services.Server) -> Iterator[Stage]:
    """PostgreSQL counts in real time: after half of these seconds it ends a session that stands in a transaction."""
    with on_postgres(postgres_server, tmp_path_factory.mktemp("hasty"), lease_seconds="5") as stage:
        yield stage


@pytest.fixture
def sqlite_stage(kept_sqlite: Stage) -> Stage:
    return at_present(kept_sqlite)


@pytest.fixture
def postgres_stage(kept_postgres: Stage) -> Stage:
    return at_present(kept_postgres)


def at_present(stage: Stage) -> Stage:
    stage.clock.set(time.time())
    return stage


@contextmanager
def on_postgres(server: services.Server, folder: Path, **settings: str) -> Iterator[Stage]:
    name = f"faults_{uuid4().hex[:12]}"
    with staged(folder, database_url=server.database(name), **settings) as stage:
        yield stage
    server.drop(name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Promise 10: the whole log of the tests shows no secret, whatever they or their processes printed."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if item.path.parent == HERE and (found := secrets_shown("".join(text for _, text in report.sections))):
        report.outcome, report.longrepr = "failed", f"{found} in the captured output of {item.nodeid}"
    return report  # type: ignore[return-value]


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request: pytest.FixtureRequest) -> Stage:
    """Both engines."""
    found = request.getfixturevalue(f"{request.param}_stage")
    assert isinstance(found, Stage)
    return found


@pytest.fixture
def steps(request: pytest.FixtureRequest, stage: Stage) -> Steps:
    """At which of its steps a run is disturbed. Each step is tried on one of the engines, and on both where asked."""
    if request.config.getoption("--every-step"):
        return partial(count, 1)
    return partial(count, 2 if stage.database_url else 1, 2)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database of ours with its tables and nothing in them, to copy."""
    home = tmp_path_factory.mktemp("migrated")
    Deployment(home, {}).run("migrate")
    return home / "sfsync.sqlite3"
