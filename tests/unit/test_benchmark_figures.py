"""The benchmark's arithmetic: what is compared with which target."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.capacity import Cost, needs
from benchmarks.child import Spent
from benchmarks.figures import Figures, Floor, Load, Pass


def spent(seconds: float, cpu: float = 1.0, peak_mb: float = 100.0) -> Spent:
    return Spent(seconds=seconds, cpu=cpu, peak_mb=peak_mb, status=0, output="")


def watch(ours: int, shop: int) -> dict[str, Any]:
    return {"shares": {"settle": {"ours": ours, "shop": 0}, "sweep": {"ours": 0, "shop": shop}}}


def told(figures: Figures) -> dict[str, tuple[float, bool]]:
    """Target by the words before its load → what was measured (to four places), and whether it is met."""
    return {each.name.partition(":")[0]: (round(each.measured, 4), each.met) for each in figures.targets}


def test_an_order_is_compared_with_the_floor() -> None:
    figures = Figures()
    floor = Floor(spent(1, cpu=1.0), 200)
    figures.add(Pass(Load(10_000), "first run", spent(6, cpu=6.5), 206, floor, watch(900, 101)))
    assert told(figures) == {
        "peak memory": (100.0, True),
        "requests per order": (0.0206, False),
        "SQL statements per order": (0.1001, False),
        "CPU, in floors": (6.5, False),
    }


def test_a_machine_that_is_half_as_fast_misses_no_target_for_it() -> None:
    met = []
    for slower in (1, 2):
        figures, floor = Figures(), Floor(spent(1 * slower, cpu=1.0 * slower), 200)
        figures.add(Pass(Load(10_000), "first run", spent(5 * slower, cpu=4.9 * slower), 200, floor))
        met.append(told(figures)["CPU, in floors"])
    assert met == [(4.9, True), (4.9, True)]


def test_small_loads_are_judged_by_their_memory_alone() -> None:
    figures = Figures()
    figures.add(Pass(Load(1000), "first run", spent(1, peak_mb=151), 99))
    assert told(figures) == {"peak memory": (151, False)}


@pytest.mark.parametrize(("seconds", "met"), [(41.9, True), (42.1, False)])
def test_the_paced_load_is_judged_by_its_time(seconds: float, met: bool) -> None:
    figures = Figures()
    figures.add(Pass(Load(10_000, paced=True), "first run", spent(seconds), 200, Floor(spent(40), 200)))
    assert told(figures)["time, in floors"] == (round(seconds / 40, 4), met)
    assert "CPU, in floors" not in told(figures)


def test_slow_tickets_may_cost_more_requests() -> None:
    figures = Figures()
    figures.add(Pass(Load(10_000, minute=True), "first run", spent(90), 250))
    assert told(figures)["requests per order"] == (0.025, True)


def test_ten_times_the_orders_are_compared_with_the_tenth() -> None:
    figures = Figures()
    figures.add(Pass(Load(10_000), "first run", spent(5, peak_mb=100), 200))
    figures.add(Pass(Load(100_000), "first run", spent(56, peak_mb=111), 2000))
    figures.compare_sizes()
    assert told(figures)["time, times over"] == (11.2, False)
    assert told(figures)["peak memory, times over"] == (1.11, False)


def test_what_a_fleet_needs_grows_with_its_stores() -> None:
    """10,000 stores every five minutes are 33.3 passes a second; 30 % of the cores are kept free."""
    cost = Cost(cpu=0.021, seconds=0.1, ours=6, shop=4, worker_mb=120)
    small, large = needs(10_000, cost), needs(100_000, cost)
    assert (round(small.cores, 6), small.workers, small.statements) == (1.0, 5, 200.0)
    assert (round(large.cores, 6), large.workers, large.connections) == (10.0, 48, 48)
    assert large.memory_gb == 48 * 120 / 1024


def test_a_fleet_of_few_stores_needs_a_worker_all_the_same() -> None:
    assert needs(1, Cost(cpu=0.021, seconds=0.1, ours=6, shop=4, worker_mb=120)).workers == 1
