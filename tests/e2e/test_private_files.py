"""Whatever the umask, nobody else on the machine can open what sfsync writes: sessions, orders, the secret key."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.machine import COMMAND, Machine


@pytest.fixture(params=[0o000, 0o022, 0o027], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    return [str(path) for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]


def test_everything_in_home_is_for_its_owner_alone(umask: int, tmp_path: Path) -> None:
    data = tmp_path / "data"
    machine = Machine(tmp_path, {"SFSYNC_HOME": str(data)})

    assert machine.sfsync("migrate").status == 0
    assert machine.sfsync("status").status == 0

    assert {"sfsync.sqlite3", "secret-key"} <= {path.name for path in data.iterdir()}
    assert open_to_others(data) == []


def test_a_database_that_others_could_read_is_closed_at_the_next_start(umask: int, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert machine.sfsync("migrate").status == 0
    machine.database.chmod(0o644)

    machine.sfsync("status")

    assert machine.database.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "command", [["migrate"], ["status"], ["sync"], ["backup", "b.zip"]], ids=lambda given: given[0]
)
def test_a_home_that_cannot_be_written_is_one_sentence(migrated_home: Path, tmp_path: Path, command: list[str]) -> None:
    """A file system that was mounted read-only, with a database in it that others may read."""
    home = shutil.copytree(migrated_home, tmp_path / "data")
    machine = Machine(tmp_path, {"SFSYNC_HOME": str(home)})
    (home / "sfsync.sqlite3").chmod(0o644)
    mounted = f"mount --bind {home} {home} && mount -o remount,bind,ro {home} && exec"
    alone = ("unshare", "--map-root-user", "--mount", "sh", "-c", f'{mounted} "$@"', "sh")
    done = machine.start(*alone, COMMAND, *command)
    out, err = done.communicate(timeout=60)
    assert (done.returncode, out, "Traceback" in err) == (1, "", False)
    assert re.search(r"cannot be (written|used|copied)", err)


def test_the_doctor_names_what_others_may_open(tmp_path: Path) -> None:
    home = tmp_path / "data"
    machine = Machine(tmp_path, {"SFSYNC_HOME": str(home)})
    assert machine.sfsync("migrate").status == 0
    assert "may open" not in machine.sfsync("doctor").out

    home.chmod(0o755)
    (home / "secret-key").chmod(0o644)

    said = machine.sfsync("doctor").out
    assert "Other accounts of this machine may open" in said
    assert f"{home}, {home}/secret-key" in " ".join(said.split())
    assert "chmod 700" in said
