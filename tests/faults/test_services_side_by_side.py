"""A real-time service that stands still for longer than its lease, beside another machine's on the same PostgreSQL."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests import services
from tests.faults.deployment import Deployment, RealWorld, real_world
from tests.faults.stage import until

REALTIME = 'mode = "realtime"'
QUICK = {"lease_seconds": "6", "timeout": "3", "ticket_lag_seconds": "1", "poll_seconds": "0.2"}


@contextmanager
def two_machines(tmp_path: Path, migrated: Path, server: services.Server) -> Iterator[tuple[RealWorld, Deployment]]:
    """The second one has a home of its own."""
    name = f"services_{uuid4().hex[:12]}"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    settings = QUICK | {"database_url": server.database(name)}
    with real_world(tmp_path, migrated, orders=20, shop_url="", store=REALTIME, **settings) as world:
        yield world, Deployment(elsewhere, settings)
    server.drop(name)


@contextmanager
def service(on: Deployment) -> Iterator[subprocess.Popen[str]]:
    """It ends well when it is told to end, whatever became of it meanwhile."""
    running = on.start("run")
    try:
        yield running
        running.send_signal(signal.SIGTERM)
        assert on.finish(running).status == 0
    finally:
        running.kill()


def ships(world: RealWorld, *orders: int) -> bool:
    return [world.accepted(order) for order in orders] == [[("ship", f"T-{order}")] for order in orders]


def settled(world: RealWorld) -> bool:
    return not world.deployment.json("tasks")


@pytest.mark.parametrize("under_way", ["nothing", "POST .*/ship"])
def test_a_service_that_stood_still_while_another_took_over_sends_nothing_twice(
    under_way: str, tmp_path: Path, migrated: Path, postgres_server: services.Server
) -> None:
    """R13, R22: whatever it was at. Awake again, it goes on beside the other one."""
    with two_machines(tmp_path, migrated, postgres_server) as (world, elsewhere), ExitStack() as running:
        stopped = running.enter_context(service(world.deployment))
        first = world.ship()
        until(lambda: ships(world, first) and settled(world), "the first is confirmed")
        if under_way != "nothing":
            world.sandbox.slow_to = under_way
        second = world.ship()
        until(lambda: world.sandbox.under_way or ships(world, second), "it is at work")
        stopped.send_signal(signal.SIGSTOP)
        world.sandbox.let_go()
        third = world.ship()
        running.enter_context(service(elsewhere))
        until(lambda: ships(world, second, third) and settled(world), "the other one has taken over")
        stopped.send_signal(signal.SIGCONT)
        late = [world.ship() for _ in range(3)]
        until(lambda: ships(world, *late) and settled(world), "both go on")
        assert ships(world, first, second, third, *late)
