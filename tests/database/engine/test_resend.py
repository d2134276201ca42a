"""Everything that failed in an outage is tried again together, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sfsync.engine.people.resend import Wanted, again, failed, orders_of, progress, reasons
from sfsync.models import Store
from sfsync.testing import World
from shoppingfeed.sandbox import Fault

OUTAGE = "Service unavailable"


@pytest.fixture
def outage(world: World) -> tuple[list[int], int, int]:
    """Orders that an outage refused; one that was refused for a reason of its own; one refused long before."""
    world.sync()
    first = 2_000_000_000_000
    early, *down, other = world.shop.add_orders(5, channel="Cdiscount", first_feed_id=first)
    for number, (order, message) in enumerate([(early, OUTAGE), *((each, OUTAGE) for each in down), (other, "Odd")]):
        world.sandbox.fault(Fault("cancel-ticket", order_id=world.feed_id(order), message=message))
        world.ship(order, f"T-{number}")
        world.sync(wait=5)
        world.advance(hours=2 if order == early else 0)
    return down, other, early


def chosen(world: World, **wanted: object) -> set[str]:
    tasks = failed([world.store], Wanted(**wanted))  # type: ignore[arg-type]
    return set(orders_of(tasks).values_list("key", flat=True))


def test_failures_are_chosen_by_moment_marketplace_and_reason(world: World, outage: tuple[list[int], int, int]) -> None:
    down, other, early = outage
    every = {str(each) for each in (*down, other, early)}
    assert chosen(world) == every
    assert chosen(world, since=world.now() - timedelta(hours=1)) == every - {str(early)}
    assert chosen(world, channel="cdiscount", reason="unavailable") == every - {str(other)}
    assert chosen(world, reason="ticket-canceled", operation="ship") == every
    assert chosen(world, channel="Fnac") == chosen(world, operation="cancel") == set()


def test_the_reasons_are_counted_the_commonest_first(world: World, outage: tuple[list[int], int, int]) -> None:
    found = reasons(failed([world.store], Wanted()))
    assert [(each.channel, each.message, each.count) for each in found] == [
        ("Cdiscount", OUTAGE, 4),
        ("Cdiscount", "Odd", 1),
    ]


def test_they_go_out_again_and_say_how_far_they_have_come(world: World, outage: tuple[list[int], int, int]) -> None:
    down, other, early = outage
    since = world.now() - timedelta(hours=1)
    world.sandbox.fault(Fault("cancel-ticket", order_id=world.feed_id(down[0]), message=OUTAGE))
    count, name = again(failed([world.store], Wanted(since=since, reason=OUTAGE)), "Anna")
    assert count == len(down)
    now = progress([world.store], name)
    assert (now.total, now.waiting) == (len(down), len(down))
    world.advance(seconds=5)
    world.sync()
    assert progress([world.store], name).sent == len(down)
    world.sync(wait=10)
    now = progress([world.store], name)
    assert (now.done, now.failed, now.waiting, now.sent) == (len(down) - 1, 1, 0, 0)
    assert [len(world.accepted(each)) for each in (other, early)] == [1, 1]
    assert "person-retry" in world.story(down[0])


def test_another_stores_failures_are_left_alone(world: World, outage: tuple[list[int], int, int]) -> None:
    strange = Store(name="other", feed_store_id=11, api_url="https://other.invalid")
    strange.save()
    assert not failed([strange], Wanted()).exists()
    _count, name = again(failed([world.store], Wanted()), "Anna")
    assert progress([strange], name).total == 0
