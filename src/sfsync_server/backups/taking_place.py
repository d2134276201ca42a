"""A new SQLite file in the place of one that is damaged, or of none: at any moment it is the one or the other.

What was there is first in a folder of its own, too; whatever is killed on the way, that folder says so by its name.
"""

from __future__ import annotations

import os
from pathlib import Path

from sfsync_server.private_files import files_of, keep_name

UNFINISHED = ".unfinished"
KEPT = "before-restore-"
RESTORES = ".sfsync-restore-"
"""Beside the database, while a backup is unpacked: one that is left tells of a restore that was cut off."""


def take_place(copy: Path, database: Path, kept: Path) -> bool:
    """`copy` is on the disk, and on the same one as `database`. Returns whether there was anything to keep. Raises
    `OSError`; all is as it was then."""
    there = [file for file in files_of(database) if file.exists()]
    try:
        if there:
            _name_twice(there, kept.with_name(kept.name + UNFINISHED))
        for beside in there:
            if beside != database:  # SQLite would take its rows for the new database's
                beside.unlink()
        os.replace(copy, database)
        keep_name(database.parent)
    finally:
        settle(database)
    return bool(there)


def _name_twice(files: list[Path], aside: Path) -> None:
    aside.mkdir(mode=0o700)
    for file in files:
        (aside / file.name).hardlink_to(file)
    for folder in (aside, aside.parent):
        keep_name(folder)


def settle(database: Path) -> list[str]:
    """End what was cut off in the middle: the new file is in place, or else the former one is again. In sentences."""
    return [sentence for aside in unsettled(database) if (sentence := _settle(aside, database))]


def unsettled(database: Path) -> list[Path]:
    return sorted(database.parent.glob(f"{KEPT}*{UNFINISHED}"))


def _settle(aside: Path, database: Path) -> str:
    if _is_in_place(aside, database):
        kept = aside.with_name(aside.name.removesuffix(UNFINISHED))
        aside.rename(kept)
        return f"A restore was cut off once its database was in place. What was there before is kept in {kept}."
    _put_back(aside, database)
    return f"A restore was cut off, and {database} is again what it was before: run `sfsync restore` again."


def _is_in_place(aside: Path, database: Path) -> bool:
    """The new one: the former one has a second name in the folder from the beginning."""
    former = aside / database.name
    return database.exists() and any(aside.iterdir()) and not (former.exists() and former.samefile(database))


def _put_back(aside: Path, database: Path) -> None:
    """The database comes last: while it has its second name, this can be cut off as well."""
    for file in reversed(files_of(database)):
        former = aside / file.name
        if former.exists() and file.exists() and former.samefile(file):
            former.unlink()
        elif former.exists():
            former.replace(file)
    aside.rmdir()
