"""The service's turns: what a real-time store costs its shop (R7)."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from sfsync.testing import World
from sfsync_server.service import SWEEPING, Service, Turn
from shoppingfeed.sandbox import Fault


@pytest.mark.parametrize(("mode", "found"), [("realtime", []), ("batch", ["SYNC_STATUS"])])
def test_a_real_time_store_waits_for_its_next_sweep(
    make_world: Callable[..., World], mode: str, found: list[str]
) -> None:
    """R7: one that just swept follows the history alone; a batch store, which comes rarely, always sweeps."""
    world = make_world(mode=mode)
    service, order = Service(1.0, world.connections), world.order()
    world.shop.set_tracking(order, "T-1")
    turn = Turn(sweep_after=time.monotonic() + 3600)
    world.sandbox.fault(Fault("unreachable", times=None))
    service.one(world.store, turn)
    assert [task.action for task in world.tasks(order)] == found
    turn.sweep_after = 0.0
    service.one(world.store, turn)
    assert [task.action for task in world.tasks(order)] == ["SYNC_STATUS"]


def test_the_longer_a_sweep_took_the_longer_it_rests(world: World) -> None:
    started, turn = time.monotonic(), Turn()
    Service(1.0, world.connections).one(world.store, turn)
    took = time.monotonic() - started
    assert started < turn.sweep_after <= started + took + SWEEPING * took
