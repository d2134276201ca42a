"""Following tickets to their end: R14 to R19."""

from __future__ import annotations

from typing import Any

from sfsync.models import MarketplaceOrder, Task
from sfsync.testing import World
from shoppingfeed.sandbox import Fault


def test_batch_and_ticket_are_saved_while_it_is_in_flight(world: World) -> None:
    """R14."""
    world.sandbox.configure(ticket_seconds=60)
    order = world.ship(world.order(), "T-1")
    world.sync()
    [task] = world.tasks(order)
    assert task.action == "CHECK_TICKET_SYNC_STATUS"
    assert task.batch_id
    world.advance(seconds=5)
    world.sync()
    assert world.tasks(order)[0].ticket_number


def test_a_confirmed_task_goes_and_the_order_remembers(world: World) -> None:
    """R15."""
    order = world.ship(world.order(), "T-2")
    world.sync(wait=5)
    row = world.row(order)
    assert not Task.objects.exists()
    assert row.marketplace_order.confirmed_operation == "ship"
    assert world.told(order) == [("ship", "T-2")]
    assert row.marketplace_order.confirmed_at is not None


def test_a_refused_ticket_is_told_and_tried_again_later(world: World) -> None:
    """R16: with the API's message; the second try succeeds."""
    order = world.ship(world.order(), "T-3")
    world.sandbox.fault(Fault("refuse", order_id=world.feed_id(order), message="Unknown carrier"))
    world.sync(wait=5)
    [task] = world.tasks(order)
    assert (task.failure, task.last_error, task.parked) == ("ticket-failed", "Unknown carrier", False)
    assert task.update_at > world.now()
    world.advance(minutes=6)
    world.sync(wait=5)
    assert world.tasks(order) == []
    assert world.belief(order).status == "shipped"


def test_a_refusal_of_what_has_changed_since_is_left_to_the_change(world: World) -> None:
    """R10, R16: no second try of a number that the shop has no more, and nobody is told of it."""
    world.sandbox.configure(ticket_seconds=60)
    order = world.ship(world.order(), "TRK-31")
    world.sandbox.fault(Fault("refuse", order_id=world.feed_id(order), message="Unknown number"))
    world.sync()
    world.shop.set_tracking(order, "TRK-32")
    world.advance(seconds=5)
    world.sync()
    for _ in range(2):
        world.advance(minutes=2)
        world.sync(wait=60)
    assert "superseded" in world.story(order)
    assert world.accepted(order) == [("ship", "TRK-31"), ("ship", "TRK-32")]
    assert world.told(order) == [("ship", "TRK-32")]
    assert (world.tasks(order), world.notices(order)) == ([], [])


def test_a_running_ticket_is_looked_at_less_and_less_often(world: World) -> None:
    """R17: and it is an alarm, told once, when it passes a day."""
    order = world.ship(world.order(), "T-4")
    world.sandbox.fault(Fault("stuck"))
    world.sync()
    for _ in range(100):
        world.advance(minutes=20)
        world.sync()
    looks = len(world.sandbox.ledger.looks())
    assert looks < 60
    assert world.notices(order) == ["ticket-slow"]
    assert world.tasks(order)[0].action == "CHECK_TICKET_SYNC_STATUS"


def test_a_canceled_ticket_means_refused(world: World) -> None:
    """R18: no retry, and the merchant is told."""
    order = world.ship(world.order(), "T-5")
    world.sandbox.fault(Fault("cancel-ticket", operation="ship"))
    for _ in range(5):
        world.sync(wait=5)
        world.advance(hours=2)
    assert world.accepted(order) == [("ship", "T-5")]
    assert world.tasks(order)[0].parked
    assert world.notices(order) == ["ticket-canceled"]


def test_a_ticket_that_the_api_forgot_is_queued_again(world: World) -> None:
    """R18: looked up by order id first."""
    order = world.ship(world.order(), "T-6")
    world.sandbox.configure(ticket_seconds=3600)
    world.sync()
    world.sandbox.forget_tickets()
    world.sandbox.configure(ticket_seconds=0)
    for _ in range(4):
        world.advance(minutes=10)
        world.sync(wait=30)
    assert world.row(order).marketplace_order.confirmed_operation == "ship"
    assert "ticket-missing" in world.story(order)


def test_tickets_without_id_or_reference_and_in_any_order_are_matched(world: World) -> None:
    """R14: by id, then by reference; pages come shuffled."""
    ids = world.shop.add_orders(101)
    for each in ids:
        order = world.shop.order(each)
        world.sandbox.add_order(world.feed_id(each), reference=order.marketplace_reference, channel=order.channel)
    world.shop.bulk_ship(ids)
    world.sandbox.fault(Fault("no-id", order_id=world.feed_id(ids[0]), times=None))
    world.sandbox.fault(Fault("no-reference", order_id=world.feed_id(ids[1]), times=None))
    world.sandbox.fault(Fault("shuffle", times=None))
    world.sync(wait=60)
    assert MarketplaceOrder.objects.filter(confirmed_operation="ship").count() == 101
    assert world.sandbox.ledger.duplicates() == []


def test_many_batches_are_read_from_the_list_and_not_one_by_one(world: World) -> None:
    """R14, R16, R18: ten batches of one order each; the list tells of nine, and the other is asked for."""
    world.sandbox.configure(ticket_seconds=60)
    orders = [world.order() for _ in range(10)]
    world.sandbox.fault(Fault("refuse", order_id=world.feed_id(orders[3])))
    world.sandbox.fault(Fault("purge", order_id=world.feed_id(orders[4])))
    for number, each in enumerate(orders):
        world.ship(each, f"T-{number}")
        world.sync()
    assert Task.objects.values("batch_id").distinct().count() == len(orders)
    world.advance(minutes=10)
    before = len(world.sandbox.ledger.looks())
    world.sync()
    told = [each for each in orders if world.row(each).marketplace_order.confirmed_operation]
    assert told == [each for each in orders if each not in orders[3:5]]
    assert world.tasks(orders[3])[0].failure == "ticket-failed"
    assert "ticket-missing" in world.story(orders[4])
    assert len(world.sandbox.ledger.looks()) - before <= 5


def test_a_failed_ticket_gives_way_to_a_newer_change(world: World) -> None:
    """R1, R16: the newer intention decides, and nothing is sent for the old one."""
    world.sandbox.configure(ticket_seconds=30)
    world.sandbox.fault(Fault("refuse", operation="ship"))
    order = world.ship(world.order(), "T-7")
    world.sync()
    world.shop.set_tracking(order, "T-8")
    world.sync(wait=120)
    assert world.accepted(order) == [("ship", "T-7"), ("ship", "T-8")]
    assert world.told(order)[-1] == ("ship", "T-8")
    assert world.tasks(order) == []


def test_no_outcome_of_a_ticket_costs_a_statement_an_order(world: World, django_assert_max_num_queries: Any) -> None:
    """R14 to R18: 400 orders, of which a quarter each is confirmed, refused, canceled and open."""
    world.sync()
    ids = world.shop.add_orders(400)
    for number, order_id in enumerate(ids):
        if kind := ("", "refuse", "cancel-ticket", "stuck")[number % 4]:
            world.sandbox.fault(Fault(kind, order_id=world.feed_id(order_id), times=None))
    world.shop.bulk_ship(ids)
    with django_assert_max_num_queries(200):
        result = world.sync(wait=60)
    assert (result.counts.confirmed, result.counts.failed, result.counts.in_flight) == (100, 200, 100)
