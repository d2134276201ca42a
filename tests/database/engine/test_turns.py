"""A run that others may wait for ends early, and goes on where it stood (R7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sfsync.engine.kit.context import Turn
from sfsync.engine.run import run_store
from sfsync.models import Process, StoreState
from sfsync.testing import World


def test_a_run_whose_turn_is_over_is_due_again_at_once_and_loses_nothing(world: World) -> None:
    """Behind those that wait by then, whatever its schedule says."""
    orders = [world.ship(world.order(), f"TRK-{number}") for number in range(3)]
    run_store(world.store, world.connections, clock=world.now, turn=0)
    process = Process.objects.get(store=world.store)
    assert process.next_run_at == process.finished_at
    assert [world.accepted(order) for order in orders] == [[], [], []]
    for _ in range(9):
        run_store(world.store, world.connections, clock=world.now, turn=0)
    world.sync()
    assert [len(world.accepted(order)) for order in orders] == [1, 1, 1]


def test_a_wait_that_must_be_gone_through_is_not_cut_by_the_turn(world: World) -> None:
    """Behind a database that was started anew, what left a moment before may be listed late: each turn would begin the
    wait again, and nothing would ever be sent."""
    world.ship(world.order(), "TRK-1")
    world.sync()
    StoreState.objects.update(dispatched_on="the same server before it was started anew")
    order = world.ship(world.order(), "TRK-2")
    waited: list[float] = []

    def stop(seconds: float) -> bool:
        waited.append(seconds)
        world.clock.advance(seconds)
        return False

    for _ in range(3):
        run_store(world.store, world.connections, clock=world.now, stop=stop, turn=2)
    assert sum(waited) == pytest.approx(45)
    world.sync()
    assert world.accepted(order) == [("ship", "TRK-2")]


def test_a_run_that_has_time_keeps_its_schedule(world: World) -> None:
    run_store(world.store, world.connections, clock=world.now, turn=3600)
    process = Process.objects.get(store=world.store)
    assert process.next_run_at
    assert process.finished_at
    assert (process.next_run_at - process.finished_at).total_seconds() == 300


@pytest.mark.parametrize(
    ("minutes_ago", "minutes_on"),
    [(0, 5), (2, 3), (4.5, 0.5), (5, 5), (60, 5), (-2, 5)],
    ids=["just due", "begun late", "just in time", "one was missed", "many were missed", "run before its time"],
)
def test_a_store_that_was_run_late_keeps_its_times(world: World, minutes_ago: float, minutes_on: float) -> None:
    """R7: every five minutes, whatever the wait for a worker and the run itself take."""
    world.sync()
    planned = world.now() - timedelta(minutes=minutes_ago)
    Process.objects.update(next_run_at=planned)
    world.sync()
    assert Process.objects.get().next_run_at == world.now() + timedelta(minutes=minutes_on)


@pytest.mark.parametrize(("told_to_stop", "seconds", "ends", "over"), [(True, 9, True, False), (False, 0, True, True)])
def test_a_turn_is_over_by_time_and_a_service_that_stops_is_no_end_of_it(
    told_to_stop: bool, seconds: float, ends: bool, over: bool
) -> None:
    turn = Turn(seconds, lambda _seconds: told_to_stop)
    assert (turn(0), turn.over) == (ends, over)
