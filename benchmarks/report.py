"""The figures as tables: on the terminal, and as a page of the documentation."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from itertools import zip_longest
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figures, Floor, Load, Pass

PACKAGES = ("django", "sqlalchemy", "pymysql", "httpx2")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table; the first `words` columns are text, the others numbers."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]]
    words: int = 1


def sheets(figures: Figures) -> list[Sheet]:
    """Those that have rows."""
    steps = [row for each in figures.passes if each.watch for row in _steps(each)]
    drawn = [
        Sheet("Changed orders", _COLUMNS, list(_passes(figures.passes)), 2),
        Sheet("Where it goes", ("load", "step", "s", "CPU s", "SQL ours", "SQL shop"), steps, 2),
        Sheet("Beside that", ("what", "measured"), [(each.name, each.shown) for each in figures.facts], 2),
        Sheet("Targets", ("target", "at most", "measured", ""), list(_targets(figures))),
    ]
    return [sheet for sheet in drawn if sheet.rows]


_COLUMNS = (
    *("load", "what", "s", "CPU s", "CPU ms/order", "requests", "req./order"),
    *("SQL ours", "SQL shop", "SQL/order", "peak MB"),
)


def _passes(passes: Sequence[Pass]) -> Iterator[Sequence[str]]:
    """Each one, and its floor after the last one that stands on it."""
    for one, following in zip_longest(passes, passes[1:]):
        yield _pass(one)
        if one.floor and (following is None or following.floor is not one.floor):
            yield _floor(one.load, one.floor)


def _pass(one: Pass) -> Sequence[str]:
    orders, spent, counted = one.load.orders, one.spent, one.statements
    used = _spent(spent.seconds, spent.cpu, one.requests, orders)
    sql = [str(counted[0]), str(counted[1]), f"{sum(counted) / orders:.4f}"] if counted else ["", "", ""]
    return one.load.title, one.name, *used, *sql, f"{spent.peak_mb:.0f}"


def _floor(load: Load, floor: Floor) -> Sequence[str]:
    used = _spent(floor.spent.seconds, floor.spent.cpu, floor.requests, load.orders)
    return load.title, "floor", *used, "0", "0", "0", f"{floor.spent.peak_mb:.0f}"


def _spent(seconds: float, cpu: float, requests: int, orders: int) -> Sequence[str]:
    return f"{seconds:.2f}", f"{cpu:.2f}", f"{cpu / orders * 1000:.3f}", str(requests), f"{requests / orders:.4f}"


def _steps(one: Pass) -> Iterator[Sequence[str]]:
    shares = (one.watch or {})["shares"]
    for name, share in sorted(shares.items(), key=lambda item: -item[1]["seconds"]):
        if share["seconds"] >= 0.01 or share["ours"] or share["shop"]:
            times = f"{share['seconds']:.2f}", f"{share['cpu']:.2f}"
            yield (f"{one.load.title}, {one.name}", name, *times, str(share["ours"]), str(share["shop"]))


def _targets(figures: Figures) -> Iterator[Sequence[str]]:
    for each in figures.targets:
        verdict = "met" if each.met else "MISSED"
        yield each.name, f"{each.aim:g} {each.unit}".strip(), f"{each.measured:.4g} {each.unit}".strip(), verdict


def machine() -> str:
    """Where and when."""
    model = next((line for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "").partition(":")[2]
    system = next((line for line in _lines("/etc/os-release") if line.startswith("PRETTY_NAME")), "")
    parts = [
        f"{os.cpu_count()} cores ({model.strip() or platform.machine()})",
        system.partition("=")[2].strip('"') or platform.system(),
        f"Python {platform.python_version()}",
        *(f"{name} {metadata.version(name)}" for name in PACKAGES),
        f"{datetime.now(UTC):%Y-%m-%d}",
    ]
    return ", ".join(parts)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def show(figures: Figures, console: Console) -> None:
    console.print(machine())
    for sheet in sheets(figures):
        table = Table(title=sheet.title, title_justify="left", header_style="bold", box=None, pad_edge=False)
        for number, column in enumerate(sheet.columns):
            table.add_column(column, justify="left" if number < sheet.words else "right", no_wrap=True)
        for row in sheet.rows:
            table.add_row(*row, style="red" if row[-1] == "MISSED" else None)
        console.print(table)
        console.print()


INTRODUCTION = """\
# Benchmarks

What an order costs, compared with the floor: the bare client posting the same payloads to the same server and reading
the same tickets, with no database. The shop is a MariaDB, Shopping Feed is the sandbox over HTTP in a process of its
own. Every figure of *Changed orders* is one of the real command `sfsync sync --wait`, its start included; SQL
statements are those of a second, equal run (BEGIN and COMMIT, and what sets up a connection, are not counted).

*first run*: the store's first run ever, which also learns the orders. *all changed*: every order, known by then, is
changed once more. *paced* is at the API's real limit of 10 requests every 2 seconds, *tickets of a minute* wait for
tickets that take that long: both at 10,000 orders.

*Where it goes* is the second, equal run, which counts its statements and is slower for it: time and statements of the
innermost step; `start` is the start of the process. SQL *ours* went to sfsync's own database, *shop* to the shop's.

*A night's comparison* is `sfsync reconcile`, its start included, over orders of which one in ten has a difference of
each kind (R32): it counts only if it finds all of them and nothing else. *with deadlines* is a paced run that also
learns the deadlines of 200 other orders (R25).

Below 10,000 orders the fixed cost of a run counts, so an order's targets are judged from there on. Seconds move with
the machine, on some by a third within an hour: the targets are multiples of the floor's, measured in the same run.
"""


def markdown(figures: Figures, command: str) -> str:
    parts = [INTRODUCTION, f"Made by `{command}`. {machine()}.\n"]
    for sheet in sheets(figures):
        rule = ["---"] * sheet.words + ["---:"] * (len(sheet.columns) - sheet.words)
        lines = [sheet.columns, rule, *sheet.rows]
        parts.append(f"## {sheet.title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines))
    return "\n".join(parts)
