"""Keeping: backup, restore."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sfsync_server.commands import shown

if TYPE_CHECKING:
    from sfsync_server.backups.archive import Manifest


SHOWN = 5
"""Names in a sentence."""


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; a backup that is there is replaced.")],
    with_key: Annotated[
        bool, typer.Option("--with-key", help="With the secret key: whoever has the file can read tokens.")
    ] = False,
) -> None:
    """Write sfsync's own database into FILE. Whole or not at all, while everything runs."""
    from sfsync_server.backups.archive import RefusedError
    from sfsync_server.backups.keeping import make
    from sfsync_server.settings import ENVIRONMENT

    try:
        make(file, ENVIRONMENT, with_key=with_key)
    except RefusedError as error:
        shown.stop(str(error))
    except OSError as error:
        shown.stop(f"{file} cannot be written: {error.strerror}.")
    key = "with the secret key: keep it secret" if with_key else "without the secret key: keep that apart"
    shown.say(f"{file} is written, {key}.")


def restore(
    file: Annotated[Path, typer.Argument(help="What `sfsync backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    while_running: Annotated[
        bool, typer.Option("--while-running", help="Also while a service or a sync works with the database.")
    ] = False,
) -> None:
    """Replace sfsync's own database by the backup in FILE. What was there is kept. Stop what uses it before.

    A backup that is damaged, cut off or of a newer sfsync changes nothing: status 1. Nor does --yes while a service
    or a sync works with the database.
    """
    from sfsync_server.backups.archive import RefusedError
    from sfsync_server.backups.keeping import checked, put_back
    from sfsync_server.settings import ENVIRONMENT

    try:
        with checked(file) as reader:
            _ask(file, reader.manifest, yes, while_running)
            kept = put_back(reader, ENVIRONMENT)
    except RefusedError as error:
        shown.stop(str(error))
    except OSError as error:
        shown.stop(f"{file} cannot be put back: {error.strerror}. Nothing was changed.")
    shown.say(f"The database of {file} is in place." + (f" What was there before is kept in {kept}." if kept else ""))
    _warn_of_secrets(ENVIRONMENT.home)


def _ask(file: Path, manifest: Manifest, yes: bool, while_running: bool) -> None:
    busy = _who_works()
    if yes and busy and not while_running:
        shown.stop(f"{busy} Stop it first, or give --while-running as well. Nothing was changed.")
    if yes:
        return
    if not sys.stdin.isatty():
        shown.stop("There is no terminal to ask on: give --yes to replace the database.", shown.USAGE)
    shown.say(f"{file} was made {manifest.made} by sfsync {manifest.version}. It will replace sfsync's own database.")
    shown.say(f"{busy} Stop the service and the back office first.".strip())
    if not typer.confirm("Go on?"):
        shown.stop("Nothing was changed.")


def _who_works() -> str:
    """In a sentence; empty where nobody is known to, or the database cannot be read."""
    from django.db import DatabaseError
    from django.utils import timezone

    from sfsync_server.backups.who_works import at_work
    from sfsync_server.migrating import has_tables

    found: list[str] = []
    with suppress(DatabaseError):
        if has_tables():  # SQLite would make an empty file
            found = at_work(timezone.now())
    return f"At work on the database: {_named(found)}." if found else ""


def _named(all_of_them: Sequence[str]) -> str:
    more = f" and {len(all_of_them) - SHOWN} more" if len(all_of_them) > SHOWN else ""
    return ", ".join(all_of_them[:SHOWN]) + more


def _warn_of_secrets(home: Path) -> None:
    """What the keys of this machine do not open, and how to bring the one that does."""
    from django.db import transaction

    from sfsync.db.stored_secrets import StoredSecrets

    with transaction.atomic():
        closed = list(dict.fromkeys(map(str, StoredSecrets().unreadable())))
    if not closed:
        return
    shown.warn(
        "Without the key of the machine where the backup was made, its secrets stay closed: tokens, shops' passwords "
        f"and authenticator apps of {_named(closed)}. Nothing is lost: add what the file secret-key "
        f"in that machine's home holds to {home / 'former-secret-key'}, a line for each key (or its SFSYNC_SECRET_KEY "
        "to SFSYNC_FORMER_SECRET_KEYS here), then run `sfsync doctor`. Or enter them again."
    )
