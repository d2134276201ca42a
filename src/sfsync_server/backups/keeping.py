"""A backup made, and put back, whichever database is ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from sfsync_server.backups import postgresql, sqlite
from sfsync_server.backups.archive import Reader, RefusedError, reading, writing
from sfsync_server.backups.taking_place import KEPT
from sfsync_server.environment import Environment
from sfsync_server.migrating import alone, bring_up_to_date, has_tables, not_known
from sfsync_server.private_files import write_private
from sfsync_server.secret_keys import keys_put_aside, secret_keys

KEYS = "secret-keys"
"""The member of a backup that has them, one per line, the current one first."""


def make(file: Path, environment: Environment, *, with_key: bool = False) -> None:
    """A backup in `file`, whole or not at all, while everything runs. Raises `RefusedError` and `OSError`."""
    if not (has_tables() and MigrationRecorder(connection).has_table()):
        raise RefusedError("sfsync has no tables here yet: there is nothing to back up. `sfsync migrate` makes them.")
    with writing(file) as writer:
        if connection.vendor == sqlite.ENGINE:
            manifest = sqlite.write(_file(), writer, file.parent)
        else:
            manifest = postgresql.write(writer)
        if with_key:
            writer.add(KEYS, ["\n".join(secret_keys(environment)).encode()])
        writer.close(manifest)


@contextmanager
def checked(file: Path) -> Iterator[Reader]:
    """A backup that can be put back here. Raises `RefusedError`; nothing was changed then."""
    with reading(file) as reader:
        told = reader.manifest
        if told.engine != connection.vendor:
            raise RefusedError(f"{file} is a backup of {told.engine}, and this deployment uses {connection.vendor}.")
        if unknown := not_known((app, name) for app, _, name in (each.partition(".") for each in told.migrations)):
            raise RefusedError(
                f"{file} is a backup of a newer sfsync ({told.version}): this one does not know its {unknown[-1]}."
            )
        yield reader


def put_back(reader: Reader, environment: Environment) -> Path | None:
    """What was there before is kept, and where is returned. Nobody stays signed in. Raises `RefusedError` and
    `OSError`; the database is as it was then."""
    name = f"{KEPT}{datetime.now(UTC):%Y%m%d-%H%M%S}"
    with alone():
        kept = _replaced(reader, environment, name) if _is_no_use() else _refilled(reader, environment, name)
    bring_up_to_date(environment.lease_seconds)
    return kept


def _is_no_use() -> bool:
    """Nothing can be written into the database: there is none, or it is damaged."""
    return connection.vendor == sqlite.ENGINE and (not _file().is_file() or sqlite.is_damaged(_file()))


def _replaced(reader: Reader, environment: Environment, name: str) -> Path | None:
    """Another file takes its place; what was there is kept as the files it was."""
    kept = _file().with_name(name)
    connection.close()
    _adopt_keys(reader, environment)
    return kept if sqlite.replace(reader, _file(), kept) else None


def _refilled(reader: Reader, environment: Environment, name: str) -> Path | None:
    """In one transaction; what was there is kept as a backup of its own."""
    kept = environment.home / f"{name}.zip" if has_tables() else None
    if kept:
        make(kept, environment)
    _adopt_keys(reader, environment)
    if connection.vendor == sqlite.ENGINE:
        connection.close()
        sqlite.restore(reader, _file())
    else:
        postgresql.restore(reader)
    return kept


def _file() -> Path:
    return Path(connection.settings_dict["NAME"])


def _adopt_keys(reader: Reader, environment: Environment) -> None:
    """The keys of the backup decrypt from now on, beside those that this machine has."""
    if KEYS not in reader.manifest.members:
        return
    theirs = reader.whole(KEYS).decode().splitlines()
    missing = [key for key in theirs if key not in secret_keys(environment)]
    if missing:
        aside = [*keys_put_aside(environment), *missing]
        write_private(environment.home / "former-secret-key", "\n".join(aside).encode())
