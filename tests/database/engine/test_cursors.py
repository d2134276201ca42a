"""How far a source was followed is written by the run that holds the store: R5, R22."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sfsync.domain.trouble import Trouble
from sfsync.engine.find.cursors import Cursors
from sfsync.engine.find.parts import Parts
from sfsync.engine.kit.context import Run, Turn, never
from sfsync.engine.kit.journal import Journal
from sfsync.engine.kit.lease import LeaseLost, take
from sfsync.engine.kit.opening import read_opening
from sfsync.engine.kit.tally import Tally
from sfsync.engine.kit.trouble import Stopped
from sfsync.engine.run import open_run
from sfsync.models import Cursor, Store
from sfsync.testing import World
from tests.altered import Altered

AWAY = Stopped(Trouble.SHOP_UNAVAILABLE, "no answer")
Write = Callable[[Cursors, Any], None]


def a_run(world: World) -> Run:
    lease = take(world.store, world.now, timedelta(minutes=2))
    opening, journal = read_opening(world.store, world.now()), Journal(world.store, "sync", lease.token, world.now)
    turn = Turn(60, never)
    return open_run(world.store, world.connections, lease, opening, journal=journal, tally=Tally(), turn=turn)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda cursors, source: cursors.followed(source, 0.1, None), id="followed"),
        pytest.param(lambda cursors, source: cursors.followed(source, 0.1, AWAY), id="in trouble"),
        pytest.param(lambda cursors, source: cursors.remember({"seen": "late"}), id="the shop's memory"),
        pytest.param(lambda cursors, source: cursors.start_anew("shop-restored"), id="from the beginning"),
    ],
)
def test_a_run_that_was_held_up_moves_no_cursor(world: World, write: Write, known: bool) -> None:
    """Whether or not there was one when it began: a later run has written its own since, and has come further."""
    source = Parts(world.store)
    if known:
        first = a_run(world)
        Cursors(first).followed(source, 0.1, None)
        Cursors(first).remember({"seen": "first"})
        first.lease.release()
    late = Cursors(a_run(world))
    world.advance(minutes=3)
    now = Cursors(a_run(world))
    now.followed(source, 0.1, None)
    now.remember({"seen": "now"})
    kept = list(Cursor.objects.order_by("name").values())
    with pytest.raises(LeaseLost):
        write(late, source)
    assert list(Cursor.objects.order_by("name").values()) == kept
    assert [each["name"] for each in kept] == sorted({source.name, *now.rows})


def test_a_source_does_not_rest_for_a_time_that_the_process_stood_still(world: World) -> None:
    """R7: an hour in the middle of it says nothing of the shop; one that has become slow is known by the next times."""
    Store.objects.filter(pk=world.store.pk).update(mode="realtime")
    world.store.refresh_from_db()
    source = Altered(Parts(world.store), share=0.05, every=timedelta())
    cursors, rests = Cursors(a_run(world)), []
    for _ in range(4):
        cursors.followed(source, 60, None)
        rests.append(round((Cursor.objects.get().not_before - world.now()).total_seconds()))  # type: ignore[operator]
    assert rests == [57, 228, 912, 1140]
