"""What becomes of a hint: its orders are looked at, whatever polling sees of them, and read from the shop alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sfsync.engine.due import LOOK, NET, next_run
from sfsync.engine.find.hints import AGAIN, KEPT
from sfsync.engine.kit.agenda import Agenda
from sfsync.models import Cursor, Hint, Process, StoreState
from sfsync.models.hint import LATELY
from sfsync.testing import SHIPPED, World

NUMBER = "TRK-1"


def hint(world: World, *orders: object, message: str = "m") -> Hint:
    """As `engine.hear` keeps it."""
    now = world.now()
    StoreState.objects.filter(pk=world.store.pk).update(heard_at=now)
    message_id = f"{message}-{Hint.objects.count()}"
    keys = [str(each) for each in orders]
    return Hint.objects.create(store=world.store, message_id=message_id, orders=keys, at=now, look_at=now)


def rest_the_sweep(world: World) -> None:
    """As after a sweep that took long: nothing compares the open orders for an hour."""
    later = world.now() + timedelta(minutes=50)
    Cursor.objects.update_or_create(
        store=world.store,
        name="sweep",
        defaults={"not_before": later, "cost": 300.0, "identity": world.store.shop_identity, "position": {}},
    )


@pytest.fixture
def live(make_world: Any) -> World:
    world: World = make_world(mode="realtime")
    world.sync()
    return world


def test_a_hinted_order_is_looked_at_where_polling_does_not_see_it_yet(live: World) -> None:
    """R2: a number that was filled in leaves no trace in the history; the comparison rests."""
    order = live.order()
    live.ship(order)
    live.sync()
    rest_the_sweep(live)
    live.shop.set_tracking(order, NUMBER)
    live.sync()
    assert live.accepted(order) == []
    hint(live, order)
    live.sync()
    assert live.accepted(order) == [("ship", NUMBER)]


def test_a_hint_is_never_the_truth(live: World) -> None:
    """An order that has not changed, one that is nobody's, one that the shop does not have: nothing is sent."""
    order = live.order()
    hint(live, order, 999_999, 2**60)
    assert live.sync().ok
    assert (live.accepted(order), live.tasks(order)) == ([], [])


def test_a_change_that_the_history_tells_of_too_is_told_once(live: World) -> None:
    order = live.ship(live.order(), NUMBER)
    hint(live, order)
    live.sync()
    assert live.story(order).count("seen-status") == 1
    assert live.accepted(order) == [("ship", NUMBER)]


def test_a_hinted_order_is_looked_at_once_more_for_a_shop_that_answered_from_a_copy(live: World) -> None:
    order = live.order()
    kept = hint(live, order)
    live.sync()
    kept.refresh_from_db()
    assert (kept.looked, kept.look_at) == (True, live.now() + AGAIN)
    rest_the_sweep(live)
    live.shop.set_tracking(order, NUMBER)
    live.sync()
    assert live.row(order).seen_tracking == ""
    live.advance(seconds=AGAIN.total_seconds())
    live.sync()
    kept.refresh_from_db()
    assert (live.row(order).seen_tracking, kept.look_at) == (NUMBER, None)


def test_hints_are_forgotten_once_they_were_followed_and_could_not_come_again(live: World) -> None:
    old = hint(live, live.order())
    for _ in range(2):
        live.sync()
        live.advance(seconds=AGAIN.total_seconds())
    live.advance(seconds=KEPT.total_seconds())
    hint(live, live.order())
    for _ in range(2):
        live.sync()
        live.advance(seconds=AGAIN.total_seconds())
    assert not Hint.objects.filter(pk=old.pk).exists()
    assert Hint.objects.count() == 1


def test_a_shop_that_does_not_answer_loses_no_hint(live: World) -> None:
    """R5: it is followed when the shop is there again."""
    order = live.order()
    kept = hint(live, order)
    good = live.store.shop_secrets["url"]
    live.store.shop_secrets = {"url": "mysql+pymysql://reader:x@127.0.0.1:9/shop"}
    live.store.save()
    assert not live.sync().ok
    kept.refresh_from_db()
    assert not kept.looked
    live.store.shop_secrets = {"url": good.reveal()}
    live.store.save()
    live.sync()
    kept.refresh_from_db()
    assert kept.looked


def test_many_hints_are_followed_in_one_run(live: World) -> None:
    orders = [live.ship(live.order(), f"T-{number}") for number in range(5)]
    for number in range(450):
        hint(live, orders[number % 5])
    live.sync()
    assert not Hint.objects.filter(looked=False).exists()
    assert all(len(live.accepted(each)) == 1 for each in orders)


@pytest.mark.parametrize(
    ("heard", "rest"),
    [(None, LOOK), (timedelta(minutes=1), NET), (LATELY + timedelta(minutes=1), LOOK)],
)
def test_a_store_with_a_bridge_rests_until_it_says_something(
    live: World, heard: timedelta | None, rest: timedelta
) -> None:
    """R7: without one, or with one that fell silent, a real-time store is looked at every few seconds."""
    now, nothing = live.now(), Agenda(0, 0, 0, 0, 0, 0)
    live.store.state.heard_at = now - heard if heard else None
    assert next_run(live.store, now, nothing, failures=0, cut=False) == now + rest


def test_a_store_with_a_bridge_rests_until_something_is_due(live: World) -> None:
    """The net, the second look, the end of a wait (R4), a ticket (R19): whichever comes first."""

    def rests() -> timedelta:
        at = Process.objects.get(store=live.store, name="sync").next_run_at
        assert at is not None
        return at - live.now()

    hint(live)
    live.sync()
    assert rests() == AGAIN
    live.advance(seconds=AGAIN.total_seconds())
    live.sync()
    assert rests() == NET
    live.store.delay_minutes = 2
    live.store.save()
    order = live.order()
    live.shop.set_status(order, SHIPPED)
    live.sync()
    assert timedelta(minutes=1, seconds=50) <= rests() <= timedelta(minutes=2)
    live.shop.set_tracking(order, NUMBER)
    live.advance(minutes=2)
    live.sync()
    assert live.accepted(order) == [("ship", NUMBER)]
    assert rests() < NET
