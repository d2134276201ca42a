"""Standard input and output as a shell, a service manager or a locale gave them to us, made fit to talk through."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EPIPE}


@contextmanager
def usable() -> Iterator[None]:
    """For a command. A stream that was closed leads nowhere, and a character that an output's encoding lacks is `?`.

    An output that cannot be written to its end is a sentence and status 1, never a traceback.
    """
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        try:
            yield
        finally:
            _flush_errors()
            sys.stdout.flush()
    except OSError as error:
        if error.filename is not None or error.errno not in UNWRITABLE:
            raise
        _end(error)


def _open_closed() -> None:
    """Each takes its own number again, or a file that is opened later gets it, and what is printed goes in there."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _lead_nowhere(number)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))


def _lead_nowhere(number: int) -> None:
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)


def _flush_errors() -> None:
    """Nobody can be told that the error output cannot be written: the status stays what it is."""
    try:
        sys.stderr.flush()
    except OSError:
        _lead_nowhere(2)


def _end(error: OSError) -> NoReturn:
    """Whoever closed the other end of a pipe knows. What is left in the buffer must not fail again at the exit."""
    _lead_nowhere(1)
    if error.errno != errno.EPIPE:
        tell(f"The output cannot be written: {error.strerror}.")
        _flush_errors()
    sys.exit(1)


def tell(sentence: object) -> None:
    """On the error output, if anybody can read it."""
    with suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)  # noqa: T201


def holds_everything() -> bool:
    """Can the output hold any character?"""
    return (sys.stdout.encoding or "").lower().replace("_", "-").startswith("utf-")
