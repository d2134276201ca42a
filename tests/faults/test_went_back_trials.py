"""Our own database goes back to an earlier state behind our back: a file is copied over it, a backup is restored into
it. Nothing that was sent since is sent again, and nothing is lost.

`--histories N` sets how many, a fifth of them, half on each database engine.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.faults.history import History
from tests.faults.oracle import DELIVERED
from tests.faults.servers import PrivateServer, private_server
from tests.faults.stage import Stage, staged

PARTS = 3
Restore = Callable[[], object]
"""Puts a backup back, time and again."""


def copied(stage: Stage) -> Restore:
    """Written over the file that is there."""
    file, backup = _files(stage)
    return lambda: _at_rest(file) and shutil.copyfile(backup, file)


def replaced(stage: Stage) -> Restore:
    """Another file in its place."""
    file, backup = _files(stage)
    return lambda: _at_rest(file) and Path(shutil.copyfile(backup, f"{file}.new")).replace(file)


def _files(stage: Stage) -> tuple[Path, Path]:
    file = stage.folder / "home" / "sfsync.sqlite3"
    return file, Path(shutil.copyfile(_at_rest(file), f"{file}.backup"))


def _at_rest(file: Path) -> Path:
    """Nothing of it lies beside it, as after every process that ends well."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


def cloned(stage: Stage) -> Restore:
    """A copy of the whole database: its tables are what they were, down to their numbers."""
    server, name = stage.database_url.rsplit("/", 1)
    _clone(server, name, f"{name}_backup")
    return lambda: _clone(server, f"{name}_backup", name)


def _clone(server: str, name: str, to: str) -> None:
    _sql(server, f"DROP DATABASE IF EXISTS {to} WITH (FORCE)", f"CREATE DATABASE {to} TEMPLATE {name}")


def _sql(server: str, *statements: str) -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def dumped(stage: Stage) -> Restore:
    """`pg_dump`, and all of it again into an empty database."""
    server, name = stage.database_url.rsplit("/", 1)
    backup = stage.folder / "backup.sql"
    subprocess.run(["pg_dump", "--file", backup, stage.database_url], check=True)

    def restore() -> None:
        _sql(server, f"DROP DATABASE {name} WITH (FORCE)", f"CREATE DATABASE {name}")
        subprocess.run(["psql", "--quiet", "--output=/dev/null", "--file", backup, stage.database_url], check=True)

    return restore


class Restored(History):
    """Somebody backs the database up, and restores it later, once or twice."""

    def unfold(self) -> None:
        self.story.shop.bulk_ship(self.story.orders[-1:])
        self.story.sync()
        restore = self.back_up()
        for _ in range(self.chance.randint(1, 3)):
            super().unfold()
            self.stage.pass_time(60)
            draw = self.chance.random()
            if draw < 0.6:
                restore()
            elif draw < 0.8:
                restore = self.back_up()
        restore()

    def back_up(self) -> Restore:
        ways = [cloned] if self.stage.database_url else [copied, replaced]
        return self.chance.choice(ways)(self.stage)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_database_that_went_back_sends_nothing_twice(stage: Stage, part: int, request: pytest.FixtureRequest) -> None:
    """R13: random histories, in which the database goes back between the runs."""
    for seed in range(part, request.config.getoption("--histories") // 10, PARTS):
        history = Restored(stage, seed)
        history.unfold()
        history.finish()
        assert list(history.complaints()) == [], f"seed {seed}"


@pytest.mark.parametrize("back_up", [copied, replaced])
def test_a_file_that_is_copied_back(sqlite_stage: Stage, back_up: Callable[[Stage], Restore]) -> None:
    """R13."""
    nothing_twice(sqlite_stage, back_up)


@pytest.mark.parametrize("back_up", [cloned, dumped])
def test_a_postgresql_that_is_restored(postgres_stage: Stage, back_up: Callable[[Stage], Restore]) -> None:
    """R13."""
    nothing_twice(postgres_stage, back_up)


def test_a_replica_that_lagged_and_was_promoted(tmp_path: Path) -> None:
    """R13: it stands in the primary's place, on its port, and knows what the primary knew a while ago."""
    with private_server("postgres") as server:
        url = server.server.database("sfsync")
        with staged(tmp_path / "stage", database_url=url) as stage:
            nothing_twice(stage, lambda _stage: lagging_replica(server))


def lagging_replica(primary: PrivateServer) -> Restore:
    data, replica = primary.home / "data", primary.home / "replica"
    copy = ["pg_basebackup", "--dbname", primary.server.url, "--pgdata", replica, "--write-recovery-conf"]
    subprocess.run([*copy, "--checkpoint=fast"], check=True, user=primary.account, cwd=primary.home)

    def promote() -> None:
        primary.stop()
        data.rename(primary.home / "primary")
        replica.rename(data)
        primary.start()
        _sql(primary.server.url, "SELECT pg_promote()")

    return promote


def nothing_twice(stage: Stage, back_up: Callable[[Stage], Restore]) -> None:
    """Ships before the backup, all of them delivered after it and others shipped."""
    story = stage.story()
    before, after = story.orders[:4], story.orders[4:]
    story.shop.bulk_ship(before)
    story.sync(wait=30)
    restore = back_up(stage)
    for order in before:
        story.shop.set_status(order, DELIVERED)
    story.shop.bulk_ship(after)
    story.sync(wait=30)
    sent = {order: story.accepted(order) for order in story.orders}
    assert sum(map(len, sent.values())) == 12
    stage.pass_time(60)
    restore()
    story.sync(wait=30)
    assert {order: story.accepted(order) for order in story.orders} == sent
    assert "database-behind" in [entry["code"] for entry in story.facts()["log"]]
