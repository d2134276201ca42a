"""A backup a day into home, the last of them kept, by the service (SFSYNC_BACKUPS)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from django.db import DatabaseError, connection

from sfsync_server.backups.archive import RefusedError
from sfsync_server.backups.keeping import make
from sfsync_server.backups.sqlite import DRAFTS
from sfsync_server.environment import Environment
from sfsync_server.private_files import clear_dead

logger = logging.getLogger("sfsync.backups")
FOLDER = "backups"
NAME = "sfsync-%Y%m%d-%H%M%S.zip"
EVERY = timedelta(hours=24)
LOOKS_EVERY = 60.0
"""Seconds."""
LATE = timedelta(hours=2)


def start(environment: Environment) -> None:
    """Beside the runs, for as long as the process lives; what its end cuts off is cleared away by the next backup."""
    if environment.backups:
        threading.Thread(target=_go_on, args=[environment], name="backups", daemon=True).start()


def _go_on(environment: Environment) -> None:
    folder, pause = environment.home / FOLDER, threading.Event()
    while True:
        try:
            make_due(folder, environment.backups, datetime.now(UTC), partial(make, environment=environment))
        except (RefusedError, DatabaseError, OSError) as error:
            logger.error("The backup of today could not be made: %s", error)
        finally:
            connection.close()
        pause.wait(LOOKS_EVERY)


def make_due(folder: Path, keep: int, now: datetime, write: Callable[[Path], object]) -> None:
    """A backup where the last one is a day old; of the oldest ones so many go that `keep` stay. What somebody else put
    there stays and counts as none, and so does one of a day to come, when the clock was wrong."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if all(_made(each) + EVERY <= now for each in _until(now, folder)):
        _clear(folder)
        write(folder / f"{now:{NAME}}")
    for old in _until(now, folder)[:-keep]:
        old.unlink()


def missed(environment: Environment, now: datetime) -> Iterator[str]:
    """Why the backups are not what SFSYNC_BACKUPS promises, for the doctor; nothing where none are wanted."""
    if not environment.backups:
        return
    made = _until(now, environment.home / FOLDER)
    if made and _made(made[-1]) + EVERY + LATE > now:
        return
    last = f"the last is of {_made(made[-1]):%Y-%m-%d %H:%M} UTC" if made else "there is none yet"
    yield (
        f"SFSYNC_BACKUPS is {environment.backups}, and no backup was made today: {last}. `sfsync run` or `sfsync up`"
        " makes them while it runs, and says in its output why one cannot be made."
    )


def _until(now: datetime, folder: Path) -> list[Path]:
    """Ours, the oldest first."""
    return sorted(each for each in folder.glob("sfsync-*.zip") if _is_ours(each) and _made(each) <= now)


def _is_ours(file: Path) -> bool:
    with suppress(ValueError):
        return f"{_made(file):{NAME}}" == file.name
    return False


def _made(backup: Path) -> datetime:
    return datetime.strptime(backup.name, NAME).replace(tzinfo=UTC)


def _clear(folder: Path) -> None:
    """What a backup that was killed left behind."""
    clear_dead([*folder.glob(f"{DRAFTS}*"), *folder.glob(".sfsync-*.zip.*")])
