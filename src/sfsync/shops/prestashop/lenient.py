"""Texts of a shop's database that are not what their character set says: a byte that an import has left in one row must
not keep the others from being read."""

from __future__ import annotations

import codecs
import sqlite3
from typing import Any

_PREFIX = "replacing_"


def is_undecodable(error: BaseException) -> bool:
    """A text came that cannot be read, over a connection that is well. SQLite's driver says so in words alone."""
    driver = getattr(error, "orig", None) or error
    return isinstance(driver, UnicodeDecodeError) or str(driver).startswith("Could not decode to UTF-8")


def replace_undecodable(connection: Any) -> None:
    """From now on � stands where bytes are no text."""
    if isinstance(connection, sqlite3.Connection):
        connection.text_factory = lambda text: text.decode(errors="replace")
    else:
        connection.encoding = _PREFIX + connection.encoding


def _replacing(name: str) -> codecs.CodecInfo | None:
    if not name.startswith(_PREFIX):
        return None
    inner = codecs.lookup(name.removeprefix(_PREFIX))
    return codecs.CodecInfo(inner.encode, lambda text, _errors="": inner.decode(text, "replace"), name=name)


codecs.register(_replacing)
"""The driver of MySQL and MariaDB takes the name of a codec, and no way with errors."""
