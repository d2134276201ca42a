"""What sfsync writes is for the account that it runs as: files 0600 and folders 0700, whatever the umask was."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import BinaryIO

OTHERS = 0o077


def keep_private(database: str | Path) -> None:
    """For the rest of this process; and the database of an earlier version, which others could read, as well."""
    os.umask(OTHERS)
    for path in files_of(database):
        if path.is_file() and path.stat().st_mode & OTHERS and path.stat().st_uid == os.getuid():
            with suppress(OSError):  # a file system that is read-only: the doctor says who can read it
                path.chmod(0o600)


def files_of(database: str | Path) -> list[Path]:
    """An SQLite database and what SQLite keeps beside it."""
    return [Path(f"{database}{ending}") for ending in ("", "-wal", "-shm", "-journal")]


def write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, and on the disk when it returns; whatever the mode of a file that was there. Raises
    `OSError`."""
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """The same for what is written piece by piece: `path` is the new file once the block has ended well. A device or a
    folder is left as it is."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is there, and is no file")
    with _draft(path) as (draft, file):
        yield file
        to_disk(file)
        draft.replace(path)
    keep_name(path.parent)


def write_private_once(path: Path, content: bytes) -> None:
    """The same, where no file is there yet. The first of two writers wins: the other then reads the winner's."""
    with _draft(path) as (draft, file), suppress(FileExistsError):
        file.write(content)
        to_disk(file)
        path.hardlink_to(draft)
    keep_name(path.parent)


@contextmanager
def _draft(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file, at_work(draft):
            yield draft, file
    finally:
        draft.unlink(missing_ok=True)


def drafts_of(path: Path) -> list[Path]:
    return list(path.parent.glob(f".{escape(path.name)}.????????"))


@contextmanager
def at_work(draft: Path) -> Iterator[None]:
    """On a file or a folder, as `clear_dead` sees it: the lock ends with the process."""
    opened = os.open(draft, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(opened)


def clear_dead(drafts: Iterable[Path]) -> None:
    """What those who were killed left behind; not what somebody is at work on."""
    for draft in drafts:
        with suppress(OSError):
            _clear(draft)


def _clear(draft: Path) -> None:
    opened = os.open(draft, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(draft) if draft.is_dir() else draft.unlink()
    finally:
        os.close(opened)


def to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def keep_name(folder: Path) -> None:
    """The names in it are on the disk; where a file system cannot do that for a folder, in its own time."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(opened)
    finally:
        os.close(opened)
