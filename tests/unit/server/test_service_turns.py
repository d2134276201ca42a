"""The service's turns: what a real-time store costs its shop (R7)."""

from __future__ import annotations

import time

import pytest

from sfsync.models import Store
from sfsync_server.service import SWEEPING, Turn


@pytest.mark.parametrize(("mode", "sweeps"), [("realtime", False), ("batch", True)])
def test_a_real_time_store_that_has_just_swept_follows_the_history_alone(mode: str, sweeps: bool) -> None:
    """R7: a batch store, which comes rarely, always sweeps."""
    turn, store = Turn(), Store(mode=mode)
    assert turn.sweeping(store)
    turn.swept(60)
    assert turn.sweeping(store) is sweeps


def test_the_longer_a_sweep_took_the_longer_it_rests() -> None:
    """R7: a twentieth of the time at most; a run without a sweep changes nothing."""
    turn, started = Turn(), time.monotonic()
    turn.swept(0.5)
    assert started + 0.5 * SWEEPING <= turn.sweep_after <= time.monotonic() + 0.5 * SWEEPING
    until = turn.sweep_after
    turn.swept(0)
    assert turn.sweep_after == until
