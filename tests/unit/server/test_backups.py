"""The file of a backup, and an SQLite database that is copied and replaced: damaged anywhere, killed at any moment."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import tracemalloc
import zipfile
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync_server.backups import daily, sqlite
from sfsync_server.backups.archive import FORMAT, MANIFEST, MOST_AT_ONCE, Manifest, RefusedError, reading, writing
from sfsync_server.environment import load
from sfsync_server.private_files import at_work, clear_dead, files_of
from tests.full_disk import no_file_larger_than

KILLED = """
import os, signal, sys
from pathlib import Path
from sfsync_server.backups import sqlite, taking_place
from sfsync_server.backups.archive import reading

left, database = int(sys.argv[1]), Path(sys.argv[-1])

def count(event, _arguments):
    global left
    if event in {"os.mkdir", "os.link", "os.remove", "os.rename", "os.rmdir", "sqlite3.connect"}:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
"""
REPLACE = f"""{KILLED}
with reading(Path(sys.argv[2])) as reader:
    sqlite.replace(reader, database, database.with_name("before-restore-1"))
"""
SETTLE = f"{KILLED}\ntaking_place.settle(database)"


def killed_at(step: int, program: str, *arguments: Path) -> bool:
    """Before that one of its changes to files; whether it had so many."""
    done = subprocess.run([sys.executable, "-c", program, str(step), *arguments], check=False)
    assert done.returncode in (0, -signal.SIGKILL)
    return done.returncode != 0


PIECES = [b"some rows", b"of a table" * 5000]
RESTORE = """
import sys
from pathlib import Path
from typing import Any
from sfsync_server.backups import sqlite
from sfsync_server.backups.archive import reading

with reading(Path(sys.argv[1])) as reader:
    print("begun", flush=True)
    sqlite.restore(reader, Path(sys.argv[2]))
"""


def small(file: Path, version: int = FORMAT) -> bytes:
    with writing(file) as writer:
        writer.add("rows", PIECES)
        writer.close(Manifest("sqlite", ["sfsync.0001_initial"], format=version))
    return file.read_bytes()


REFUSED = b"refused"


def rows_of(file: Path) -> bytes:
    try:
        with reading(file) as reader:
            return b"".join(reader.pieces("rows"))
    except RefusedError:
        return REFUSED


def test_a_member_that_is_held_whole_is_never_larger_than_it_can_be(tmp_path: Path) -> None:
    """Packed it takes a thousandth of its room."""
    with writing(tmp_path / "backup.zip") as writer:
        writer.add("rows", [bytes(MOST_AT_ONCE + 1)])
        writer.close(Manifest("sqlite", []))
    with reading(tmp_path / "backup.zip") as reader, pytest.raises(RefusedError, match="its rows is too large"):
        reader.whole("rows")
    with writing(tmp_path / "backup.zip") as writer:
        writer.close(Manifest("sqlite", [" " * MOST_AT_ONCE]))
    with pytest.raises(RefusedError, match=r"its manifest\.json is too large"), reading(tmp_path / "backup.zip"):
        pass


def test_a_backup_gives_back_what_was_put_in(tmp_path: Path) -> None:
    small(tmp_path / "backup.zip")

    assert rows_of(tmp_path / "backup.zip") == b"".join(PIECES)
    with reading(tmp_path / "backup.zip") as reader:
        assert (reader.manifest.engine, reader.manifest.migrations) == ("sqlite", ["sfsync.0001_initial"])
    assert [each.name for each in tmp_path.iterdir()] == ["backup.zip"]


def test_what_fails_halfway_leaves_the_backup_of_before(tmp_path: Path) -> None:
    before = small(tmp_path / "backup.zip")

    with pytest.raises(ZeroDivisionError), writing(tmp_path / "backup.zip") as writer:
        writer.add("rows", (bytes(1 // n) for n in (1, 0)))

    assert [each.name for each in tmp_path.iterdir()] == ["backup.zip"]
    assert (tmp_path / "backup.zip").read_bytes() == before


@pytest.mark.parametrize("what", ["database", "key", "other archive", "device", "folder", "no name", "cut off"])
def test_nothing_but_a_backup_is_replaced_by_one(tmp_path: Path, what: str) -> None:
    """`sfsync backup ~/.sfsync/sfsync.sqlite3` would have been the end of it."""
    file = tmp_path / "there"
    match what:
        case "database":
            sqlite3.connect(file).executescript("CREATE TABLE a (b)").connection.close()
        case "key":
            file.write_text("a-secret-key")
        case "other archive":
            with zipfile.ZipFile(file, "w") as packed:
                packed.writestr("photo.jpg", b"")
        case "device":
            file = Path("/dev/null")
        case "folder":
            file.mkdir()
        case "no name":
            file = Path("/")
        case "cut off":
            small(file)
            file.write_bytes(file.read_bytes()[:-9])
    before = file.read_bytes() if file.is_file() else b""
    with pytest.raises(RefusedError, match=r"Name another file\.|name a file in it\."):
        small(file)
    assert before == (file.read_bytes() if file.is_file() else b"")
    assert file.is_char_device() is (what == "device")


@given(data=st.data())
def test_damage_is_found_or_does_no_harm(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A byte may be another one (the zip has dates that nobody reads); the rows never are."""
    file = tmp_path_factory.mktemp("damaged") / "backup.zip"
    whole = bytearray(small(file))
    place = data.draw(st.integers(0, 10_000)) % len(whole)  # its date makes it a byte longer, or shorter
    whole[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(whole)

    assert rows_of(file) in (b"".join(PIECES), REFUSED)


def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    whole = small(file)

    for length in range(0, len(whole), 7):
        file.write_bytes(whole[:length])
        with pytest.raises(RefusedError, match="damaged, cut off, or no backup"), reading(file):
            pass


@pytest.mark.parametrize(
    "told",
    [
        *([], 3, None, "text", {}, {"format": "1"}),
        *({"engine": 5}, {"made": None}, {"version": []}, {"format": []}, {"another": ""}),
        *({"migrations": 3}, {"migrations": "a.b"}, {"migrations": [3]}, {"migrations": {"a.b": 1}}),
        *({"members": ["rows"]}, {"members": {"rows": 3}}, {"members": None}),
        *({"columns": []}, {"columns": {"rows": 3}}, {"columns": {"rows": "id"}}, {"columns": {"rows": [3]}}),
    ],
    ids=str,
)
def test_a_manifest_of_another_shape_is_no_backup(tmp_path: Path, told: Any) -> None:
    file = tmp_path / "backup.zip"
    right = asdict(Manifest(engine="sqlite", migrations=["sfsync.0001_initial"]))
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(MANIFEST, json.dumps({**right, **told} if told and isinstance(told, dict) else told))
    with pytest.raises(RefusedError, match="damaged, cut off, or no backup"), reading(file):
        pass


def test_a_backup_in_a_later_form_is_refused(tmp_path: Path) -> None:
    small(tmp_path / "backup.zip", FORMAT + 1)
    with pytest.raises(RefusedError, match="install that one to put it back"), reading(tmp_path / "backup.zip"):
        pass


# --- SQLite -----------------------------------------------------------------------------------------------------------


def database(file: Path, word: str, rows: int) -> Path:
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("CREATE TABLE IF NOT EXISTS django_migrations (id INTEGER PRIMARY KEY, app TEXT, name TEXT)")
        opened.execute("CREATE TABLE IF NOT EXISTS words (word TEXT, filler BLOB)")
        opened.executemany("INSERT INTO words VALUES (?, randomblob(1000))", [(word,)] * rows)
    return file


def words(file: Path) -> dict[str, int]:
    with closing(sqlite3.connect(file, timeout=30)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return dict(opened.execute("SELECT word, COUNT(*) FROM words GROUP BY word").fetchall())


def back_up(source: Path, file: Path) -> Path:
    with writing(file) as writer:
        writer.close(sqlite.write(source, writer, file.parent))
    return file


def test_a_database_is_copied_while_somebody_writes_and_keeps_its_readers(tmp_path: Path) -> None:
    source = database(tmp_path / "source", "old", 100)
    with closing(sqlite3.connect(source, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO words VALUES ('unfinished', '')")
        backup = back_up(source, tmp_path / "backup.zip")
        writer.execute("COMMIT")
    target = database(tmp_path / "target", "new", 7)
    with closing(sqlite3.connect(target)) as reader, reading(backup) as opened:
        sqlite.restore(opened, target)
        assert reader.execute("SELECT COUNT(*) FROM words").fetchone() == (100,)

    assert words(target) == {"old": 100}


def test_a_restore_that_is_killed_at_any_moment_has_done_all_or_nothing(tmp_path: Path) -> None:
    backup = back_up(database(tmp_path / "source", "old", 4_000), tmp_path / "backup.zip")

    for milliseconds in range(0, 60, 10):
        target = database(tmp_path / f"target-{milliseconds}", "new", 100)
        with subprocess.Popen([sys.executable, "-c", RESTORE, backup, target], stdout=subprocess.PIPE) as restoring:
            assert restoring.stdout is not None
            assert restoring.stdout.readline() == b"begun\n"
            try:
                restoring.wait(milliseconds / 1000)
            except subprocess.TimeoutExpired:
                restoring.kill()
        assert words(target) in ({"new": 100}, {"old": 4_000})


@pytest.mark.parametrize("octets", [100, 4_096, 40_000, 120_000])
def test_a_full_disk_ends_a_backup_and_a_restore_with_a_sentence_and_changes_nothing(
    tmp_path: Path, octets: int
) -> None:
    source, target = database(tmp_path / "source", "old", 150), database(tmp_path / "target", "new", 7)
    backup = back_up(source, tmp_path / "backup.zip")
    before = backup.read_bytes()
    with no_file_larger_than(octets):
        with pytest.raises(RefusedError, match="source cannot be copied into"):
            back_up(source, backup)
        with reading(backup) as opened, pytest.raises(RefusedError, match="target cannot be replaced, and is as it"):
            sqlite.restore(opened, target)
    assert (backup.read_bytes(), words(target)) == (before, {"new": 7})
    assert [each for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_who_was_signed_in_at_the_time_of_a_backup_is_not_once_it_is_in_place(tmp_path: Path) -> None:
    """In the same step: a restore that is killed after it has left nobody signed in."""
    database, backup = tmp_path / "sfsync.sqlite3", tmp_path / "backup.zip"
    with closing(sqlite3.connect(database)) as opened:
        opened.executescript("CREATE TABLE django_migrations (id, app, name); CREATE TABLE django_session AS SELECT 1")
    with writing(backup) as writer:
        writer.close(sqlite.write(database, writer, tmp_path))
    with reading(backup) as reader:
        sqlite.restore(reader, database)
    with closing(sqlite3.connect(database)) as opened:
        assert opened.execute("SELECT count(*) FROM django_session").fetchone() == (0,)


def test_a_full_disk_is_not_taken_for_a_damaged_database(tmp_path: Path) -> None:
    source = database(tmp_path / "source", "old", 150)
    with no_file_larger_than(100), pytest.raises(RefusedError, match="source cannot be read, and is as it was"):
        sqlite.is_damaged(source)
    assert not sqlite.is_damaged(source)


def damaged(file: Path) -> dict[str, bytes]:
    """A database that cannot be read, with what SQLite keeps beside one; its files."""
    whole = database(file, "new", 7).read_bytes()
    file.write_bytes(bytes(100) + whole[100:])
    assert sqlite.is_damaged(file)
    for beside in files_of(file)[1:]:
        beside.write_bytes(beside.name.encode())
    return contents(file.parent, f"{file.name}*")


def contents(folder: Path, which: str = "*") -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.glob(which) if each.is_file()}


def test_a_damaged_database_stays_in_its_place_where_no_other_takes_it(tmp_path: Path) -> None:
    backup = back_up(database(tmp_path / "source", "old", 150), tmp_path / "backup.zip")
    (tmp_path / "home").mkdir()
    before = damaged(tmp_path / "home" / "target")
    with pytest.raises(RefusedError), no_file_larger_than(40_000), reading(backup) as opened:
        sqlite.replace(opened, tmp_path / "home" / "target", tmp_path / "home" / "before-restore-1")
    assert contents(tmp_path / "home", "**/*") == before


@pytest.mark.parametrize("there", [True, False], ids=["damaged", "none"])
def test_a_restore_that_is_killed_at_each_step_leaves_the_one_database_or_the_other(
    tmp_path: Path, there: bool
) -> None:
    """And all of what was there before, in its place or in the folder that keeps it. Then it is settled, and that is
    killed at each of its steps too."""
    backup = back_up(database(tmp_path / "source", "old", 20), tmp_path / "backup.zip")
    steps, killed = 0, True
    while killed:
        home = tmp_path / f"home-{steps}"
        home.mkdir()
        before = damaged(home / "target") if there else {}
        killed = killed_at(steps, REPLACE, backup, home / "target")
        settling = 0
        while killed and killed_at(settling, SETTLE, home / "target"):
            settling += 1
        if contents(home) != before:
            assert words(home / "target") == {"old": 20}
            assert [contents(kept) for kept in home.glob("before-restore-1")] == ([before] if there else [])
        clear_dead(home.glob(".sfsync-restore-*"))
        assert {each.name for each in home.iterdir()} <= {"before-restore-1", "target", *before}
        steps += 1
    assert steps > (12 if there else 5)


def test_what_a_killed_backup_left_goes_with_the_next_one_and_what_another_is_at_work_on_stays(tmp_path: Path) -> None:
    source = database(tmp_path / "source", "old", 7)
    others = [tmp_path / ".sfsync-copy-another", tmp_path / ".backup.zip.another1", tmp_path / ".other.zip.11111111"]
    for each in (tmp_path / ".sfsync-copy-dead", others[0]):
        each.mkdir()
        (each / "database.sqlite3").write_bytes(b"")
    for each in (tmp_path / ".backup.zip.deadbeef", *others[1:]):
        each.write_bytes(b"")
    with at_work(others[0]), at_work(others[1]):
        back_up(source, tmp_path / "backup.zip")
    assert {each for each in tmp_path.iterdir() if each.name.startswith(".")} == set(others)


def test_memory_stays_flat_whatever_the_size(tmp_path: Path) -> None:
    """20 MB of rows that cannot be compressed go through a few pieces of a megabyte."""
    source = database(tmp_path / "source", "old", 20_000)
    tracemalloc.start()
    backup = back_up(source, tmp_path / "backup.zip")
    with reading(backup) as opened:
        sqlite.restore(opened, tmp_path / "target")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert backup.stat().st_size > 18_000_000
    assert peak < 8_000_000


# --- every day --------------------------------------------------------------------------------------------------------


def test_a_day_later_there_is_another_one_and_the_last_ones_stay(tmp_path: Path) -> None:
    """What a killed backup left is cleared away; one that cannot be made removes nothing."""
    folder, now = tmp_path / "backups", datetime(2026, 3, 1, 4, tzinfo=UTC)
    daily.make_due(folder, 3, now, small)
    (folder / ".sfsync-20260301-040001.zip.abcd").write_bytes(b"")
    (folder / ".sfsync-copy-abc").mkdir()

    for hours in (1, 23.9, 24, 47, 48, 72, 96):
        daily.make_due(folder, 3, now + timedelta(hours=hours), small)
    with pytest.raises(ZeroDivisionError):
        daily.make_due(folder, 3, now + timedelta(hours=120), lambda _file: 1 // 0)

    kept = sorted(each.name for each in folder.iterdir())
    assert kept == [f"sfsync-2026030{day}-040000.zip" for day in (3, 4, 5)]


def test_what_somebody_else_put_beside_them_stays_and_counts_as_none(tmp_path: Path) -> None:
    folder, now = tmp_path / "backups", datetime(2026, 3, 1, 4, tzinfo=UTC)
    folder.mkdir()
    others = {"sfsync-before-upgrade.zip", "sfsync-20260301-040000 (1).zip", "sfsync-2026031-40000.zip"}
    for name in others:
        (folder / name).write_bytes(b"")
    for day in range(3):
        daily.make_due(folder, 2, now + timedelta(days=day), small)

    kept = {each.name for each in folder.iterdir()}
    assert kept == others | {f"sfsync-2026030{day}-040000.zip" for day in (2, 3)}


def test_a_backup_of_a_day_to_come_stands_in_nobodys_way(tmp_path: Path) -> None:
    """The clock was wrong when it was made."""
    folder, now = tmp_path / "backups", datetime(2026, 3, 1, 4, tzinfo=UTC)
    daily.make_due(folder, 2, now + timedelta(days=900), small)
    daily.make_due(folder, 2, now, small)

    assert (folder / "sfsync-20260301-040000.zip").is_file()


@pytest.mark.parametrize(
    ("keep", "hours", "said"),
    [
        (0, None, ""),
        (3, 1, ""),
        (3, 25, ""),
        (3, 27, "the last is of 2026-03-01 04:00 UTC"),
        (3, None, "there is none yet"),
    ],
)
def test_a_backup_that_is_missing_is_said(
    keep: int, hours: int | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service only logs why; the doctor says that it is so."""
    monkeypatch.setenv("SFSYNC_HOME", str(tmp_path))
    monkeypatch.setenv("SFSYNC_BACKUPS", str(keep))
    made = datetime(2026, 3, 1, 4, tzinfo=UTC)
    if hours is not None:
        daily.make_due(tmp_path / "backups", 3, made, small)
    sentences = [*daily.missed(load(), made + timedelta(hours=hours or 0))]
    assert [said in each for each in sentences] == ([True] if said else [])
