"""Fourteen days of confirmations and failures as the coordinates of an SVG chart; the table behind it says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT, BASE, GAP = 700, 150, 126, 0.28


@dataclass(frozen=True, slots=True)
class Bar:
    """A day. Heights grow upward from `BASE`; failures stand on confirmations."""

    day: date
    confirmed: int
    failed: int
    x: float
    width: float
    confirmed_y: float
    confirmed_height: float
    failed_y: float
    failed_height: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the axis. `label_y` is where its number stands, above the line."""

    count: int
    y: float

    @property
    def label_y(self) -> float:
        return self.y - 3


@dataclass(frozen=True, slots=True)
class Chart:
    bars: list[Bar]
    ticks: list[Tick]
    top: int
    confirmed: int
    failed: int
    width: int = WIDTH
    height: int = HEIGHT
    base: int = BASE

    @property
    def empty(self) -> bool:
        return not (self.confirmed or self.failed)


def chart_of(figures: Mapping[date, tuple[int, int]], today: date, days: int = 14) -> Chart:
    """`figures`: day → confirmed, failed. Days without any are shown empty."""
    span = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    counts = [figures.get(day, (0, 0)) for day in span]
    top = _round_up(max(sum(pair) for pair in counts))
    bars = [_bar(index, day, pair, top, days) for index, (day, pair) in enumerate(zip(span, counts, strict=True))]
    return Chart(bars, _ticks(top), top, sum(pair[0] for pair in counts), sum(pair[1] for pair in counts))


def _ticks(top: int) -> list[Tick]:
    """The top, and the half of it where that is a whole number."""
    counts = [top] if top % 2 else [top, top // 2]
    return [Tick(count, round(BASE - count * (BASE - 10) / top, 1)) for count in counts]


def _bar(index: int, day: date, pair: tuple[int, int], top: int, days: int) -> Bar:
    slot, scale = WIDTH / days, (BASE - 10) / top
    confirmed, failed = (_visible(count, scale) for count in pair)
    return Bar(
        day,
        *pair,
        x=round(slot * (index + GAP / 2), 1),
        width=round(slot * (1 - GAP), 1),
        confirmed_y=round(BASE - confirmed, 1),
        confirmed_height=round(confirmed, 1),
        failed_y=round(BASE - confirmed - failed, 1),
        failed_height=round(failed, 1),
    )


def _visible(count: int, scale: float) -> float:
    """One failure beside ten thousand confirmations must still be seen."""
    return max(count * scale, 2.0) if count else 0.0


def _round_up(most: int) -> int:
    """The next 1, 2 or 5 followed by zeros: a round number for the top of the chart."""
    power = 10 ** max(len(str(most)) - 1, 0)
    return next((step * power for step in (1, 2, 5, 10) if step * power >= most), 10 * power) if most else 1
