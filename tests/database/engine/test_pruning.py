"""R21: a log of millions is forgotten in pieces: the lease is renewed, and nothing waits for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sfsync.engine.kit.lease import LeaseLost
from sfsync.engine.watch import prune as pruning
from sfsync.engine.watch.prune import prune
from sfsync.models import LogEntry, Store, StoreState
from sfsync.testing import World


@pytest.fixture
def old_log(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Ninety old entries and ten new ones, where a piece is ten and a run takes forty."""
    monkeypatch.setattr(pruning, "CHUNK", 10)
    monkeypatch.setattr(pruning, "MOST", 40)
    LogEntry.objects.all().delete()
    old = world.store.created_at = world.now() - timedelta(days=world.store.log_days + 1)
    LogEntry.objects.bulk_create(
        LogEntry(store=world.store, process="sync", message=str(number), at=old if number < 90 else world.now())
        for number in range(100)
    )
    return world


def test_a_store_of_today_has_nothing_to_forget(world: World, django_assert_num_queries: Any) -> None:
    store = Store.objects.select_related("state").get()
    with django_assert_num_queries(0):
        assert prune(store, world.now(), lambda: None) == 0


def test_the_lease_is_renewed_between_the_pieces(old_log: World) -> None:
    beats: list[int] = []
    gone = prune(old_log.store, old_log.now(), lambda: beats.append(LogEntry.objects.count()))
    assert (gone, beats) == (40, [100, 90, 80, 70])


def test_the_next_runs_take_the_rest_and_then_it_rests_for_a_day(old_log: World) -> None:
    taken = [prune(old_log.store, old_log.now(), lambda: None) for _ in range(4)]
    assert taken == [40, 40, 10, 0]
    assert {int(each) for each in LogEntry.objects.values_list("message", flat=True)} == set(range(90, 100))
    assert StoreState.objects.get(store=old_log.store).pruned_at == old_log.now()


def test_a_run_that_lost_its_lease_stops_forgetting(old_log: World) -> None:
    def lost() -> None:
        raise LeaseLost

    with pytest.raises(LeaseLost):
        prune(old_log.store, old_log.now(), lost)
    assert LogEntry.objects.count() == 100
