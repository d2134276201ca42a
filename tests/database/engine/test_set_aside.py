"""A fact that failed waits in a row of its own: it holds up no other, and is opened again by a change or a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from sfsync.domain.operations import OperationKind, forget, register
from sfsync.domain.task_state import TaskState
from sfsync.engine.people import acts
from sfsync.engine.people.at_once import send_now
from sfsync.engine.people.change_settings import change_settings
from sfsync.engine.watch.health import health_of
from sfsync.models import Action, Order, Task
from sfsync.testing import DELIVERED, PROCESSING, REFUNDED, SHIPPED, STATUSES, World
from shoppingfeed.sandbox import Fault

ACCEPT = OperationKind("accept", "accept", 5, "Accepted", "accepted", meaning="accepted", lane="accepting")


@pytest.fixture
def two_lanes(world: World) -> Iterator[World]:
    register(ACCEPT)
    change_settings(world.store, {"statuses": STATUSES | {"accepted": [PROCESSING]}}, "claire")
    yield world
    forget(ACCEPT.name)


def refuse(world: World, order: str, times: int | None = None, operation: str = "ship") -> int:
    fault = Fault("refuse", order_id=world.feed_id(order), operation=operation, message="not now", times=times)
    return world.sandbox.fault(fault)


def aside(world: World, order: str) -> list[tuple[str, str, TaskState]]:
    return [
        (task.operation, task.tracking_number, task.state) for task in world.tasks(order) if task.action == "SET_ASIDE"
    ]


def shipped_with_a_refused_correction(world: World) -> tuple[str, int]:
    """A1 is told, B2 was refused and is tried again by itself. Returns the order, and what refuses it."""
    [order] = world.shop.add_orders(1, channel="Zalando", first_feed_id=900_000)
    world.ship(order, "A1")
    world.sync(wait=10)
    refusal = refuse(world, order)
    world.shop.set_tracking(order, "B2")
    world.sync(wait=10)
    assert aside(world, order) == [("ship", "B2", TaskState.RETRYING)]
    return order, refusal


# It holds up nothing


@pytest.mark.parametrize(("status", "operation"), [(DELIVERED, "deliver"), (REFUNDED, "refund")])
def test_a_refused_correction_of_the_number_holds_up_no_later_status(world: World, status: str, operation: str) -> None:
    """R13a, R16."""
    order, _refusal = shipped_with_a_refused_correction(world)
    world.shop.set_status(order, status)
    for _ in range(3):
        world.sync(wait=10)
    assert (operation, "") in world.told(order)
    assert ("ship", "B2") not in world.told(order)


def test_the_first_shipment_does_hold_up_the_delivery(world: World) -> None:
    """R13a."""
    order = world.order()
    refuse(world, order, times=1)
    world.shop.set_tracking(order, "A1")
    world.shop.set_status(order, DELIVERED)
    world.sync(wait=10)
    assert world.accepted(order) == [("ship", "A1")]
    world.advance(hours=6)
    world.sync(wait=10)
    assert world.told(order) == [("ship", "A1"), ("deliver", "")]


def test_a_parked_shipment_holds_up_no_other_lane(two_lanes: World) -> None:
    order = two_lanes.order()
    refuse(two_lanes, order)
    two_lanes.ship(order, "A1")
    for _ in range(5):
        two_lanes.sync(wait=10)
        two_lanes.advance(hours=6)
    assert aside(two_lanes, order) == [("ship", "A1", TaskState.FAILED)]
    two_lanes.sandbox.configure(ticket_seconds=600)
    two_lanes.shop.set_status(order, PROCESSING)
    two_lanes.sync()
    assert {task.operation for task in two_lanes.tasks(order) if task.state.sent} == {"ship", "accept"}


# Lanes


def test_two_lanes_fly_at_once(two_lanes: World) -> None:
    """R10."""
    order = two_lanes.order()
    two_lanes.sandbox.configure(ticket_seconds=600)
    two_lanes.shop.set_tracking(order, "A1")
    two_lanes.shop.set_status(order, PROCESSING)
    two_lanes.sync()
    flying = {(task.operation, task.lane) for task in two_lanes.tasks(order)}
    assert flying == {("ship", "order"), ("accept", "accepting")}
    two_lanes.advance(hours=1)
    two_lanes.sync(wait=60)
    assert sorted(two_lanes.told(order)) == [("accept", ""), ("ship", "A1")]
    assert two_lanes.tasks(order) == []


def test_a_change_is_not_held_up_by_another_lane(two_lanes: World) -> None:
    """R10: a slow one blocks no shipment."""
    order = two_lanes.order()
    two_lanes.sandbox.configure(ticket_seconds=600)
    two_lanes.shop.set_status(order, PROCESSING)
    two_lanes.sync()
    two_lanes.ship(order, "A1")
    two_lanes.sync()
    assert two_lanes.accepted(order) == [("accept", ""), ("ship", "A1")]
    two_lanes.advance(hours=1)
    two_lanes.sync(wait=60)
    assert (sorted(two_lanes.told(order)), two_lanes.tasks(order)) == ([("accept", ""), ("ship", "A1")], [])


def test_changes_during_a_flight_merge_and_are_decided_at_its_end(world: World) -> None:
    """R1, R10."""
    order = world.order()
    world.sandbox.configure(ticket_seconds=600)
    world.ship(order, "A1")
    world.sync()
    for number in ("B2", "C3"):
        world.shop.set_tracking(order, number)
        world.advance(minutes=1)
        world.sync()
    assert sorted(task.action for task in world.tasks(order)) == [Action.CHECK, Action.SYNC]
    world.advance(minutes=10)
    world.sync(wait=1200)
    assert world.accepted(order) == world.told(order) == [("ship", "A1"), ("ship", "C3")]


def test_a_shop_that_was_asked_again_counts_for_no_look_at_the_ticket_list(world: World) -> None:
    """R13: absence is no proof before it was looked for."""
    world.sync()
    order = world.ship(world.order(), "A1")
    refusal = world.sandbox.fault(Fault("wrong-token", times=None))
    world.sync()
    world.sandbox.remove_fault(refusal)
    world.sandbox.fault(Fault("drop", operation="ship"))
    Task.objects.update(looks=3)
    world.sync()
    [task] = world.tasks(order)
    assert (task.state, task.looks) == (TaskState.UNANSWERED, 0)


# It is opened again


def test_a_refused_fact_keeps_its_tries_whatever_else_is_told(world: World) -> None:
    """R16: it is refused three times in all, and told once."""
    order, _refusal = shipped_with_a_refused_correction(world)
    for _ in range(6):
        world.advance(hours=6)
        world.sync(wait=10)
    assert world.accepted(order) == [("ship", "A1"), *[("ship", "B2")] * world.store.tries]
    assert world.notices(order) == ["ticket-failed"]
    assert aside(world, order) == [("ship", "B2", TaskState.FAILED)]


def test_a_change_gives_it_fresh_tries_and_its_next_failure_is_told(world: World) -> None:
    """R16, R20."""
    order, _refusal = shipped_with_a_refused_correction(world)
    for _ in range(4):
        world.advance(hours=6)
        world.sync(wait=10)
    world.shop.set_status(order, SHIPPED)
    world.shop.set_status(order, PROCESSING)
    world.sync(wait=10)
    [task] = world.tasks(order)
    assert (task.attempts, task.state) == (1, TaskState.RETRYING)
    assert world.notices(order) == ["ticket-failed"] * 2


def test_a_failure_that_was_corrected_and_comes_back_is_told_again(world: World) -> None:
    """R20: the same number, refused again after another one."""
    order, refusal = shipped_with_a_refused_correction(world)
    world.shop.set_tracking(order, "C3")
    world.sandbox.remove_fault(refusal)
    world.sync(wait=10)
    assert (world.told(order)[-1], world.tasks(order)) == (("ship", "C3"), [])
    refuse(world, order)
    world.advance(minutes=1)
    world.shop.set_tracking(order, "B2")
    world.sync(wait=10)
    assert world.notices(order) == ["ticket-failed"] * 2


def test_a_person_tries_one_fact_again(world: World) -> None:
    """R16."""
    order, refusal = shipped_with_a_refused_correction(world)
    world.sandbox.remove_fault(refusal)
    assert acts.retry(Order.objects.filter(key=order), "jeanne", operation="deliver") == 0
    assert acts.retry(Order.objects.filter(key=order), "jeanne", operation="ship") == 1
    world.advance(minutes=1)
    world.sync(wait=10)
    assert world.told(order) == [("ship", "A1"), ("ship", "B2")]


def test_what_was_given_up_is_not_sent_by_a_later_look(world: World) -> None:
    order, refusal = shipped_with_a_refused_correction(world)
    assert acts.give_up(Order.objects.filter(key=order), "jeanne") == 1
    assert world.tasks(order) == []
    world.sandbox.remove_fault(refusal)
    [fact] = Task.objects.filter(order=world.row(order).marketplace_order)
    assert fact.state is TaskState.GIVEN_UP
    Task.objects.create(
        store=world.store, order=fact.order, since=fact.since - timedelta(hours=1), update_at=world.now()
    )
    world.sync(wait=10)
    assert world.told(order) == [("ship", "A1")]
    assert "nothing-set-aside" in world.story(order)


@pytest.mark.parametrize("again", ["a change", "a person"])
def test_what_was_given_up_is_sent_after_all(world: World, again: str) -> None:
    order, refusal = shipped_with_a_refused_correction(world)
    acts.give_up(Order.objects.filter(key=order), "jeanne")
    world.sandbox.remove_fault(refusal)
    world.advance(minutes=1)
    if again == "a change":
        world.shop.set_status(order, DELIVERED)
    else:
        assert send_now(world.store, Order.objects.filter(key=order), "jeanne") == 1
    world.sync(wait=30)
    assert ("ship", "B2") in world.told(order)
    assert not Task.objects.exists()


def test_a_number_that_nobody_wants_any_more_is_forgotten(world: World) -> None:
    """R6."""
    order, _refusal = shipped_with_a_refused_correction(world)
    world.shop.set_tracking(order, "A1")
    world.sync(wait=10)
    assert not Task.objects.exists()
    world.advance(hours=6)
    world.sync(wait=10)
    assert world.told(order) == [("ship", "A1")]


def test_given_up_is_no_update_that_waits(world: World) -> None:
    order, _refusal = shipped_with_a_refused_correction(world)
    acts.give_up(Order.objects.filter(key=order), "jeanne")
    [health] = health_of([world.store], world.now())
    assert (health.queued, health.waiting, health.failed, health.oldest_waiting) == (0, 0, 0, None)


def test_a_store_with_many_failures_is_looked_at_without_reading_them(world: World) -> None:
    """What a run asks for each time goes by an index that has no row for what waits for a person."""
    assert "task_due" in _plan(Task.objects.filter(store=world.store).moving())
    # of two indexes PostgreSQL takes either while there are no rows
    assert connection.vendor == "postgresql" or "task_due" in _plan(
        Task.objects.filter(store=world.store).due(world.now())
    )


def _plan(tasks: QuerySet[Task]) -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # the table is empty
        return str(tasks.explain())
