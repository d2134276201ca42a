"""What was measured, and what was aimed at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.child import Spent


@dataclass(frozen=True, slots=True)
class Load:
    """So many changed orders, and the world they meet. `paced`: the API's real rate limit. `minute`: slow tickets."""

    orders: int
    database: str = "sqlite"
    paced: bool = False
    minute: bool = False

    @property
    def title(self) -> str:
        marks = ["paced"][: self.paced] + ["tickets of a minute"][: self.minute]
        return ", ".join([f"{self.orders:,} orders", self.database, *marks])


@dataclass(frozen=True, slots=True)
class Floor:
    """The bare client with the same payloads."""

    spent: Spent
    requests: int


@dataclass(frozen=True, slots=True)
class Pass:
    """One run of the command over a load. `floor` may serve several. `watch` is the report of a second, equal run."""

    load: Load
    name: str
    spent: Spent
    requests: int
    floor: Floor | None = None
    watch: dict[str, Any] | None = None

    @property
    def statements(self) -> tuple[int, int] | None:
        """For our database, and for the shop's."""
        return statements_of(self.watch) if self.watch else None

    @property
    def cpu_in_floors(self) -> float | None:
        return self.spent.cpu / self.floor.spent.cpu if self.floor else None


def statements_of(watch: dict[str, Any]) -> tuple[int, int]:
    shares = watch["shares"].values()
    return sum(each["ours"] for each in shares), sum(each["shop"] for each in shares)


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure that is not a load's, with its sentence."""

    name: str
    shown: str


@dataclass(frozen=True, slots=True)
class Target:
    """An aim of the project beside what was measured."""

    name: str
    aim: float
    measured: float
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.measured <= self.aim


@dataclass(slots=True)
class Figures:
    """All of one run of the benchmark."""

    passes: list[Pass] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def add(self, *passes: Pass) -> None:
        self.passes += passes
        for each in passes:
            self.targets += targets_of(each)

    def compare_sizes(self) -> None:
        """Ten times the orders cost at most eleven times as much, and no more memory."""
        self.targets += growth(self.passes)


LARGE = 10_000
"""The size from which the targets per order hold; below it the fixed cost of a run counts. Seconds are compared with
those of the floor in the same run: a slower machine misses no target for being slower."""


def targets_of(one: Pass) -> Iterator[Target]:
    load, name = one.load, f"{one.load.title}, {one.name}"
    yield Target(f"peak memory: {name}", 150, one.spent.peak_mb, "MB")
    if load.orders < LARGE:
        return
    yield Target(f"requests per order: {name}", 0.025 if load.minute else 0.0205, one.requests / load.orders)
    if one.statements:
        yield Target(f"SQL statements per order: {name}", 0.1, sum(one.statements) / load.orders)
    if one.cpu_in_floors is not None and not load.paced and load.database == "sqlite":
        yield Target(f"CPU, in floors: {name}", 5, one.cpu_in_floors)
    if one.floor and load.paced:
        yield Target(f"time, in floors: {name}", 1.05, one.spent.seconds / one.floor.spent.seconds)


def growth(passes: Sequence[Pass]) -> Iterator[Target]:
    by_kind = {(each.load, each.name): each for each in passes}
    for (load, name), large in by_kind.items():
        small = by_kind.get((Load(load.orders // 10, load.database, load.paced, load.minute), name))
        if small and small.load.orders >= LARGE:
            what = f"{load.title} beside {small.load.orders:,}, {name}"
            yield Target(f"time, times over: {what}", 11, large.spent.seconds / small.spent.seconds)
            yield Target(f"peak memory, times over: {what}", 1.1, large.spent.peak_mb / small.spent.peak_mb)
