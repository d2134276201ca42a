"""What sfsync writes is for the account that it runs as: files 0600 and folders 0700, whatever the umask was."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    """The same for what is written piece by piece: `path` is the new file once the block has ended well."""
    with _draft(path) as (draft, file):
        yield file
        _to_disk(file)
        draft.replace(path)
    _keep_name(path.parent)


def write_private_once(path: Path, content: bytes) -> None:
    """The same, where no file is there yet. The first of two writers wins: the other then reads the winner's."""
    with _draft(path) as (draft, file), suppress(FileExistsError):
        file.write(content)
        _to_disk(file)
        path.hardlink_to(draft)
    _keep_name(path.parent)


@contextmanager
def _draft(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            yield draft, file
    finally:
        draft.unlink(missing_ok=True)


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _keep_name(folder: Path) -> None:
    """A file system that cannot do that for a folder keeps the name in its own time."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(opened)
    finally:
        os.close(opened)
