"""Noticing changes: R1 to R6, as a merchant lives them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import insert

from sfsync.engine.watch.story import story_of
from sfsync.models import LogEntry, Order, Task
from sfsync.testing import CANCELED, DELIVERED, PAID, PROCESSING, SHIPPED, World

MakeWorld = Callable[..., World]


def test_a_status_change_is_saved_before_anything_is_sent(world: World) -> None:
    """R1: the API is down, and the update is in the database."""
    from shoppingfeed.sandbox import Fault

    world.sandbox.fault(Fault("unreachable", times=None))
    order = world.ship(world.order(), "T-1")
    result = world.sync()
    assert [stopped.trouble for stopped in result.troubles] == ["api-unavailable"]
    assert [task.action for task in world.tasks(order)] == ["SYNC_STATUS"]


def test_a_second_change_refreshes_the_task(world: World) -> None:
    """R1: one intention an order, and the newest change is what it waits for."""
    world.sync()
    order = world.ship(world.order())
    world.sync()
    [first] = world.tasks(order)
    world.shop.set_status(order, DELIVERED)
    world.advance(minutes=1)
    world.sync()
    [task] = world.tasks(order)
    assert task.pk == first.pk
    assert task.since - first.since == task.update_at - first.update_at == timedelta(minutes=1)


def test_an_order_that_is_not_from_a_marketplace_is_left_alone(world: World) -> None:
    """R1: only marketplace orders are ever synchronised."""
    listing = world.shop.tables["shoppingfeed_order"]
    order = world.order()
    world.shop.execute(listing.delete().where(listing.c.id_order == order))
    world.sync()
    world.ship(order, "T-1")
    result = world.sync(wait=5)
    assert result.counts.detected == 0
    assert not Order.objects.filter(key=order).exists()


def test_a_tracking_number_ships_the_order_whatever_its_status(world: World) -> None:
    """R2: and `shipped_sent` becomes 1."""
    order = world.order()
    world.sync()
    world.shop.set_tracking(order, "T-2")
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-2")]
    assert world.row(order).marketplace_order.shipped_sent is True


def test_another_tracking_number_is_told_too(world: World) -> None:
    """R2."""
    order = world.ship(world.order(), "T-1")
    world.sync(wait=5)
    world.shop.set_tracking(order, "T-2")
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-1"), ("ship", "T-2")]


def test_the_tracking_number_of_a_cancelled_order_is_not_told(world: World) -> None:
    """R2, the one exception: a customer must not be charged for a cancelled order."""
    order = world.order()
    world.shop.set_status(order, CANCELED)
    world.sync(wait=5)
    world.shop.set_tracking(order, "T-3")
    world.sync(wait=5)
    assert world.accepted(order) == [("cancel", "")]


def test_shipped_after_the_number_was_told_sends_nothing_more(world: World) -> None:
    """R3: and the log says so."""
    order = world.order()
    world.shop.set_tracking(order, "T-4")
    world.sync(wait=5)
    world.shop.set_status(order, SHIPPED)
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-4")]
    assert "nothing-already-confirmed" in world.story(order)


def _next(world: World, order: int) -> str:
    """What happens next, as people read it."""
    return story_of(world.row(order)).next[0].sentence


def test_an_order_that_waits_for_its_turn_says_no_more_than_that(world: World) -> None:
    """R4: what it waited for has come."""
    order = world.ship(world.order())
    world.sync()
    Task.objects.update(update_at=world.now())
    assert _next(world, order).startswith("Queued for the next sync")


def test_shipped_without_a_number_waits_then_fails_and_is_told(world: World) -> None:
    """R4: five minutes, a failure that stays visible, one notice."""
    order = world.ship(world.order())
    assert world.sync().counts.waiting == 1
    assert _next(world, order).startswith("Shipped without a tracking number: waiting for it until ")
    world.advance(minutes=4)
    assert world.sync().counts.waiting == 1
    world.advance(minutes=2)
    result = world.sync()
    assert (result.counts.failed, result.counts.waiting) == (1, 0)
    assert world.notices(order) == ["no-tracking"]
    assert world.sync().counts.failed == 0
    assert world.accepted(order) == []


def test_the_delay_is_the_stores_own(make_world: MakeWorld) -> None:
    """R4."""
    world = make_world(delay_minutes=30)
    order = world.ship(world.order())
    world.sync()
    world.advance(minutes=29)
    assert world.sync().counts.waiting == 1
    world.advance(minutes=2)
    assert world.sync().counts.failed == 1
    assert world.notices(order) == ["no-tracking"]


def test_a_store_may_ship_without_a_tracking_number(make_world: MakeWorld) -> None:
    """R4: for all orders."""
    world = make_world(ship_without_tracking=True, delay_minutes=0)
    order = world.ship(world.order())
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "")]


def test_a_store_may_ship_without_a_tracking_number_with_some_carriers(make_world: MakeWorld) -> None:
    """R4: click and collect (carrier 1)."""
    world = make_world(ship_without_tracking=[1], delay_minutes=0)
    collected, parcel = world.order(), world.order()
    world.shop.set_tracking(collected, "", carrier_id=1)
    world.ship(collected)
    world.ship(parcel)
    world.sync(wait=5)
    assert world.accepted(collected) == [("ship", "")]
    assert [task.failure for task in world.tasks(parcel)] == ["no-tracking"]


def test_a_change_by_plain_sql_is_found(world: World) -> None:
    """R5: `current_state` alone, without history, by any writer."""
    world.sync()
    order = world.order()
    world.shop.set_tracking(order, "T-5")
    world.shop.set_status(order, SHIPPED, history=False)
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-5")]


def test_a_history_row_that_was_committed_late_is_found_once(world: World) -> None:
    """R5: ids are given out in order and committed out of order."""
    order = world.order()
    world.shop.set_status(order, PROCESSING)
    world.sync()
    history = world.shop.tables["order_history"]
    last = world.shop.rows(history.select().order_by(history.c.id_order_history.desc()))[0]
    late = {"id_employee": 1, "id_order": order, "id_order_state": SHIPPED, "date_add": last.date_add}
    world.shop.execute(insert(history).values(id_order_history=last.id_order_history + 10, **late))
    world.sync()
    world.advance(minutes=5)
    world.shop.execute(insert(history).values(id_order_history=last.id_order_history + 5, **late))
    assert world.sync().counts.detected == 1
    assert world.sync().counts.detected == 0


def test_nothing_is_found_twice(world: World) -> None:
    """R5."""
    world.ship(world.order(), "T-6")
    assert world.sync(wait=5).counts.detected == 1
    result = world.sync()
    assert (result.counts.detected, result.counts.removed, result.counts.requests) == (0, 0, 0)


def test_an_order_older_than_the_sweep_is_found_by_its_history(world: World) -> None:
    """R5: a refund half a year later."""
    world.sync()
    [old] = world.shop.add_orders(1, channel="Cdiscount", created_at=world.now() - timedelta(days=200))
    world.sync()
    world.shop.set_status(old, 7)
    world.sync(wait=5)
    assert world.accepted(old) == [("refund", "")]


def test_the_current_status_alone_counts(world: World) -> None:
    """R6: shipped then cancelled before the run is one cancel."""
    order = world.ship(world.order(), "T-7")
    world.shop.set_status(order, CANCELED)
    world.sync(wait=5)
    assert world.accepted(order) == [("cancel", "")]


def test_the_latest_mapped_status_counts_where_the_store_wants_it(make_world: MakeWorld) -> None:
    """R6: shipped → delivered, which this store does not map, still ships; on the first run too."""
    world = make_world(state_policy="latest-mapped", statuses={"shipped": [SHIPPED]}, delay_minutes=0)
    world.store.ship_without_tracking = True
    world.store.save()
    first = world.ship(world.order())
    world.shop.set_status(first, DELIVERED)
    world.sync(wait=5)
    second = world.ship(world.order())
    world.shop.set_status(second, DELIVERED)
    world.sync(wait=5)
    assert world.accepted(first) == [("ship", "")]
    assert world.accepted(second) == [("ship", "")]


def test_a_status_that_is_not_mapped_removes_the_task_and_the_log_says_so(world: World) -> None:
    """R6."""
    world.sync()
    order = world.ship(world.order())
    world.sync()
    world.shop.set_status(order, PAID)
    result = world.sync()
    world.advance(minutes=6)
    result = world.sync()
    assert result.counts.removed == 1
    assert world.tasks(order) == []
    assert LogEntry.objects.filter(code="nothing-not-mapped").count() == 1


def test_what_the_marketplace_was_told_before_sfsync_came_is_not_told_again(world: World) -> None:
    """R5, R11: the old module shipped it; a later number is news all the same."""
    order = world.ship(world.order(), "T-OLD-1")
    world.sandbox.add_order(
        world.feed_id(order), channel="amazonfr", status="shipped", created_at=world.now().isoformat()
    )
    world.sync(wait=5)
    assert world.accepted(order) == []
    assert world.told(order)[-1] == ("ship", "T-OLD-1")
    world.shop.set_tracking(order, "T-NEW-1")
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-NEW-1")]


def test_a_thousand_changes_are_saved_in_a_handful_of_statements(world: World, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    """The number of statements does not grow with the orders."""
    world.sync()
    world.shop.bulk_ship(world.shop.add_orders(1500))
    with django_assert_max_num_queries(200):
        result = world.sync()
    assert result.counts.sent == 1500
    assert Task.objects.in_flight().count() == 1500
