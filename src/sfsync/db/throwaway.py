"""A copy of our own SQLite file for work that is thrown away: while it lasts, others may write to the file itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection


@contextmanager
def on_a_copy() -> Iterator[None]:
    """What this thread reads and writes in here is the copy's. Where nobody would have to wait (PostgreSQL), nobody
    else is (in memory), or a transaction has begun already, it is the database itself."""
    if connection.vendor != "sqlite" or connection.in_atomic_block or not Path(_file()).is_file():
        yield
        return
    settings = connection.settings_dict
    with TemporaryDirectory(prefix="sfsync-") as folder:
        copy = str(Path(folder) / "copy.sqlite3")
        _copy_to(copy)
        connection.settings_dict = {**settings, "NAME": copy}
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict = settings


def _copy_to(path: str) -> None:
    """Raises `DatabaseError`, as where the temporary folder is full."""
    connection.ensure_connection()
    with connection.wrap_database_errors, closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
    connection.close()


def _file() -> str:
    return str(connection.settings_dict["NAME"])
