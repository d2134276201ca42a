"""A service's memory stays flat: what a pass leaves is garbage, and the service collects it."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator

import psutil
import pytest

from sfsync.engine.kit import connections
from sfsync.engine.kit.connections import Live
from sfsync.engine.run import run_store
from sfsync.models import Store
from sfsync.testing import World
from sfsync_server.commands.running import collect_less_garbage
from sfsync_server.service import TIDY_EVERY, Service

PASSES = 12


@pytest.fixture
def as_a_service() -> Iterator[None]:
    """Python's own collecting, as the service sets it."""
    before = gc.get_threshold()
    collect_less_garbage()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.fixture
def several(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Store]:
    """More stores than connections stay open, so that each pass opens all of them anew."""
    monkeypatch.setattr(connections, "KEPT", 1)
    return [world.add_store(f"store-{number}", shop_url=world.shop.url, enabled=False) for number in range(3)]


def test_passes_leave_nothing_that_grows(world: World, several: list[Store], as_a_service: None) -> None:
    live = Live(world.sandbox.transport())
    service = Service(1, live)
    counts = []
    for _ in range(PASSES):
        for store in several:
            run_store(Store.objects.get(pk=store.pk), live)
        service.tidied_at -= TIDY_EVERY
        service.tidy()
        counts.append(len(gc.get_objects()))
    live.close()
    assert counts[-1] - counts[PASSES // 2] < 500, counts


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="the C library keeps it")
def test_what_a_pass_needed_for_a_while_goes_back_to_the_system(as_a_service: None) -> None:
    """Of a hundred megabytes one block in a thousand stays, spread over all of them."""
    service = Service(1, Live())
    blocks = [bytes(1_000) for _ in range(100_000)]
    kept = blocks[::1_000]
    before = resident()
    del blocks
    service.tidied_at -= TIDY_EVERY
    service.tidy()
    assert resident() < before - 50 * 2**20
    assert len(kept) == 100


def resident() -> int:
    return psutil.Process().memory_info().rss


def test_a_service_collects_once_a_minute(as_a_service: None) -> None:
    service = Service(1, Live())
    before = gc.get_stats()[2]["collections"]
    service.tidy()
    assert gc.get_stats()[2]["collections"] == before
    service.tidied_at -= TIDY_EVERY
    service.tidy()
    service.tidy()
    assert gc.get_stats()[2]["collections"] == before + 1
