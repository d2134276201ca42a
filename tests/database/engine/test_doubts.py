"""One reading decides: what the shop answers is weighed before it is judged, and what was not seen before is looked at
again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import pytest
from sqlalchemy import delete

from sfsync.domain.orders import Seen, Snapshot
from sfsync.domain.trouble import Trouble
from sfsync.engine.kit.connections import Connections
from sfsync.engine.people.at_once import send_now
from sfsync.models import Order, Store, Task
from sfsync.shops.base import Reader
from sfsync.testing import CANCELED, PROCESSING, World
from tests.altered import Altered

pytestmark = pytest.mark.django_db


class Copy:
    """A reader of a copy of the shop's database that may lag: it goes on saying what it said when it was frozen.
    `late`: what happens before its answer is looked at."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.readings: Mapping[str, Snapshot] | None = None
        self.glances: Mapping[str, Seen] | None = None
        self.late: Callable[[], object] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reader, name)

    def freeze(self, *orders: int, looking: bool = True) -> None:
        keys = [str(each) for each in orders]
        self.readings = self.reader.read(keys)
        self.glances = self.reader.look(keys) if looking else None

    def catch_up(self) -> None:
        self.readings = self.glances = None

    def read(self, keys: Collection[str]) -> dict[str, Snapshot]:
        read = {key: each for key, each in {**self.reader.read(keys), **(self.readings or {})}.items() if key in keys}
        self.late()
        return read

    def look(self, keys: Collection[str]) -> dict[str, Seen]:
        return {key: each for key, each in {**self.reader.look(keys), **(self.glances or {})}.items() if key in keys}


class Lagging:
    """Connections that read the shop through a copy."""

    def __init__(self, connections: Connections, store: Store) -> None:
        self.connections, self.opened = connections, connections.shop(store)
        self.copy = Copy(self.opened.reader)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connections, name)

    def shop(self, store: Store) -> Any:
        return Altered(self.opened, reader=self.copy)


@pytest.fixture
def copy(world: World) -> Copy:
    lagging: Any = Lagging(world.connections, world.store)
    world.connections = lagging
    world.sync()
    made: Copy = lagging.copy
    return made


def test_an_older_answer_is_asked_again_and_never_judged(world: World, copy: Copy) -> None:
    """R6: the reading before sending came from a copy that had not heard of the cancellation yet."""
    order = world.ship(world.order(), "TRK-1")
    copy.freeze(order, looking=False)
    world.shop.set_status(order, CANCELED)
    world.sync(wait=3)
    assert world.accepted(order) == []
    [task] = world.tasks(order)
    assert (task.attempts, task.looks, task.lease, task.failure) == (0, 1, "", "")
    copy.catch_up()
    world.advance(seconds=5)
    world.sync(wait=10)
    assert world.accepted(order) == [("cancel", "")]


def test_a_copy_that_stays_behind_is_a_trouble_that_passes(world: World, copy: Copy) -> None:
    order = world.ship(world.order(), "TRK-1")
    copy.freeze(order, looking=False)
    world.shop.set_status(order, CANCELED)
    for _ in range(6):
        assert world.sync().ok
        world.advance(seconds=5)
    result = world.sync()
    assert [each.trouble for each in result.troubles] == [Trouble.SHOP_ANSWERS_OLD]
    assert world.accepted(order) == []
    copy.catch_up()
    assert world.sync(wait=10).ok
    assert world.accepted(order) == [("cancel", "")]


def test_an_older_glance_takes_nothing_back(world: World, copy: Copy) -> None:
    """R5: what was seen stays, and the order is looked at until the copy has caught up."""
    order = world.order()
    copy.freeze(order)
    world.shop.set_status(order, PROCESSING)
    copy.glances = None
    world.sync()
    seen = world.row(order)
    assert seen.seen_status == str(PROCESSING)
    copy.freeze(order)
    assert copy.glances is not None
    copy.glances = {key: Seen("2", (), each.version - 1) for key, each in copy.glances.items()}
    Order.objects.filter(pk=seen.pk).update(look_again=True)
    world.sync()
    again = world.row(order)
    assert (again.seen_status, again.seen_version, again.look_again) == (seen.seen_status, seen.seen_version, True)
    copy.catch_up()
    world.sync()
    assert not world.row(order).look_again


def test_what_a_reading_shows_for_the_first_time_is_judged_kept_and_looked_at_again(world: World, copy: Copy) -> None:
    """R2: the number came between the glance and the reading; no block moves for it any more."""
    order = world.order()
    world.ship(order, "TRK-1")
    copy.glances = {str(order): Seen("4", (), copy.look([str(order)])[str(order)].version)}
    world.sync(wait=10)
    assert world.accepted(order) == [("ship", "TRK-1")]
    row = world.row(order)
    assert (row.seen_tracking, row.look_again) == ("TRK-1", True)
    copy.catch_up()
    world.sync()
    assert not world.row(order).look_again
    assert world.tasks(order) == []


def test_a_number_in_an_older_parcel_is_news(world: World) -> None:
    """R29: the newest of the numbers is not the only one that counts."""
    order = world.ship(world.order(), "TRK-1")
    world.shop.add_parcel(order, "TRK-2")
    world.sync(wait=10)
    parcels = world.shop.tables["order_carrier"]
    oldest = world.shop.rows(parcels.select().where(parcels.c.id_order == order).order_by(parcels.c.id_order_carrier))
    first = parcels.c.id_order_carrier == oldest[0].id_order_carrier
    world.shop.execute(parcels.update().where(first).values(tracking_number="TRK-3"))
    before = world.story(order).count("seen-tracking")
    world.sync()
    assert world.story(order).count("seen-tracking") == before + 1
    assert world.row(order).seen_tracking == "TRK-3"


def remove(world: World, *orders: int) -> None:
    table = world.shop.tables["orders"]
    world.shop.execute(delete(table).where(table.c.id_order.in_(orders)))


def test_an_order_is_gone_when_two_readings_a_minute_apart_do_not_find_it(world: World) -> None:
    world.sync()
    order = world.ship(world.order())
    world.sync()
    remove(world, order)
    world.advance(minutes=6)
    world.sync()
    [task] = world.tasks(order)
    assert (task.failure, task.attempts) == ("", 0)
    world.advance(seconds=59)
    world.sync()
    assert world.tasks(order)[0].failure == ""
    world.advance(seconds=2)
    world.sync()
    assert world.tasks(order)[0].failure == "order-gone"


def test_a_reading_that_was_held_up_is_as_old_as_its_question(world: World, copy: Copy) -> None:
    """The second one came a few seconds after the first, whenever it is weighed."""
    order = world.ship(world.order())
    world.sync()
    remove(world, order)
    world.advance(minutes=6)
    world.sync()
    send_now(world.store, Order.objects.filter(key=order), "Ann")
    copy.late = lambda: world.advance(minutes=10)
    world.sync()
    assert (world.tasks(order)[0].failure, world.notices(order)) == ("", [])


def test_an_order_that_comes_back_was_never_gone(world: World) -> None:
    world.sync()
    order = world.ship(world.order())
    world.sync()
    table = world.shop.tables["orders"]
    [row] = world.shop.rows(table.select().where(table.c.id_order == order))
    remove(world, order)
    world.advance(minutes=6)
    world.sync()
    assert world.row(order).doubted_at
    world.shop.execute(table.insert().values(row._asdict()))
    world.shop.set_tracking(order, "TRK-1")
    world.advance(minutes=2)
    world.sync(wait=10)
    assert world.accepted(order) == [("ship", "TRK-1")]
    assert world.row(order).doubted_at is None


def test_a_shop_that_lost_many_orders_is_not_believed(world: World) -> None:
    """An empty table after a failed restore would be thousands of mails about orders that are no longer there."""
    world.sync()
    orders = [world.ship(world.order()) for _ in range(20)]
    world.sync()
    remove(world, *orders[:6])
    world.advance(minutes=6)
    result = world.sync()
    assert [each.trouble for each in result.troubles] == [Trouble.ORDERS_VANISHED]
    assert result.troubles[0].detail == "6 of 20 orders were not found."
    tasks = Task.objects.filter(store=world.store)
    assert tasks.filter(lease="", failure="", attempts=0).count() == tasks.count() == 20
    assert not Order.objects.exclude(doubted_at=None).exists()
