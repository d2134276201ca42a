"""A marketplace that refuses everything (R36): one event, one mail, and nothing else waits for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sfsync.domain.channel_trouble import IN_A_ROW
from sfsync.domain.task_state import TaskState
from sfsync.engine.kit.agenda import agenda
from sfsync.engine.people.channels import release
from sfsync.engine.watch.health import health_of
from sfsync.engine.watch.story import story_of
from sfsync.models import ChannelTrouble, Notice, Task
from sfsync.testing import World
from shoppingfeed import Request, Response
from shoppingfeed.sandbox import Fault
from tests.database.engine.odd import Twist, edited

DOWN = "The marketplace is down (error 503)"


def subjects() -> list[str]:
    return [each.subject for each in mail.outbox]


def of(world: World, channel: str, count: int, start: int = 0) -> list[int]:
    """New orders of one marketplace, shipped with a number each; their ids at Shopping Feed begin with `start`."""
    first = 2_000_000_000_000 + 1000 * len(channel) + start
    orders = world.shop.add_orders(count, channel=channel, first_feed_id=first)
    for number, order in enumerate(orders, start):
        world.ship(order, f"{channel}-{number:03d}")
    return orders


def down(world: World, orders: list[int], message: str = DOWN) -> None:
    for order in orders:
        world.sandbox.fault(Fault("refuse", order_id=world.feed_id(order), times=None, message=message))


def in_trouble(world: World, more: int = 0) -> list[int]:
    """The marketplace has refused five orders; `more` come after that."""
    world.sync()
    orders = of(world, "Cdiscount", IN_A_ROW + more)
    down(world, orders)
    world.sync(wait=5)
    assert ChannelTrouble.objects.held().count() == 1
    return orders


def mended(world: World) -> None:
    world.sandbox.faults.clear()


def newest_first(world: World) -> None:
    """The list of tickets that are done, which the sandbox shows the other way round."""

    def reverse(page: Any) -> Any:
        page["_embedded"]["ticket"].reverse()
        return page

    def judge(request: Request) -> Response | None:
        return edited(twist.inner.send(request), reverse) if "state=processed" in request.url else None

    twist = Twist(world, judge)


def sends(world: World, orders: list[int]) -> int:
    return sum(len(world.accepted(order)) for order in orders)


def test_five_refusals_with_one_answer_are_one_event_and_one_mail(world: World) -> None:
    """R36: the mail names the marketplace and its answer, and no order."""
    in_trouble(world, more=20)
    assert world.notices() == ["channel-held"]
    assert subjects() == ["[sfsync] main: Cdiscount refuses every update"]
    assert DOWN in mail.outbox[0].body
    assert {task.attempts for task in Task.objects.all()} == {0}


def test_four_are_four_failures(world: World) -> None:
    """R36: each is told by itself, as ever."""
    world.sync()
    down(world, of(world, "Cdiscount", IN_A_ROW - 1))
    world.sync(wait=5)
    assert world.notices() == ["ticket-failed"] * (IN_A_ROW - 1)
    assert not ChannelTrouble.objects.held().exists()


def test_one_that_has_taken_ten_since_is_in_no_trouble(world: World) -> None:
    """R36: the oldest answer counts first, whichever way the API lists them."""
    world.sandbox.configure(ticket_seconds=600)
    newest_first(world)
    world.sync()
    orders = [_sent_alone(world, number, refused=number < IN_A_ROW) for number in range(IN_A_ROW + 10)]
    world.advance(minutes=15)
    world.sync()
    assert len([order for order in orders if world.told(order)]) == 10
    assert world.notices() == ["ticket-failed"] * IN_A_ROW
    assert not ChannelTrouble.objects.exists()


@pytest.mark.parametrize("refused_first", [True, False])
def test_what_was_sent_last_counts_where_the_list_lacks_what_was_sent_first(world: World, refused_first: bool) -> None:
    """R36: the older half is read after the newer one, batch by batch. No trouble, and none that ends at once."""
    world.sandbox.configure(ticket_seconds=600)
    unlisted = without_in_list(world)
    world.sync()
    orders = [_sent_alone(world, each, refused=(each < IN_A_ROW) is refused_first) for each in range(2 * IN_A_ROW)]
    unlisted |= {world.feed_id(order) for order in orders[:IN_A_ROW]}
    world.advance(minutes=15)
    world.sync()
    assert len([order for order in orders if world.told(order)]) == IN_A_ROW
    assert world.notices() == (["ticket-failed"] * IN_A_ROW if refused_first else ["channel-held"])
    assert ChannelTrouble.objects.held().count() == (0 if refused_first else 1)


def test_what_was_sent_last_counts_where_the_first_was_looked_at_before(world: World) -> None:
    """R36: what was looked at least is read first, ten batches at a time."""
    world.sandbox.configure(ticket_seconds=2400)
    world.sync()
    first = [_sent_alone(world, number, refused=True) for number in range(IN_A_ROW)]
    for _ in range(10):
        world.advance(minutes=3)
        world.sync()
    last = [_sent_alone(world, number, refused=False) for number in range(IN_A_ROW, IN_A_ROW + 10)]
    world.advance(minutes=41)
    world.sync()
    assert [bool(world.told(order)) for order in [*first, *last]] == [False] * IN_A_ROW + [True] * 10
    assert world.notices() == ["ticket-failed"] * IN_A_ROW


def test_one_that_takes_another_of_the_same_request_is_in_no_trouble(world: World) -> None:
    """R36: refused are those alone."""
    world.sync()
    down(world, of(world, "Cdiscount", IN_A_ROW + 1)[1:])
    world.sync(wait=5)
    assert world.notices() == ["ticket-failed"] * IN_A_ROW
    assert not ChannelTrouble.objects.exists()


def without_in_list(world: World) -> set[int]:
    """Ids at Shopping Feed whose tickets the list of those that are done leaves out: none, until there are some."""
    unlisted: set[int] = set()

    def leave_out(page: Any) -> Any:
        listed = page["_embedded"]["ticket"]
        page["_embedded"]["ticket"] = [each for each in listed if each["payload"]["id"] not in unlisted]
        return page

    def judge(request: Request) -> Response | None:
        return edited(twist.inner.send(request), leave_out) if "state=processed" in request.url else None

    twist = Twist(world, judge)
    return unlisted


def _sent_alone(world: World, number: int, *, refused: bool) -> int:
    [order] = of(world, "Cdiscount", 1, number)
    if refused:
        down(world, [order])
    world.sync()
    world.advance(seconds=1)
    return order


def test_what_comes_later_is_held_and_the_others_go_on(world: World) -> None:
    """R36: nothing of it leaves, task, page and `why` say so, and other marketplaces and stores wait for nothing."""
    in_trouble(world)
    late, other = of(world, "Cdiscount", 3, 50), of(world, "Fnac", 3)
    world.advance(minutes=1)
    world.sync(wait=5)
    assert sends(world, late) == 0
    assert all(world.belief(order).status == "shipped" for order in other)
    assert {task.state for task in world.tasks(late[0])} == {TaskState.HELD}
    said = [each.sentence for each in story_of(world.row(late[0])).next]
    assert any(DOWN in each for each in said)
    [health] = health_of([world.store], world.now())
    assert [alarm.code for alarm in health.alarms] == ["held-since"]


def test_one_is_tried_in_ten_minutes(world: World) -> None:
    """R36: however often the store is synchronised, and its failure costs it no try and no mail."""
    orders = in_trouble(world, more=10)
    before = sends(world, orders)
    for _ in range(60):
        world.advance(minutes=1)
        world.sync(wait=1)
    assert 5 <= sends(world, orders) - before <= 6
    assert world.notices() == ["channel-held"]
    assert not Task.objects.parked().exists()


def test_everything_goes_when_one_succeeds(world: World) -> None:
    """R36: in the same run, with one mail at the end."""
    orders = in_trouble(world, more=30) + of(world, "Cdiscount", 30, 50)
    world.sync(wait=5)
    mended(world)
    world.advance(minutes=11)
    world.sync(wait=60)
    assert all(world.belief(order).status == "shipped" for order in orders)
    assert not Task.objects.exists()
    assert not ChannelTrouble.objects.exists()
    assert world.notices() == ["channel-held", "channel-freed"]
    assert subjects()[1:] == ["[sfsync] main: Cdiscount accepts updates again"]


def test_another_answer_to_the_one_that_is_tried_is_its_own(world: World) -> None:
    """R36: it is told like any failure, and the rest stays held."""
    orders = in_trouble(world)
    mended(world)
    down(world, orders, "The order was cancelled by the customer")
    world.advance(minutes=11)
    world.sync(wait=5)
    assert world.notices() == ["channel-held", "ticket-failed"]
    assert ChannelTrouble.objects.held().exists()


def test_a_person_releases_everything_at_once(world: World) -> None:
    """R36."""
    orders = in_trouble(world) + of(world, "Cdiscount", 3, 50)
    world.sync(wait=5)
    mended(world)
    assert release(world.store, "CDiscount", "Anna") == len(orders)
    world.advance(minutes=1)
    world.sync(wait=30)
    assert all(world.belief(order).status == "shipped" for order in orders)
    assert release(world.store, "Cdiscount", "Anna") is None


def test_what_is_released_is_what_is_queued_then(world: World) -> None:
    """R36, R22: an order counts once, with a refused update and with a change seen since."""
    orders = in_trouble(world) + of(world, "Cdiscount", 3, 50)
    for number, order in enumerate(orders[:2]):
        world.shop.set_tracking(order, f"NEW-{number}")
    world.advance(minutes=1)
    result = world.sync()
    assert result.counts.queued + result.counts.waiting + result.counts.in_flight == len(orders)
    world.sync(wait=5)
    released, now = release(world.store, "cdiscount", "Anna"), world.now()
    tasks = Task.objects.filter(update_at__lte=now).moving()
    assert tasks.count() > len(orders)
    [health] = health_of([world.store], now)
    assert (health.queued, health.waiting, health.in_flight) == (released, 0, 0)
    assert agenda(world.store, now).due == released == len(orders)


def test_after_a_release_five_more_refusals_are_an_event_again(world: World) -> None:
    """R36: with a mail of its own."""
    in_trouble(world)
    release(world.store, "Cdiscount", "Anna")
    world.advance(minutes=1)
    world.sync(wait=5)
    assert world.notices() == ["channel-held", "channel-held"]


def test_what_needs_nothing_takes_no_turn(world: World) -> None:
    """R36, R6: an update that has become needless is dropped, and another one is tried in its place."""
    in_trouble(world)
    needless = of(world, "Cdiscount", 3, 50)
    world.advance(minutes=1)
    world.sync(wait=5)
    for order in needless:
        world.shop.set_status(order, 3)
    mended(world)
    world.advance(minutes=11)
    world.sync(wait=30)
    assert not ChannelTrouble.objects.exists()


def test_notices_that_are_out_already_stay(world: World) -> None:
    """R20, R36: four failures were mailed; the fifth makes it an event."""
    world.sync()
    for count, start in ((IN_A_ROW - 1, 0), (1, 50)):
        down(world, of(world, "Cdiscount", count, start))
        world.sync(wait=5)
    assert world.notices() == ["ticket-failed"] * (IN_A_ROW - 1) + ["channel-held"]
    assert Notice.objects.filter(mailed_at=None).count() == 0


def test_a_run_without_trouble_asks_of_it_once_with_its_store(world: World) -> None:
    """R36: however many updates go out."""
    world.sync()
    of(world, "Cdiscount", 150)
    with CaptureQueriesContext(connection) as asked:
        world.sync(wait=60)
    [only] = [each["sql"] for each in asked if "sfsync_channel_trouble" in each["sql"]]
    assert "sfsync_store_state" in only
