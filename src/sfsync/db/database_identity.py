"""Which database this is: another one, or the same after it was restored, copied or promoted, answers differently."""

from __future__ import annotations

from pathlib import Path

from django.db import connection

_POSTGRESQL = """
    SELECT pg_postmaster_start_time(), (SELECT oid FROM pg_database WHERE datname = current_database()),
        'sfsync_told'::regclass::oid
"""
"""When the server started (no two do at the same microsecond), the database in it, and a table in that. Any account may
ask for these, at whatever host."""


def database_identity() -> str:
    """Of SQLite the file, of PostgreSQL what a promotion, a restart or a restore changes.

    The same answer proves nothing (a backup may be copied over the file that is there); another one is a sign.
    """
    if connection.vendor == "sqlite":
        return _of_file(str(connection.settings_dict["NAME"]))
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL)
        return " ".join(str(each) for each in cursor.fetchone())


def _of_file(name: str) -> str:
    """A number that the file keeps when its folder is mounted elsewhere. In memory there is none."""
    try:
        return str(Path(name).stat().st_ino)
    except OSError:
        return ""
