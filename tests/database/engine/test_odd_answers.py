"""Answers that no manual promises: one odd answer costs one order a detour, never the store its day, and never a
second operation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import override_settings

from sfsync.engine.run import run_store
from sfsync.models import DayFigure, MarketplaceOrder
from sfsync.testing import DELIVERED, World
from shoppingfeed import NotSentError, Request, Response
from shoppingfeed.sandbox import Fault
from tests.database.engine.odd import Twist, forget_feed_id, know, page_of, problem, relist, sent


def hours(world: World, number: int, *, wait: float = 0) -> None:
    """A run every hour."""
    for _ in range(number):
        world.sync(wait=wait)
        world.advance(hours=1)


def half_hours(world: World, number: int) -> None:
    for _ in range(number):
        world.sync(wait=5)
        world.advance(minutes=30)


@pytest.mark.parametrize(
    "odd",
    [
        Fault("garbage", method="GET", path="status=shipped"),
        Fault("status", status=404, method="GET", path="status=shipped"),
    ],
)
def test_one_odd_answer_does_not_end_the_adoption(world: World, odd: Fault) -> None:
    """R5, R11: what was shipped before our time is not shipped again."""
    order = world.order()
    know(world, order, status="shipped")
    world.ship(order, "T-OLD-1")
    world.sandbox.fault(odd)
    world.sync(wait=5)
    world.advance(minutes=10)
    world.sync(wait=5)
    assert world.accepted(order) == []
    assert world.row(order).marketplace_order.confirmed_operation == "ship"


@pytest.mark.parametrize("status", [404, 400, 500])
def test_a_batch_that_cannot_be_read_holds_up_no_other(world: World, status: int) -> None:
    """R14, R18."""
    world.sandbox.configure(ticket_seconds=1)
    first = world.ship(world.order(), "T-1")
    world.sync()
    batch = world.tasks(first)[0].batch_id
    Twist(world, lambda request: problem(status) if f"batchId={batch}" in request.url else None)
    second = world.ship(world.order(), "T-2")
    world.advance(hours=1)
    hours(world, 3)
    assert world.row(second).marketplace_order.confirmed_operation == "ship"
    assert world.accepted(first) == [("ship", "T-1")]


@pytest.mark.parametrize("status", [404, 400])
def test_a_question_by_order_that_is_refused_holds_up_no_other(world: World, status: int) -> None:
    """R13: and what may have arrived is not sent again for it."""
    first = world.ship(world.order(), "T-1")
    world.sandbox.fault(Fault("accept-then-drop", operation="ship"))
    world.sync()
    asked = f"payloadId={world.feed_id(first)}"
    Twist(world, lambda request: problem(status) if asked in request.url else None)
    second = world.ship(world.order(), "T-2")
    world.advance(hours=1)
    hours(world, 3)
    assert world.row(second).marketplace_order.confirmed_operation == "ship"
    assert world.accepted(first) == [("ship", "T-1")]


def test_one_order_that_the_api_answers_with_404_is_found_and_named(world: World) -> None:
    """R12: the store is known, so it is the order that is not."""
    bad, good = world.ship(world.order(), "T-1"), world.ship(world.order(), "T-2")
    named = str(world.feed_id(bad)).encode()
    Twist(world, lambda request: problem(404) if request.method == "POST" and named in request.body else None)
    hours(world, 3, wait=5)
    assert world.row(good).marketplace_order.confirmed_operation == "ship"
    assert world.notices() == ["request-refused"]
    assert world.tasks(bad)[0].last_error == "no such thing"


def name_no_order(world: World) -> None:
    """From here on, tickets tell neither the order's id nor its reference."""
    world.sandbox.fault(Fault("no-id", times=None))
    world.sandbox.fault(Fault("no-reference", times=None))


def test_a_ticket_that_names_no_order_is_followed_in_its_batch(world: World) -> None:
    """R14: the only ticket of a batch of one order is that order's."""
    order = world.ship(world.order(), "T-1")
    name_no_order(world)
    half_hours(world, 10)
    assert world.accepted(order) == [("ship", "T-1")]
    assert world.row(order).marketplace_order.confirmed_operation == "ship"


def test_a_deliver_whose_ticket_names_no_order_is_sent_once(world: World) -> None:
    """R13a, R14: its ticket's type is undocumented too."""
    order = world.ship(world.order(), "T-1")
    world.sync(wait=5)
    name_no_order(world)
    world.shop.set_status(order, DELIVERED)
    half_hours(world, 6)
    assert world.accepted(order) == [("ship", "T-1"), ("deliver", "")]


def test_an_order_ignored_without_a_word_is_ignored_all_the_same(world: World) -> None:
    """R12."""

    def say_nothing(body: Any) -> Any:
        return body | {"report": [entry | {"message": None} for entry in body.get("report", [])]}

    order = world.ship(world.order(), "T-1")
    world.sandbox.fault(Fault("ignore", times=None))
    Twist(world, edit=say_nothing)
    half_hours(world, 10)
    assert world.notices(order) == ["ignored"]


def test_an_ignored_reference_is_that_of_the_channel_named(world: World) -> None:
    """R12: two marketplaces use one reference; only the order that was ignored failed."""

    def tell_by_reference(body: Any) -> Any:
        by_reference = {"id": None, "reference": "SAME", "channelName": "Amazon"}
        return body | {"report": [entry | by_reference for entry in body.get("report", [])]}

    ignored, other = world.order(), world.order()
    for order, channel in ((ignored, "Amazon"), (other, "Cdiscount")):
        relist(world, order, id_order_marketplace="SAME", name_marketplace=channel)
        world.ship(order, f"T-{order}")
    world.sandbox.fault(Fault("ignore", order_id=world.feed_id(ignored), times=None))
    Twist(world, edit=tell_by_reference)
    world.sync(wait=5)
    assert world.row(other).marketplace_order.confirmed_operation == "ship"
    assert world.notices() == ["ignored"]
    assert world.notices(ignored) == ["ignored"]


def test_a_clock_five_minutes_fast_sends_nothing_twice(world: World) -> None:
    """R13: the ticket looks older than the send, and is its ticket."""
    order = world.ship(world.order(), "T-1")
    world.sandbox.fault(Fault("accept-then-drop", operation="ship"))
    for _ in range(4):
        run_store(world.store, world.connections, clock=lambda: world.now() + timedelta(minutes=5))
        world.advance(minutes=5)
    assert world.accepted(order) == [("ship", "T-1")]
    assert world.row(order).marketplace_order.confirmed_operation == "ship"


def test_an_odd_order_in_the_list_does_not_hide_one_that_the_channel_ships(world: World) -> None:
    """R13b."""
    order = world.order()
    reference = world.shop.order(order).marketplace_reference
    shipped_there = {"id": world.feed_id(order), "reference": reference, "fulfilledBy": "channel"}
    odd = page_of(shipped_there, {"id": None})
    Twist(world, lambda request: odd if "fulfilledBy=channel" in request.url else None)
    world.ship(order, "T-1")
    world.sync(wait=5)
    assert world.accepted(order) == []


def test_an_order_that_the_channel_ships_may_be_imported_days_late(world: World) -> None:
    """R13b: the list is asked from before the shop's own copy of the order."""
    order = world.order()
    made = datetime.fromtimestamp(world.clock(), UTC) - timedelta(days=5)
    know(world, order, fulfilled_by="channel", created_at=made.timestamp())

    def only_newer(request: Request) -> Response | None:
        query = parse_qs(urlsplit(request.url).query)
        hidden = "fulfilledBy" in query and datetime.fromisoformat(query["since"][0]) > made
        return page_of() if hidden else None

    orders = world.shop.tables["orders"]
    world.shop.execute(orders.update().where(orders.c.id_order == order).values(date_add=world.shop.time()))
    Twist(world, only_newer)
    world.ship(order, "T-1")
    world.sync(wait=5)
    assert world.accepted(order) == []
    assert world.row(order).marketplace_order.fulfilled_by == "channel"


@pytest.mark.parametrize("facts", [{"fulfilled_by": "channel"}, {"status": "shipped"}])
def test_an_order_found_by_its_reference_is_taken_as_the_api_knows_it(world: World, facts: dict[str, str]) -> None:
    """R11, R13b: one that the channel ships, or that was shipped before, is not shipped by us."""
    order = world.order()
    feed_id = know(world, order, **facts)
    forget_feed_id(world, order)
    world.ship(order, "T-1")
    world.sync(wait=5)
    assert world.row(order).marketplace_order.feed_id == feed_id
    assert sent(world, feed_id) == []


def test_a_reference_that_the_api_answers_oddly_holds_up_no_other(world: World) -> None:
    """R13b: the other orders without an id are found, and the merchant is told of this one."""
    poison, other = world.order(), world.order()
    reference = world.shop.order(poison).marketplace_reference
    other_id = [know(world, order) for order in (poison, other)][1]
    for order in (poison, other):
        forget_feed_id(world, order)
        world.ship(order, f"T-{order}")
    Twist(world, lambda request: page_of({"id": "x"}) if f"reference={reference}&" in request.url else None)
    hours(world, 2, wait=5)
    assert sent(world, other_id) == [("ship", f"T-{other}")]
    assert world.notices(poison) == ["no-feed-id"]


@override_settings(SFSYNC={"ticket_lag_seconds": 0.0})
def test_a_run_ends_when_nothing_can_be_sent(world: World) -> None:
    """R7, R22: also where tickets are listed at once, so that nothing else spaces the tries."""
    world.ship(world.order(), "T-1")
    world.sync()
    order = world.ship(world.order(), "T-2")

    def no_route(request: Request) -> Response | None:
        if request.method == "POST" and twist.posted <= 50:
            raise NotSentError("no route")
        return None

    twist = Twist(world, no_route)
    world.sync()
    assert twist.posted == 1
    assert world.tasks(order)[0].update_at > world.now()


def test_an_order_with_an_impossible_id_fails_alone(world: World) -> None:
    """R12, R13b: the client refuses to name it, and the others go out."""
    world.sync()
    bad, good = world.ship(world.order(), "T-BAD-1"), world.ship(world.order(), "T-GOOD-1")
    forget_feed_id(world, bad)
    MarketplaceOrder.objects.filter(shop_orders__key=bad).update(feed_id=-5)
    world.sync(wait=5)
    assert world.accepted(good) == [("ship", "T-GOOD-1")]
    assert [task.failure for task in world.tasks(bad)] == ["unpreparable"]


def test_an_acceptance_with_another_batch_id_counts_once(world: World) -> None:
    """R14, R18: its ticket is found by the order, and it was sent once."""
    world.sandbox.configure(ticket_seconds=3600)
    order = world.ship(world.order(), "T-1")
    Twist(world, edit=lambda body: {**body, "id": "another-batch"})
    sent = world.sync(wait=10).counts.sent
    assert world.tasks(order)[0].batch_id == "another-batch"
    for _ in range(20):
        world.advance(minutes=10)
        sent += world.sync(wait=10).counts.sent
    assert world.row(order).marketplace_order.confirmed_operation == "ship"
    assert world.accepted(order) == [("ship", "T-1")]
    assert sent == 1
    assert sum(DayFigure.objects.values_list("sent", flat=True)) == 1
