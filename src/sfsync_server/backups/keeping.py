"""A backup made, and put back, whichever database is ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

from sfsync_server.backups import postgresql, sqlite
from sfsync_server.backups.archive import Reader, RefusedError, reading, writing
from sfsync_server.environment import Environment
from sfsync_server.migrating import alone, bring_up_to_date, not_known
from sfsync_server.private_files import write_private
from sfsync_server.secret_keys import keys_put_aside, secret_keys

KEYS = "secret-keys"
"""The member of a backup that has them, one per line, the current one first."""


def make(file: Path, environment: Environment, *, with_key: bool = False) -> None:
    """A backup in `file`, whole or not at all, while everything runs. Raises `RefusedError` and `OSError`."""
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
    with alone(), _kept(environment) as kept:
        _adopt_keys(reader, environment)
        if connection.vendor == sqlite.ENGINE:
            connection.close()
            sqlite.restore(reader, _file())
        else:
            postgresql.restore(reader)
    bring_up_to_date(environment.lease_seconds)
    return kept


def _file() -> Path:
    return Path(connection.settings_dict["NAME"])


@contextmanager
def _kept(environment: Environment) -> Iterator[Path | None]:
    """As a backup of its own, or, where it is damaged, the files as they are."""
    kept = environment.home / f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    if connection.vendor == sqlite.ENGINE and _file().is_file() and sqlite.is_damaged(_file()):
        connection.close()
        with sqlite.set_aside(_file(), kept):
            yield kept
    elif _has_tables():
        make(kept.with_suffix(".zip"), environment)
        yield kept.with_suffix(".zip")
    else:
        yield None


def _has_tables() -> bool:
    if connection.vendor == sqlite.ENGINE and not _file().is_file():
        return False
    return bool(connection.introspection.table_names())


def _adopt_keys(reader: Reader, environment: Environment) -> None:
    """The keys of the backup decrypt from now on, beside those that this machine has."""
    if KEYS not in reader.manifest.members:
        return
    theirs = b"".join(reader.pieces(KEYS)).decode().splitlines()
    missing = [key for key in theirs if key not in secret_keys(environment)]
    if missing:
        aside = [*keys_put_aside(environment), *missing]
        write_private(environment.home / "former-secret-key", "\n".join(aside).encode())
