"""Our own SQLite file, deleted or replaced while a process has it open: the process could go on with what it has, and
nobody else would ever see what it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

_there: set[str] = set()
"""The files that this process has found in their place."""
_opened: WeakKeyDictionary[BaseDatabaseWrapper, tuple[int, int] | None] = WeakKeyDictionary()


def note_file(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """For `connection_created`."""
    if connection.vendor == "sqlite":
        _opened[connection] = _file(connection)
        if _opened[connection]:
            _there.add(_name(connection))


def leave_replaced_file(**_signal: Any) -> None:
    """Before a page is shown: the next statement opens the file that lies there now."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block and is_replaced(connection):
            connection.close()


def hold_to_file() -> None:
    """Before a run: the same; and where no file is left, SQLite makes no empty one. Raises `OperationalError`."""
    leave_replaced_file()
    for connection in connections.all():
        if _name(connection) in _there and _file(connection) is None:
            raise OperationalError(f"its file {_name(connection)} was deleted")


def is_replaced(connection: BaseDatabaseWrapper) -> bool:
    """Another file, or none, lies where this connection's was."""
    return connection.connection is not None and connection in _opened and _opened[connection] != _file(connection)


def _file(connection: BaseDatabaseWrapper) -> tuple[int, int] | None:
    """None in memory, and where it is gone."""
    try:
        found = Path(_name(connection)).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _name(connection: BaseDatabaseWrapper) -> str:
    return str(connection.settings_dict["NAME"])
