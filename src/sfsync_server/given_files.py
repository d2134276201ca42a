"""What a person names or pipes in: never more of it is read than it can hold, and nothing that has no end."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MEGABYTE = 1 << 20
LONGEST_LINE = 10_000
PATIENCE = 10.0
"""Seconds until a pipe (`<(command)`) has ended."""


def read_given(path: Path, megabytes: int = 1, patience: float = PATIENCE) -> bytes:
    """A file, or what comes out of a pipe within `patience`. Raises `OSError`, which says in its `strerror` what is
    wrong: a device, a pipe that does not end, or more than so many megabytes."""
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        kind = os.fstat(opened).st_mode
        if stat.S_ISCHR(kind) or stat.S_ISBLK(kind):
            raise OSError(errno.EINVAL, "it is a device, and no file")
        if stat.S_ISFIFO(kind):
            return _whole(_piped(opened, patience), megabytes)
        return _whole(iter(lambda: os.read(opened, MEGABYTE), b""), megabytes)
    finally:
        os.close(opened)


def _piped(opened: int, patience: float) -> Iterator[bytes]:
    deadline = time.monotonic() + patience
    while select.select([opened], [], [], max(deadline - time.monotonic(), 0))[0]:
        if not (piece := os.read(opened, MEGABYTE)):
            return
        yield piece
    raise OSError(errno.ETIMEDOUT, f"it is a pipe that does not end within {patience:g} seconds")


def _whole(pieces: Iterator[bytes], megabytes: int) -> bytes:
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > megabytes * MEGABYTE:
            raise OSError(errno.EFBIG, f"it is larger than {megabytes} MB")
    return bytes(content)


def first_line(given: BinaryIO) -> str:
    """Of the input, without its end. Raises `ValueError` where it is no text, or too long for a line."""
    line = given.readline(LONGEST_LINE + 1)
    if len(line) > LONGEST_LINE:
        raise ValueError("The first line of the input is too long.")
    return line.decode("utf-8-sig").rstrip("\r\n")
