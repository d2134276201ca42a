"""Deadlines are learned, watched and told: R25."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from sfsync.engine.watch.health import health_of
from sfsync.models import DayFigure, Store
from sfsync.testing import World

MakeWorld = Callable[..., World]


def due_in(world: World, hours: float) -> int:
    """An order in preparation that must be shipped in so many hours."""
    order = world.order()
    world.list_there(order, latest_ship_date=world.clock() + hours * 3600)
    return order


def learned(world: World) -> None:
    """The hour after which new orders are asked for has passed."""
    world.sync()
    world.advance(minutes=61)
    world.sync()


def due(world: World) -> tuple[int, int]:
    [health] = health_of([world.store], world.now())
    return health.late, health.at_risk


def test_a_deadline_is_learned_and_counted(world: World) -> None:
    """R25."""
    due_in(world, 10)
    due_in(world, 0.5)
    due_in(world, 100)
    learned(world)
    assert due(world) == (1, 1)


def test_each_step_is_mailed_once(world: World) -> None:
    """R25, R20."""
    order = due_in(world, 30)
    learned(world)
    for _ in range(48):
        world.advance(minutes=50)
        world.sync()
    assert world.notices(order) == ["at-risk", "at-risk", "late"]
    told = [each.body for each in mail.outbox if "order needs attention" in each.subject]
    assert len(told) == 3
    assert "To be shipped by" in told[0]


def test_an_order_that_was_shipped_is_not_late(world: World) -> None:
    """R25."""
    order = due_in(world, 10)
    learned(world)
    world.ship(order, "T-1")
    world.sync(wait=10)
    world.advance(hours=20)
    world.sync()
    assert due(world) == (0, 0)
    assert "late" not in world.notices(order)


def test_an_order_that_was_cancelled_there_is_not_late(world: World) -> None:
    """R25, R33."""
    order = due_in(world, 10)
    learned(world)
    world.sandbox.change_order(world.feed_id(order), status="cancelled")
    world.advance(hours=20)
    world.sync()
    assert due(world) == (0, 0)


def test_a_date_without_a_zone_is_told_as_a_day(world: World) -> None:
    """R25."""
    order = world.order()
    at = world.now() + timedelta(hours=5)
    world.list_there(order, latest_ship_date=at.strftime("%Y-%m-%d %H:%M:%S"))
    learned(world)
    world.sync()
    assert world.notices(order) == ["at-risk"]
    assert f"To be shipped by {at:%Y-%m-%d}:" in mail.outbox[0].body


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-11:00", "2026-02-30", "soon"])
def test_a_date_that_is_none_stops_nothing(world: World, date: str) -> None:
    """R25: the order has no deadline, and the run goes on."""
    order = world.order()
    world.list_there(order, latest_ship_date=date)
    world.sync()
    world.advance(minutes=61)
    assert world.sync().ok
    assert world.row(order).marketplace_order.ship_by_from == "none"


def test_a_stores_rule_counts_where_the_marketplace_names_none(make_world: MakeWorld) -> None:
    """R25."""
    world = make_world(ship_hours={"*": 2})
    order = world.order()
    world.list_there(order)
    learned(world)
    assert world.row(order).marketplace_order.ship_by_from == "hours"
    assert due(world) == (0, 1)


def test_a_stores_own_steps_count(make_world: MakeWorld) -> None:
    """R25: at risk from the first of them on, one mail for each."""
    world = make_world(deadline_steps=[48, 2])
    order = due_in(world, 60)
    learned(world)
    assert due(world) == (0, 0)
    for _ in range(62):
        world.advance(hours=1)
        world.sync()
    assert world.notices(order) == ["at-risk", "at-risk", "late"]


def test_what_was_told_in_time_is_counted_by_day(world: World) -> None:
    """R25: once an order, whatever becomes of its tracking number later."""
    early, tardy = due_in(world, 10), due_in(world, 1)
    learned(world)
    world.advance(hours=2)
    for order in (early, tardy):
        world.ship(order, f"T-{order}")
    world.sync(wait=10)
    world.ship(early, "T-9999")
    world.advance(minutes=5)
    world.sync(wait=10)
    figures = DayFigure.objects.filter(store=world.store, operation="ship")
    assert sum(each.confirmed for each in figures) == 3
    assert [(sum(each.in_time for each in figures), sum(each.too_late for each in figures))] == [(1, 1)]


def test_what_was_shipped_before_anybody_asked_by_when_is_counted_too(world: World) -> None:
    """R25: its deadline is learned afterwards, with one request for all such orders, and each is counted once."""
    early, tardy, unnamed = due_in(world, 10), due_in(world, -5), world.order()
    world.list_there(unnamed)
    for order in (early, tardy, unnamed):
        world.ship(order, f"T-{order}")
    world.sync(wait=10)
    asked = [shipped_lists(world)]
    for _ in range(3):
        world.advance(minutes=61)
        world.sync()
        asked.append(shipped_lists(world))
    assert [each - asked[0] for each in asked] == [0, 1, 1, 1]
    figures = DayFigure.objects.filter(store=world.store, operation="ship")
    assert [sum(getattr(each, name) for each in figures) for name in ("in_time", "too_late", "confirmed")] == [1, 1, 3]
    assert {world.row(each).marketplace_order.ship_by_from for each in (early, unnamed)} == {"api", "none"}


def shipped_lists(world: World) -> int:
    return sum("status=shipped" in each.path for each in world.sandbox.ledger.requests)


def test_new_orders_cost_one_request_an_hour_and_known_ones_none(world: World) -> None:
    """R25: it costs no request of an order's own. The comparison of the night lists orders too: it is not due."""
    hour = timezone.localtime(world.now()).hour
    Store.objects.update(reconcile_hour=(hour + 12) % 24)
    for hours in range(10):
        due_in(world, 100 + hours)
    learned(world)
    asked = [each.path for each in world.sandbox.ledger.requests if "status=created" in each.path]
    assert len(asked) == 1
    for _ in range(3):
        world.advance(minutes=61)
        world.sync()
    again = [each.path for each in world.sandbox.ledger.requests if "status=created" in each.path]
    assert len(again) == 1
