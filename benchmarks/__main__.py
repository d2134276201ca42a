"""`python -m benchmarks`, also as `make bench ARGS="--paced"`."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import fleet as fleets
from benchmarks import fleet_work, report, scenarios, side_by_side
from benchmarks import night as nights
from benchmarks.figures import Figures, Load
from benchmarks.rig import Rig, rig


class Database(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def main(
    sizes: Annotated[list[int] | None, typer.Option("--size", min=1, help="Changed orders; may be repeated.")] = None,
    database: Annotated[
        list[Database] | None, typer.Option(help="Where sfsync keeps its tables; may be repeated.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="100,000 orders as well.")] = False,
    paced: Annotated[bool, typer.Option("--paced", help="Also at the real rate limit, 10 requests every 2 s.")] = False,
    minute: Annotated[bool, typer.Option("--minute", help="Also with tickets that take a minute.")] = False,
    live: Annotated[int, typer.Option(min=0, help="Changes followed in real time; 0 for none.")] = 60,
    among: Annotated[int, typer.Option(min=0, help="Also one change among so many orders.")] = 0,
    stores: Annotated[int, typer.Option(min=0, help="Also a turn of the service over so many stores.")] = 0,
    fleet: Annotated[
        bool,
        typer.Option("--fleet", help="Only a fleet: its stores on PostgreSQL, one token in four processes."),
    ] = False,
    fleet_size: Annotated[int, typer.Option(min=1, help="So many stores.")] = 10_000,
    night: Annotated[int, typer.Option(min=0, help="Orders that a night's comparison goes over; 0 for none.")] = 10_000,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    write: Annotated[Path | None, typer.Option(help="Write Markdown to this file.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Status 1 when a target is missed.")] = False,
) -> None:
    """The cost of an order, compared with the floor."""
    chosen = sizes or ([1000, 10_000, 100_000] if full else [1000, 10_000])
    databases = [each.value for each in database or [Database.SQLITE]]
    loads = [Load(size, name) for name in databases for size in chosen]
    slow = min(max(chosen), AT_MOST)
    loads += [Load(slow, name, paced=True) for name in databases if paced]
    loads += [Load(slow, name, minute=True) for name in databases if minute]
    figures = Figures()
    with rig() as world:
        if fleet:
            _fleet(world, fleet_size, figures)
            loads = databases = []
        _measure(world, loads, figures)
        for name in databases:
            _beside(world, name, figures, live=live, among=among, stores=stores)
        for name in databases:
            _looked(world, Load(slow, name, paced=True), figures, night=night, paced=paced)
    figures.compare_sizes()
    _tell(figures, as_markdown, write)
    if strict and not all(target.met for target in figures.targets):
        raise typer.Exit(1)


_errors = Console(stderr=True)
AT_MOST = 10_000
"""Orders of the loads that have to wait: at the API's real rate limit these take 40 s, 100,000 would take 7 minutes."""
WIDTH = 160
"""Columns where the output is no terminal."""


def _fleet(world: Rig, stores: int, figures: Figures) -> None:
    with _errors.status(f"{stores:,} stores …"):
        fleets.many(world, stores, figures)
    # Both mostly wait, for minutes: neither is faster for the other.
    with (
        _errors.status("one token in several processes, and shops that do not answer …"),
        ThreadPoolExecutor(1) as pool,
    ):
        aside = pool.submit(fleet_work.troubled_shops, world, figures)
        fleets.one_token(world, figures)
        aside.result()
    with _errors.status("fifty real-time stores …"):
        side_by_side.fifty(world, figures)
    with _errors.status("workers, and what they are in for …"):
        fleet_work.work(world, figures)


def _measure(world: Rig, loads: list[Load], figures: Figures) -> None:
    if not loads:
        return
    with _errors.status("warming up …"):
        scenarios.warm_up(world)
    for load in loads:
        with _errors.status(f"{load.title} …"):
            scenarios.changed_orders(world, load, figures)


def _beside(world: Rig, database: str, figures: Figures, *, live: int, among: int, stores: int) -> None:
    with _errors.status("real time, and many …"):
        if live:
            scenarios.real_time(world, live, database, figures)
        if among:
            scenarios.one_among_many(world, among, database, figures)
        if stores:
            scenarios.many_stores(world, stores, database, figures)


def _looked(world: Rig, load: Load, figures: Figures, *, night: int, paced: bool) -> None:
    with _errors.status("what the marketplaces say …"):
        if night:
            nights.differences(world, night, load.database, figures)
        if paced:
            nights.deadlines(world, load, figures)


def _tell(figures: Figures, as_markdown: bool, write: Path | None) -> None:
    options = " ".join(sys.argv[1:])
    page = report.markdown(figures, f'make bench ARGS="{options}"' if options else "make bench")
    if write:
        write.write_text(page, encoding="utf-8")
    if as_markdown:
        print(page)
    else:
        report.show(figures, Console(width=None if sys.stdout.isatty() else WIDTH))


if __name__ == "__main__":
    typer.run(main)
