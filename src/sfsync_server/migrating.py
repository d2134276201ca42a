"""sfsync's own tables, brought up to date by one process at a time; never those of a newer sfsync."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from sfsync.models import Release
from sfsync_server.backups.taking_place import RESTORES, settle, unsettled
from sfsync_server.own_database import is_pooled, limit_account, limits
from sfsync_server.private_files import clear_dead

LOCK = 0x73667379
"""Of PostgreSQL's advisory locks, the one with this number is ours."""


class TablesError(Exception):
    """The tables cannot be made or brought up to date: they are a newer sfsync's, or about to come from a backup. In a
    sentence."""


def bring_up_to_date(lease_seconds: int) -> list[str]:
    """Several processes may start at once: one migrates, the others wait and find nothing to do. What people should
    know of it, in sentences. Raises `TablesError`, and then nothing was changed."""
    with alone():
        refuse_cut_off()
        refuse_newer()
        call_command("migrate", interactive=False, verbosity=0)
        if is_pooled(connection):
            limit_account(connection, limits(lease_seconds))
        return note(version("sfsync"))


def refuse_cut_off() -> None:
    """Where a restore was cut off before there was a database, new tables would pass for those of the backup."""
    left = list(_database().parent.glob(f"{RESTORES}*")) if connection.vendor == "sqlite" else []
    if left and not has_tables():
        raise TablesError(
            "A restore was cut off before its database was in place, and there is none yet: run `sfsync restore` "
            f"again. To begin anew without it, remove {left[0]}. Nothing was changed."
        )
    clear_dead(left)


def has_tables() -> bool:
    """Ours; in an SQLite file, whoever's: it is replaced whole."""
    if connection.vendor == "sqlite":
        return _database().is_file() and bool(connection.introspection.table_names())
    return MigrationRecorder(connection).has_table()


def _database() -> Path:
    return Path(connection.settings_dict["NAME"])


def after_a_kill() -> list[str]:
    """What a restore that was cut off left in the middle is settled, before a command works with it. In sentences."""
    if connection.vendor != "sqlite" or not unsettled(_database()):
        return []
    with alone():
        return settle(_database())


def refuse_newer() -> None:
    if unknown := not_known(MigrationRecorder(connection).applied_migrations()):
        raise TablesError(
            f"The database is that of a newer sfsync: {version('sfsync')} does not know its {unknown[-1]}. Install the "
            "newer version again, or restore a backup made before it. Nothing was changed."
        )


def not_known(applied: Iterable[tuple[str, str]]) -> list[str]:
    """Of these migrations, the names of those that a newer sfsync brought."""
    known = MigrationLoader(None).graph.nodes
    return sorted(name for app, name in applied if app == "sfsync" and (app, name) not in known)


def note(installed: str) -> list[str]:
    """Keep that this version was here; a warning where one was left out on the way."""
    latest = Release.objects.last()
    Release.objects.get_or_create(version=installed)
    if latest and skips(latest.version, installed):
        return [f"From {latest.version} to {installed}, a version was skipped: read its part of the changelog too."]
    return []


def skips(old: str, new: str) -> bool:
    """What asks something of people is a new minor version, or a new major one."""
    (old_major, old_minor), (new_major, new_minor) = (tuple(map(int, each.split(".")[:2])) for each in (old, new))
    return new_minor > old_minor + 1 if new_major == old_major else new_major > old_major + 1


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else makes, changes or replaces the tables meanwhile."""
    with _by_server() if connection.vendor == "postgresql" else _by_file(connection.settings_dict["NAME"]):
        yield


@contextmanager
def _by_server() -> Iterator[None]:
    """By the open transaction of a connection of its own, which no pool can hand to others meanwhile."""
    holder = connection.copy()
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            for name in limits(0):
                cursor.execute(f"SET LOCAL {name} = 0")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            yield
    finally:
        holder.close()


@contextmanager
def _by_file(database: str) -> Iterator[None]:
    """The lock is on the open file, which stays, and ends with the process."""
    lock = os.open(Path(database).with_name("migrate.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
