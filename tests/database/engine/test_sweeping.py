"""The sweep looks only where something has moved, and misses nothing all the same (R2, R5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, insert, update

from sfsync.engine.find.cursors import rest
from sfsync.models import Cursor, Order
from sfsync.shops.prestashop.sources.sweep import BLOCK
from sfsync.testing import SHIPPED, World

MakeWorld = Callable[..., World]
Looks = Callable[[], list[set[int]]]


@pytest.fixture
def looks() -> Iterator[Looks]:
    """The orders of each look at the shop since it was last asked."""
    asked: list[set[int]] = []

    def note(_connection: Any, _cursor: Any, statement: str, _parameters: Any, *_: Any) -> None:
        if "id_order IN" in statement and "tracking_number" in statement and "id_carrier" not in statement:
            [ids] = re.findall(r"id_order IN \(([\d, ]+)\)", statement)
            asked.append({int(each) for each in ids.split(",")})

    def since() -> list[set[int]]:
        found = asked[:]
        asked.clear()
        return found

    event.listen(Engine, "before_cursor_execute", note)
    yield since
    event.remove(Engine, "before_cursor_execute", note)


def test_nothing_is_looked_at_where_nothing_has_moved(world: World, looks: Looks) -> None:
    world.sync()
    assert looks()
    world.sync()
    assert looks() == []


def test_only_the_block_that_moved_is_looked_at(world: World, looks: Looks) -> None:
    """R2: a tracking number alone, among many orders."""
    ids = world.shop.add_orders(3 * BLOCK)
    world.sync()
    looks()
    world.shop.set_tracking(ids[BLOCK], "T-1")
    world.sync(wait=5)
    [seen] = looks()
    assert ids[BLOCK] in seen
    assert len(seen & set(ids)) <= BLOCK
    assert world.accepted(ids[BLOCK]) == [("ship", "T-1")]
    world.sync()
    assert looks() == []


def test_an_order_that_the_module_lists_late_is_seen(world: World) -> None:
    """R5: the order was in its block's number before anybody knew that it came from a marketplace."""
    order = world.order()
    listing = world.shop.tables["shoppingfeed_order"]
    [row] = world.shop.rows(listing.select().where(listing.c.id_order == order))
    world.shop.execute(delete(listing).where(listing.c.id_order == order))
    world.ship(order, "T-1")
    world.sync()
    assert not Order.objects.filter(key=order).exists()
    late = dict(row._mapping) | {"id_shoppingfeed_order": 1000}
    world.shop.execute(insert(listing).values(late))
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-1")]


def test_what_the_numbers_hide_is_found_within_a_day(world: World) -> None:
    """R5: two changes that cancel out in the number, as likely as winning a lottery: here the last sweep is made to
    have seen the new number already."""
    world.sync()
    order = world.order()
    world.shop.set_tracking(order, "T-1")
    block = order // BLOCK
    cursor = Cursor.objects.get(store=world.store, name="sweep")
    shop = world.connections.shop(world.store)
    cursor.position["fingerprints"] |= {str(block): shop.sweep.fingerprints([block])[block]}
    cursor.save()
    world.advance(hours=23)
    world.sync(wait=5)
    assert world.accepted(order) == []
    world.advance(hours=2)
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-1")]


def test_a_sweep_that_did_not_end_is_done_again(world: World, looks: Looks) -> None:
    """R5, R13: the shop went away between its numbers and its orders."""
    world.sync()
    order = world.order()
    world.shop.set_tracking(order, "T-1")

    def cut(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "id_order IN" in statement:
            raise ConnectionResetError("the shop's server restarts")

    event.listen(Engine, "before_cursor_execute", cut)
    troubled = world.sync()
    event.remove(Engine, "before_cursor_execute", cut)
    assert [stopped.trouble for stopped in troubled.troubles] == ["shop-unavailable"]
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-1")]


def test_a_change_between_the_numbers_and_the_look_is_found_next_time(world: World) -> None:
    """R5: the look sees it already, or the next sweep does; it is told once."""
    world.sync()
    first, second = world.order(), world.order()
    world.shop.set_tracking(first, "T-1")
    waiting = [second]

    def change(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "id_order IN" in statement and waiting:
            world.shop.set_tracking(waiting.pop(), "T-2")

    event.listen(Engine, "before_cursor_execute", change)
    world.sync(wait=5)
    event.remove(Engine, "before_cursor_execute", change)
    world.sync(wait=5)
    assert waiting == []
    assert (world.accepted(first), world.accepted(second)) == ([("ship", "T-1")], [("ship", "T-2")])


def resting(world: World, **duration: float) -> None:
    """A sweep that took long has just come to its end."""
    Cursor.objects.filter(store=world.store, name="sweep").update(not_before=world.now() + timedelta(**duration))


def test_while_the_sweep_rests_the_history_alone_tells(make_world: MakeWorld) -> None:
    """R7: a real-time store has a pass every second, and the sweep a twentieth of the time, whoever starts the runs."""
    world = make_world(mode="realtime")
    world.sync()
    by_history, by_sweep = world.ship(world.order(), "T-1"), world.order()
    orders = world.shop.tables["orders"]
    world.shop.execute(update(orders).where(orders.c.id_order == by_sweep).values(current_state=SHIPPED))
    resting(world, minutes=1)
    world.sync(wait=5)
    assert world.accepted(by_history) == [("ship", "T-1")]
    assert world.tasks(by_sweep) == []
    world.advance(minutes=1)
    world.sync()
    assert [task.action for task in world.tasks(by_sweep)] == ["SYNC_STATUS"]


@pytest.mark.parametrize(("mode", "duration"), [("batch", {"minutes": 1}), ("realtime", {"hours": 2})])
def test_a_sweep_does_not_rest_for_a_store_that_runs_rarely_or_because_of_a_wrong_clock(
    make_world: MakeWorld, mode: str, duration: dict[str, float]
) -> None:
    world = make_world(mode=mode)
    world.sync()
    order = world.order()
    world.shop.set_tracking(order, "T-1")
    resting(world, **duration)
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-1")]


def test_the_longer_a_sweep_took_the_longer_it_rests() -> None:
    """R7: a twentieth of the time at most."""
    assert [rest(seconds, 0.05) for seconds in (0, 1, 60)] == pytest.approx([0, 19, 1140])


def test_a_run_writes_down_how_long_the_sweep_rests(make_world: MakeWorld) -> None:
    """R7: it holds whichever process comes next."""
    world = make_world(mode="realtime")
    shop = world.connections.shop(world.store)
    shop.sweep.share = 1e-9
    world.sync()
    cursor = Cursor.objects.get(store=world.store, name="sweep")
    assert cursor.cost > 0
    assert cursor.not_before
    assert cursor.not_before > world.now() + timedelta(hours=1)
