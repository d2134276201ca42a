"""An answer that is not shown while it is typed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer


def ask(question: str, *, may_be_empty: bool = False) -> str:
    """What was typed, or pasted, before we asked counts: `getpass` throws it away and waits for it again."""
    answer = _once(question)
    while not answer and not may_be_empty:
        answer = _once(question)
    return answer


def _once(question: str) -> str:
    typer.echo(question, nl=False)
    try:
        with _unseen(sys.stdin.fileno()) as terminal:
            return _line(terminal).strip()
    except (KeyboardInterrupt, EOFError):
        raise typer.Abort from None
    finally:
        typer.echo()


@contextmanager
def _unseen(terminal: int) -> Iterator[int]:
    import termios

    before = termios.tcgetattr(terminal)
    unseen = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(terminal, termios.TCSADRAIN, unseen)
    try:
        yield terminal
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _line(terminal: int) -> str:
    """Byte by byte: what follows is for the next question. Raises `EOFError`."""
    line = bytearray()
    while not line.endswith(b"\n"):
        if not (byte := os.read(terminal, 1)):
            raise EOFError
        line += byte
    return line.decode(errors="replace")
