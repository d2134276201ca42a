"""An SQLite database, copied by SQLite's own backup while others write, and put back in one transaction."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sfsync_server.backups.archive import Manifest, Reader, RefusedError, Writer, pieces_of
from sfsync_server.backups.taking_place import RESTORES, take_place
from sfsync_server.private_files import at_work, clear_dead

MEMBER = "database.sqlite3"
ENGINE = "sqlite"
DRAFTS = ".sfsync-copy-"
PATIENCE = 30.0
"""Seconds that others may keep the database from being replaced."""


def write(database: Path, writer: Writer, drafts: Path) -> Manifest:
    """`drafts`: the folder that has room for a copy. Raises `RefusedError` where SQLite can neither read the database
    nor write the copy, and `OSError`."""
    with _said(f"{database} cannot be copied into {drafts}"), _room(drafts, DRAFTS) as copy:
        with closing(sqlite3.connect(database, timeout=PATIENCE)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        with copy.open("rb") as opened:
            writer.add(MEMBER, pieces_of(opened))
        return Manifest(ENGINE, migrations(copy))


def migrations(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as opened:
        return [f"{app}.{name}" for app, name in opened.execute("SELECT app, name FROM django_migrations ORDER BY id")]


@contextmanager
def _said(what: str) -> Iterator[None]:
    """A disk that is full, or that fails, ends it with a sentence."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise RefusedError(f"{what}: {error}.") from error


@contextmanager
def _room(folder: Path, prefix: str) -> Iterator[Path]:
    clear_dead(folder.glob(f"{prefix}*"))
    with TemporaryDirectory(prefix=prefix, dir=folder) as made, at_work(Path(made)):
        yield Path(made) / MEMBER


def restore(reader: Reader, database: Path) -> None:
    """In one transaction of SQLite's: who reads meanwhile sees the one or the other, whatever is killed. Raises
    `RefusedError`."""
    with (
        _unpacked(reader, database) as copy,
        closing(sqlite3.connect(copy)) as source,
        closing(sqlite3.connect(database, timeout=PATIENCE)) as target,
    ):
        target.execute("PRAGMA synchronous = FULL")
        source.backup(target, progress=_impatient(database), sleep=0.1)


def replace(reader: Reader, database: Path, kept: Path) -> bool:
    """In the place of files that no transaction can be written into, or of none. Whether there were any is returned:
    they are in `kept` then, a new folder beside the database. Raises `RefusedError`."""
    with _unpacked(reader, database) as copy:
        with copy.open("rb") as opened:
            os.fsync(opened.fileno())
        return take_place(copy, database, kept)


@contextmanager
def _unpacked(reader: Reader, database: Path) -> Iterator[Path]:
    """Beside the database, and ready to be it."""
    with _said(f"{database} cannot be replaced, and is as it was"), _room(database.parent, RESTORES) as copy:
        with copy.open("wb") as opened:
            for piece in reader.pieces(MEMBER):
                opened.write(piece)
        _check(copy)
        _sign_everybody_out(copy)
        yield copy


def _check(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as opened:
        [[answer]] = opened.execute("PRAGMA quick_check(1)").fetchall()
    if answer != "ok":
        raise RefusedError(f"The database in the backup is damaged: {answer}")


def _sign_everybody_out(copy: Path) -> None:
    """Before it is in place: whoever was signed in at the time of the backup may have lost that right since."""
    with closing(sqlite3.connect(copy)) as opened, opened:
        if opened.execute("SELECT 1 FROM sqlite_master WHERE name = 'django_session'").fetchone():
            opened.execute("DELETE FROM django_session")


def _impatient(database: Path) -> Callable[[int, int, int], None]:
    """SQLite itself would wait for ever."""
    deadline = time.monotonic() + PATIENCE

    def look(status: int, _remaining: int, _total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > deadline:
            raise RefusedError(f"{database} is in use: stop what uses it, then try again. Nothing was changed.")

    return look


def is_damaged(database: Path) -> bool:
    """It can neither be copied nor be written into. Raises `RefusedError` where that cannot be known: the disk is
    full, for one."""
    with _said(f"{database} cannot be read, and is as it was"):
        try:
            with closing(sqlite3.connect(database, timeout=PATIENCE)) as opened:
                return bool(opened.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
        except sqlite3.DatabaseError as error:
            if not error.sqlite_errorname.startswith(_DAMAGE):
                raise
            return True


_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_SHORT_READ")
