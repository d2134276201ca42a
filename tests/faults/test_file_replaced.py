"""The file of our own database is replaced or removed under a service that has it open (SQLite)."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from tests.faults.deployment import AWAY, RealWorld, Said, real_world
from tests.waiting import until

REALTIME = 'mode = "realtime"'


def quick_world(folder: Path, migrated: Path) -> AbstractContextManager[RealWorld]:
    quick = {"timeout": "1", "ticket_lag_seconds": "0", "poll_seconds": "0.1"}
    return real_world(folder, migrated, orders=20, shop_url="", store=REALTIME, **quick)


def files(world: RealWorld) -> list[Path]:
    return [world.deployment.home / f"sfsync.sqlite3{ending}" for ending in ("", "-wal", "-shm")]


def told(world: RealWorld) -> int:
    """How many updates are confirmed, by the file that lies there now."""
    with closing(sqlite3.connect(files(world)[0])) as connection:
        return int(connection.execute("SELECT count(*) FROM sfsync_told").fetchone()[0])


def rests(world: RealWorld) -> bool:
    """Its store has run, and nothing is under way: every thread has its file open, and none looks at it."""
    with closing(sqlite3.connect(files(world)[0])) as connection:
        rows = connection.execute("SELECT finished_at, holder, wake FROM sfsync_process WHERE name = 'sync'").fetchall()
    return [bool(finished) and not holder and not wake for finished, holder, wake in rows] == [True]


@contextmanager
def service(world: RealWorld) -> Iterator[subprocess.Popen[str]]:
    started = world.deployment.start("run")
    try:
        yield started
    finally:
        started.terminate()
        started.wait()


def test_a_service_goes_on_with_the_file_that_was_put_in_its_databases_place(tmp_path: Path, migrated: Path) -> None:
    """R13: what it sends is known to everybody who opens that file, and what was sent since the backup stays sent."""
    with quick_world(tmp_path, migrated) as world:
        backup = shutil.copyfile(files(world)[0], tmp_path / "backup")
        first = world.ship()
        with service(world) as running:
            until(lambda: told(world) == 1 and rests(world), "the first is confirmed")
            for path in files(world):
                path.unlink(missing_ok=True)
            backup.replace(files(world)[0])
            second = world.ship()
            until(lambda: told(world) == 2 or running.poll() is not None, "both are known to the new file")
        world.deployment.finish(running)
        assert [world.accepted(order) for order in (first, second)] == [[("ship", f"T-{n}")] for n in (first, second)]


def test_a_service_whose_database_was_removed_waits_until_one_is_put_in_its_place(
    tmp_path: Path, migrated: Path
) -> None:
    """R13: it says so, and sends nothing meanwhile: nobody would know of it."""
    with quick_world(tmp_path, migrated) as world:
        backup = shutil.copyfile(files(world)[0], tmp_path / "backup")
        first = world.ship()
        with service(world) as running:
            said = Said(running)
            until(lambda: told(world) == 1 and rests(world), "it is at work")
            for path in files(world):
                path.unlink(missing_ok=True)
            second = world.ship()
            until(lambda: AWAY in said.so_far(), "it says so")
            assert (world.accepted(second), files(world)[0].exists()) == ([], False)
            backup.replace(files(world)[0])
            until(lambda: told(world) == 2, "both are known to the new file")
        done = world.deployment.finish(running)
        assert "Traceback" not in said.text + done.err
        assert [world.accepted(order) for order in (first, second)] == [[("ship", f"T-{n}")] for n in (first, second)]
