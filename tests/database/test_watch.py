"""The service's question to real-time shops between two runs: did anything happen? (R7)"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from django.utils import timezone

from sfsync.engine.due import due, watched
from sfsync.models import Process, StoreState
from sfsync.testing import World
from sfsync_server.watch import Watch


class AtOnce:
    """A pool that does its work in the caller."""

    def submit(self, work: Callable[..., object], *given: Any) -> Future[object]:
        work(*given)
        return Future()

    def shutdown(self) -> None:
        return None


@pytest.fixture
def live(make_world: Any) -> World:
    world: World = make_world(mode="realtime")
    world.sync()
    return world


@pytest.fixture
def watch(live: World) -> Iterator[Watch]:
    made = Watch(pool=AtOnce())  # type: ignore[arg-type]
    yield made
    made.close()


def look(watch: Watch) -> int:
    """How many stores turned out to be due."""
    woken: list[None] = []
    watch.look_around(0, lambda: woken.append(None))
    return len(woken)


def test_a_change_of_status_is_seen_between_two_runs(live: World, watch: Watch) -> None:
    assert (look(watch), look(watch)) == (0, 0)
    live.ship(live.order(), "TRK-1")
    assert look(watch) == 1
    assert due(timezone.now()).filter(store=live.store).exists()
    assert look(watch) == 0


def test_shops_are_not_asked_more_often_than_was_wished(live: World, watch: Watch) -> None:
    look(watch)
    live.ship(live.order(), "TRK-1")
    watch.look_around(3600, lambda: pytest.fail("it was asked again"))
    assert watch.asking == set()


def test_who_is_woken_in_between_does_not_ask_later_for_it(live: World, watch: Watch) -> None:
    """A service that has just started a run waits for what is left of the second, not for another one."""
    assert watch.look_around(3600, lambda: None) == 3600
    assert 3590 < watch.look_around(3600, lambda: None) < 3600


@pytest.mark.parametrize(
    "settings",
    [{"holder": "a-run"}, {"failures": 1}, {"next_run_at": None}],
    ids=["it runs", "it is in trouble", "it is due already"],
)
def test_a_store_that_runs_is_due_or_in_trouble_is_not_asked(live: World, settings: dict[str, Any]) -> None:
    assert watched(timezone.now()).exists()
    Process.objects.update(**settings)
    assert not watched(timezone.now()).exists()


def test_a_bridge_speaks_for_its_shop(live: World) -> None:
    StoreState.objects.update(heard_at=timezone.now())
    assert not watched(timezone.now()).exists()


def test_a_shop_that_is_gone_is_left_to_the_next_run(live: World, watch: Watch) -> None:
    look(watch)
    live.store.shop_secrets["url"] = "sqlite:////nowhere/shop.sqlite3"
    live.store.save()
    assert look(watch) == 0
