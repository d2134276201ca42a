"""How the commands talk: a table or a JSON document on stdout, a sentence and a status where something is wrong.

A sync that says nothing (every minute, from a crontab) does not load what draws tables.
"""

from __future__ import annotations

import functools
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, ParamSpec, TypeVar

import typer

from sfsync_server.streams import holds_everything

if TYPE_CHECKING:
    from rich.console import Console

    from sfsync.models import Store

PIPED = None if sys.stdout and sys.stdout.isatty() else 240
"""Columns of a table that no terminal shows: wide enough for grep."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")]
StoreOption = Annotated[str, typer.Option("--store", help="Only this store, by its name.")]

USAGE = 2
MOST_SECONDS = 24 * 3600
"""That a command waits."""
MOST_ROWS = 100_000
"""That a command prints."""
LONGEST_TEXT = 1000
"""Characters that are searched for."""
NO_STORE = "There is no enabled store. Write a file of stores and run `sfsync apply FILE`."

P = ParamSpec("P")
T = TypeVar("T")


def with_stamps(command: Callable[P, T]) -> Callable[P, T]:
    """The command writes every moment alike, in columns and in sentences: `2025-11-21 22:35:21`."""

    @functools.wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        from sfsync import texts

        with texts.moments_as_stamps():
            return command(*args, **kwargs)

    return told


def number(given: float) -> float:
    """As an option: `nan` is within every range, and is no number of anything."""
    if math.isnan(given):
        raise typer.BadParameter("nan is not a number.")
    return given


def seconds(flag: str, what: str) -> Any:
    """An option for how long a command waits, a day at most."""
    return typer.Option(flag, min=0, max=MOST_SECONDS, callback=number, help=what)


def searched(given: str) -> str:
    """As an option: a database refuses to look for more than so many characters."""
    if len(given) > LONGEST_TEXT:
        raise typer.BadParameter(f"the text is too long: at most {LONGEST_TEXT} characters.")
    return given


def clean(text: object) -> str:
    """Without control and direction characters: what a marketplace says must not move the terminal's cursor."""
    return "".join(each if each.isprintable() else " " for each in str(text))


@functools.cache
def console() -> Console:
    from rich.console import Console

    return Console(soft_wrap=True, width=PIPED)


@functools.cache
def errors() -> Console:
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True)


def say(text: object, style: str = "") -> None:
    console().print(clean(text), style=style or None, markup=False, emoji=False, highlight=False)


def warn(text: object) -> None:
    """On stderr."""
    errors().print(str(text), markup=False, emoji=False, highlight=False)


def stop(text: object, status: int = 1) -> NoReturn:
    with suppress(OSError):  # the status says it too
        warn(text)
    raise typer.Exit(status)


def print_json(document: Any) -> None:
    json.dump(document, sys.stdout, ensure_ascii=not holds_everything(), indent=2, default=str)
    sys.stdout.write("\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A line a row, or more where the terminal is narrow; the sentence `empty`, if any, where there is none."""
    from rich.table import Column, Table
    from rich.text import Text

    headed = (Column(each, overflow="fold") for each in columns)
    table = Table(*headed, header_style="bold", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text("" if cell is None else clean(cell)) for cell in row))
    if table.row_count:
        console().print(table)
    elif empty:
        say(empty)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on a terminal, nothing elsewhere. Gives the call that moves it on by one."""
    if not (sys.stderr and sys.stderr.isatty()):
        yield lambda: None
        return
    from rich.progress import Progress

    with Progress(console=errors(), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def stores_named(name: str) -> list[Store]:
    """Every enabled store, or the one of that name; a usage error when there is none."""
    from sfsync.models import Store

    if not name:
        return list(Store.objects.filter(enabled=True))
    found = list(Store.objects.filter(name=name))
    if not found:
        known = listed(_nearest(name, list(Store.objects.values_list("name", flat=True)))) or "none yet"
        stop(f"There is no store “{name}”. Stores: {known}.", USAGE)
    return found


def _nearest(name: str, names: list[str]) -> list[str]:
    """Those first that were probably meant."""
    meant = get_close_matches(name, names)
    return [*meant, *(each for each in names if each not in meant)]


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names in a sentence, the first of them where a fleet has thousands."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def no_store() -> str:
    """Why there is nothing to tell of every enabled store."""
    from sfsync.models import Store

    if paused := Store.objects.count():
        return f"No store is enabled: {counted(paused, 'store')} paused. `sfsync fleet resume` switches them on."
    return NO_STORE


def say_left_out(store: str) -> None:
    """Beside what is told of every enabled store (no `store` was named): nothing of a paused one is in it."""
    from sfsync.models import Store

    paused = 0 if store else Store.objects.filter(enabled=False).count()
    if paused:
        warn(f"Without {counted(paused, 'paused store')}: --store NAME names one.")


def person() -> str:
    """Who is at the command line, for the record of changes."""
    import getpass

    from sfsync.texts import COMMAND_LINE

    try:
        return f"{getpass.getuser()} ({COMMAND_LINE})"
    except (KeyError, OSError):
        return COMMAND_LINE
