"""Clocks that are wrong, in real processes: a machine that is ahead of the others, a clock that is set while a request
is under way."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.deployment import Deployment, RealWorld, real_world
from tests.faults.stage import Done
from tests.waiting import until


def at(shift: str, world: RealWorld, home: Path | None = None) -> Deployment:
    """The same deployment on a machine whose clock is off. That counts the seconds since it was started goes on."""
    faked = ("faketime", "--exclude-monotonic", "-f", shift)
    return Deployment(home or world.deployment.home, world.deployment.settings, prefix=faked)


def sending(world: RealWorld) -> subprocess.Popen[str]:
    """A run with a request under way, which Shopping Feed accepts when it is let go."""
    world.sandbox.slow_to = "POST"
    run = world.deployment.start("sync", "--wait", "20")
    until(lambda: world.sandbox.under_way or run.poll() is not None, "a request under way")
    assert run.poll() is None
    return run


@contextmanager
def a_world(engine: str, tmp_path: Path, migrated: Path, our_postgres: str, **settings: str) -> Iterator[RealWorld]:
    database = {"database_url": our_postgres} if engine == "postgres" else {}
    with real_world(tmp_path, migrated, **settings, **database) as world:
        yield world


def says_so(done: Done) -> bool:
    return "clock" in done.out + done.err


def test_a_machine_that_is_ahead_takes_nothing_from_one_that_is_at_work(
    tmp_path: Path, migrated: Path, our_postgres: str
) -> None:
    """R13, R22: four minutes are more than a lease, and more than the patience with a request."""
    with a_world("postgres", tmp_path, migrated, our_postgres) as world:
        orders = [world.ship() for _ in range(3)]
        run = sending(world)
        home = tmp_path / "elsewhere"
        home.mkdir()
        ahead = at("+4m", world, home)
        ahead.run("sync", status=None)
        world.sandbox.let_go()
        assert world.deployment.finish(run).status == 0
        assert [world.accepted(order) for order in orders] == [[("ship", f"T-{order}")] for order in orders]
        later = world.ship()
        assert says_so(ahead.run("sync", status=None))
        assert world.accepted(later) == []
        world.deployment.run("sync", "--wait", "20")
        assert world.accepted(later) == [("ship", f"T-{later}")]


@pytest.mark.parametrize("shift", ["+3h", "-3h"])
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_clock_that_is_set_while_a_request_is_under_way_sends_nothing_twice(
    engine: str, shift: str, tmp_path: Path, migrated: Path, our_postgres: str
) -> None:
    """R13: its run was killed, so the next one has only the clock to judge by."""
    patient = {"timeout": "3", "ticket_lag_seconds": "1"}
    with a_world(engine, tmp_path, migrated, our_postgres, **patient) as world:
        orders = [world.ship() for _ in range(3)]
        run = sending(world)
        run.kill()
        world.deployment.finish(run)
        assert says_so(at(shift, world).run("sync", status=None))
        world.sandbox.let_go()
        until(lambda: all(map(world.accepted, orders)), "what was under way is accepted")
        world.deployment.run("sync", "--wait", "60")
        assert [world.accepted(order) for order in orders] == [[("ship", f"T-{order}")] for order in orders]
        assert world.deployment.json("tasks") == []
