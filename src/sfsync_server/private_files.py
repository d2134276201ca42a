"""What sfsync writes is for the account that it runs as: files 0600 and folders 0700, whatever the umask was."""

from __future__ import annotations

import os
from pathlib import Path

OTHERS = 0o077


def keep_private(database: str | Path) -> None:
    """For the rest of this process; and the database of an earlier version, which others could read, as well."""
    os.umask(OTHERS)
    for path in files_of(database):
        if path.is_file() and path.stat().st_mode & OTHERS and path.stat().st_uid == os.getuid():
            path.chmod(0o600)


def files_of(database: str | Path) -> list[Path]:
    """An SQLite database and what SQLite keeps beside it."""
    return [Path(f"{database}{ending}") for ending in ("", "-wal", "-shm", "-journal")]
