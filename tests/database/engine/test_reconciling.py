"""Comparing with the marketplaces: R32, R33."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import cast
from urllib.parse import unquote

import pytest
from django.core import mail

from sfsync.engine.kit.lease import Busy, take
from sfsync.engine.market import reconcile
from sfsync.engine.market.context import Market
from sfsync.engine.people import differences
from sfsync.engine.watch.stage import Stage
from sfsync.engine.watch.story import story_of
from sfsync.models import Finding, MarketplaceOrder, Order, Process
from sfsync.models.process import RECONCILE
from sfsync.testing import CANCELED, World
from shoppingfeed import Order as FeedOrder
from shoppingfeed import OrderFilters
from shoppingfeed._orders import parse_order
from shoppingfeed.sandbox import Fault

MakeWorld = Callable[..., World]


def shipped(world: World, number: str, fault: Fault | None = None) -> int:
    """An order that the marketplace lists, shipped and confirmed by its ticket."""
    order = world.order()
    world.list_there(order)
    if fault:
        world.sandbox.fault(fault)
    world.ship(order, number)
    world.sync(wait=10)
    assert world.told(order) == [("ship", number)]
    return order


def unseen(world: World, number: str = "LOST-1") -> int:
    return shipped(world, number, Fault("unseen", operation="ship"))


def chosen(world: World, *orders: int):  # type: ignore[no-untyped-def]
    return Order.objects.filter(store=world.store, key__in=[str(each) for each in orders])


def requests(world: World) -> int:
    """Made by one comparison."""
    before = len(world.sandbox.ledger.requests)
    world.reconcile()
    return len(world.sandbox.ledger.requests) - before


def test_what_a_ticket_confirmed_and_the_marketplace_never_showed_is_found(world: World) -> None:
    """R32: after the grace, and named."""
    lost, good = unseen(world), shipped(world, "GOOD-1")
    world.reconcile()
    assert world.findings() == []
    world.advance(hours=25)
    world.reconcile()
    assert world.findings() == world.findings(lost) == ["not-seen"]
    assert world.findings(good) == []


def test_a_longer_grace_does_not_end_what_a_shorter_one_found(world: World) -> None:
    """R32: asked with `--grace 0`, it is found; the nightly look, for which it is too young, does not call it over."""
    lost = unseen(world)
    world.reconcile(grace=timedelta(0))
    world.reconcile()
    assert world.findings(lost) == ["not-seen"]
    world.sandbox.change_order(world.feed_id(lost), status="shipped")
    world.reconcile()
    assert world.findings(lost) == []


def test_what_the_marketplace_refuses_later_is_found_in_its_words(world: World) -> None:
    """R32."""
    order = shipped(world, "T-1", Fault("refuse-later", operation="ship", seconds=600, message="Unknown carrier"))
    world.advance(hours=1)
    world.reconcile()
    assert world.findings(order) == ["refused-there"]
    assert Finding.objects.get().message == "Unknown carrier"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("cancelled", "cancelled-there"),
        ("refused", "cancelled-there"),
        ("refunded", "refunded-there"),
        ("partially_refunded", "refunded-there"),
    ],
)
def test_what_ended_there_and_is_still_prepared_here_is_found(world: World, status: str, kind: str) -> None:
    """R32, R33."""
    order = world.order()
    world.sync()
    world.list_there(order, status=status)
    world.reconcile()
    assert world.findings(order) == [kind]


def test_what_the_shop_calls_off_too_is_no_difference(world: World) -> None:
    """R32."""
    order = world.order()
    world.list_there(order)
    world.shop.set_status(order, CANCELED)
    world.sync(wait=10)
    world.sandbox.change_order(world.feed_id(order), status="cancelled")
    world.reconcile()
    assert world.findings() == []


def test_a_difference_is_told_once_and_closes_by_itself(world: World) -> None:
    """R32, R20."""
    order = unseen(world)
    world.advance(hours=25)
    for _ in range(3):
        world.reconcile()
        world.sync()
    assert world.notices(order) == ["not-seen"]
    assert len(mail.outbox) == 1
    assert "still waiting for the shipment" in mail.outbox[0].body
    world.sandbox.change_order(world.feed_id(order), status="shipped")
    world.reconcile()
    assert world.findings() == []
    assert world.story(order)[-1] == "difference-over"


def test_one_that_comes_back_is_told_again(world: World) -> None:
    """R32."""
    order = unseen(world)
    world.advance(hours=25)
    world.reconcile()
    world.sandbox.change_order(world.feed_id(order), status="shipped")
    world.reconcile()
    world.sandbox.change_order(world.feed_id(order), status="waiting_shipment")
    world.reconcile()
    assert world.notices(order) == ["not-seen", "not-seen"]


def test_a_person_has_it_sent_again(world: World) -> None:
    """R32: only what needs sending again is sent, and nothing before a person says so."""
    order = unseen(world)
    world.advance(hours=25)
    world.reconcile()
    world.sync(wait=10)
    assert world.accepted(order) == [("ship", "LOST-1")]
    assert differences.send_again(world.store, chosen(world, order), "claire") == 1
    world.sync(wait=10)
    assert world.accepted(order) == [("ship", "LOST-1")] * 2
    assert world.sandbox.ledger.duplicates() == []
    world.reconcile()
    assert world.findings() == []
    assert world.told(order) == [("ship", "LOST-1")]


def test_what_is_no_difference_is_not_sent_again(world: World) -> None:
    """R32, R11."""
    order = shipped(world, "GOOD-1")
    assert differences.send_again(world.store, chosen(world, order), "claire") == 0
    world.sync(wait=10)
    assert world.accepted(order) == [("ship", "GOOD-1")]


def test_what_a_person_took_care_of_is_asked_no_more(world: World) -> None:
    """R32."""
    order = unseen(world)
    world.advance(hours=25)
    world.reconcile()
    assert differences.settle(world.store, chosen(world, order), "claire") == 1
    world.reconcile()
    assert not Finding.objects.unsettled().exists()
    assert world.notices(order) == ["not-seen"]
    assert differences.settle(world.store, chosen(world, order), "claire") == 0


def test_the_story_tells_how_far_an_update_has_come(world: World) -> None:
    """R32."""

    def stage(order: int) -> Stage:
        return story_of(world.row(order)).stage

    order = world.order()
    world.list_there(order)
    world.sandbox.configure(ticket_seconds=60)
    world.sync()
    stages = [stage(order)]
    world.ship(order, "T-1")
    world.sync()
    stages.append(stage(order))
    world.advance(minutes=2)
    world.sync()
    stages.append(stage(order))
    assert "not been seen on the marketplace yet" in story_of(world.row(order)).believes
    world.reconcile()
    stages.append(stage(order))
    world.sandbox.change_order(world.feed_id(order), status="waiting_shipment", error="ship", message="no")
    world.reconcile()
    stages.append(stage(order))
    assert stages == [Stage.NOT_SENT, Stage.TICKET_OPEN, Stage.CONFIRMED, Stage.SEEN, Stage.REFUSED_THERE]
    [coming] = story_of(world.row(order)).next
    assert "send the shipment again" in coming.sentence, "an order that differs is not up to date"


def test_it_asks_for_sets_of_statuses_never_for_an_order(world: World) -> None:
    """R32: at most three requests and one for every 200 orders that wait."""
    orders = [world.order() for _ in range(10)]
    world.list_there(*orders)
    world.sync()
    for number in range(500):
        world.sandbox.add_order(7_000_000 + number)
        world.sandbox.add_order(8_000_000 + number, status="cancelled")
    assert requests(world) <= 3 + 500 // 200


def ended(world: World) -> list[str]:
    """The requests of one comparison for what ended otherwise."""
    before = len(world.sandbox.ledger.requests)
    world.reconcile()
    asked = [unquote(each.path) for each in world.sandbox.ledger.requests[before:]]
    return [each for each in asked if "status=cancelled,refused,refunded" in each]


def test_what_ended_long_before_the_oldest_order_in_preparation_is_not_listed(world: World) -> None:
    """R32: however many orders were refunded in three months; and nothing is asked where nothing is prepared."""
    world.sync()
    Order.objects.exclude(key=str(world.order())).update(open=False)
    Order.objects.filter(open=True).update(created_at=world.now() - timedelta(days=2))
    [asked] = ended(world)
    assert f"since={world.now() - timedelta(days=16):%Y-%m-%dT}" in asked
    Order.objects.update(open=False)
    assert ended(world) == []


def test_an_api_that_takes_no_long_pages_is_asked_for_shorter_ones(world: World) -> None:
    """R32."""
    unseen(world)
    for number in range(250):
        world.sandbox.add_order(7_000_000 + number)
    world.advance(hours=25)
    world.sandbox.fault(Fault("status", status=400, path="limit=1000", times=None))
    world.reconcile()
    assert world.findings() == ["not-seen"]


@pytest.mark.parametrize(("orders", "lists"), [(199, 1), (201, 2), (1500, 2)])
def test_an_order_that_moved_while_a_long_list_was_read_is_not_missed(orders: int, lists: int) -> None:
    """R32: the first one left the list between two pages, so that the next page began one order too late."""
    everything = [parse_order({"id": number, "reference": f"R-{number}"}) for number in range(1, orders + 1)]
    asked = []

    class Shifting:
        def pages(self, filters: OrderFilters) -> Iterator[list[FeedOrder]]:
            asked.append(filters)
            half = len(everything) // 2
            yield everything[:half]
            yield everything[half + (len(asked) == 1 and orders > 199) :]

    found = [each.id for page in reconcile.waiting_orders(cast(Market, Shifting())) for each in page]
    assert sorted(found) == [each.id for each in everything]
    assert len(asked) == lists


def test_orders_that_are_not_ours_or_made_for_a_test_are_left_alone(world: World) -> None:
    """R32."""
    world.sync()
    world.sandbox.add_order(7_000_000, status="cancelled")
    world.reconcile()
    assert world.findings() == []
    assert not MarketplaceOrder.objects.filter(feed_id=7_000_000).exists()


def test_it_runs_by_itself_once_a_day_at_its_hour(world: World) -> None:
    """R32, R22."""
    world.sync()
    assert not Process.objects.filter(name=RECONCILE).exists()
    world.advance(days=1)
    world.sync()
    first = Process.objects.get(name=RECONCILE)
    assert first.outcome == "ok"
    world.sync()
    assert Process.objects.get(name=RECONCILE).started_at == first.started_at
    assert first.next_run_at == reconcile.next_due(world.store, world.now())
    world.advance(days=1)
    world.sync()
    assert Process.objects.get(name=RECONCILE).started_at != first.started_at


def test_two_do_not_compare_one_store_at_once(world: World) -> None:
    """R22, R32: the second one says so, and a sync leaves it to the first."""
    world.advance(days=1)
    take(world.store, world.now, timedelta(minutes=10), RECONCILE)
    with pytest.raises(Busy):
        world.reconcile()
    assert world.sync().ok
    assert Process.objects.get(name=RECONCILE).finished_at is None


def test_a_clock_that_ran_ahead_does_not_stop_it(world: World) -> None:
    """R32: what was compared in a time to come is compared again."""
    world.sync()
    world.advance(days=400)
    world.sync()
    ahead = Process.objects.get(name=RECONCILE).started_at
    world.advance(days=-398)
    world.sync()
    assert ahead is not None
    assert (Process.objects.get(name=RECONCILE).started_at or ahead) < ahead


def test_one_that_fails_closes_nothing_and_is_tried_again_an_hour_later(world: World) -> None:
    """R32: half an answer proves nothing."""
    unseen(world)
    world.advance(hours=25)
    world.reconcile()
    world.sandbox.fault(Fault("status", status=503, path="status=cancelled", times=None))
    stopped = world.reconcile()
    assert stopped is not None
    assert world.findings() == ["not-seen"]
    process = Process.objects.get(name=RECONCILE)
    assert (process.outcome, process.holder) == (stopped.trouble, "")
    assert process.next_run_at == world.now() + timedelta(hours=1)


def test_a_crash_in_the_comparison_leaves_the_sync_alone(world: World) -> None:
    """R22, R32."""
    world.advance(days=1)
    world.sandbox.fault(Fault("garbage", path="refused%2Crefunded", times=None))
    assert world.sync().ok
    assert Process.objects.get(name=RECONCILE).outcome == "api-unavailable"
