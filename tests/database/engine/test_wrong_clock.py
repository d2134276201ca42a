"""A clock that ran ahead and was put right: what it dated in the future is not waited for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sfsync.engine.kit.future_dates import passed
from sfsync.engine.run import run_store
from sfsync.models import LogEntry, Notice, StoreState
from sfsync.testing import World
from shoppingfeed.sandbox import Fault

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)


def run_ahead(world: World, days: int = 2) -> None:
    """One run on a machine whose clock is wrong; the shop's and Shopping Feed's are right."""
    run_store(world.store, world.connections, clock=lambda: world.now() + days * DAY)


def said(world: World) -> list[str]:
    return list(LogEntry.objects.filter(store=world.store, order=None).values_list("code", flat=True))


def test_a_ticket_is_followed(world: World) -> None:
    """R17: and not after two days."""
    order = world.ship(world.order(), "TRK-1")
    run_ahead(world)
    world.advance(minutes=5)
    world.sync()
    assert world.told(order)[-1] == ("ship", "TRK-1")
    assert "clock-back" in said(world)


def test_a_delay_is_the_stores_own(world: World) -> None:
    """R4: the number is waited for minutes, not days."""
    order = world.ship(world.order())
    run_ahead(world)
    world.sync()
    world.advance(minutes=world.store.delay_minutes + 1)
    world.sync()
    assert [task.failure for task in world.tasks(order)] == ["no-tracking"]


def test_a_send_without_an_answer_is_recognised(world: World) -> None:
    """R13: its ticket seems two days older than the send."""
    order = world.ship(world.order(), "TRK-1")
    world.sandbox.fault(Fault("accept-then-drop", operation="ship"))
    run_ahead(world)
    for _ in range(4):
        world.advance(minutes=5)
        world.sync()
    assert world.accepted(order) == [("ship", "TRK-1")]
    assert world.told(order)[-1] == ("ship", "TRK-1")


def test_mails_and_alarms_do_not_wait(world: World) -> None:
    """R20: the mail server was away while the clock was wrong."""
    order = world.ship(world.order())
    later = world.now() + 2 * DAY
    StoreState.objects.update(mail_retry_at=later, alarms_at=later, pruned_at=later)
    world.sync()
    world.advance(minutes=world.store.delay_minutes + 1)
    world.sync()
    assert world.notices(order) == ["no-tracking"]
    assert not Notice.objects.filter(mailed_at=None).exists()
    assert StoreState.objects.filter(alarms_at__lte=world.now(), pruned_at__lte=world.now()).exists()


def test_clocks_of_several_machines_may_differ_a_little(world: World) -> None:
    """A worker that is a minute ahead has nothing set right behind it."""
    world.ship(world.order(), "TRK-1")
    run_store(world.store, world.connections, clock=lambda: world.now() + timedelta(minutes=1))
    world.sync()
    assert "clock-back" not in said(world)


def test_what_lies_ahead_has_passed() -> None:
    assert passed(None, NOW, DAY)
    assert passed(NOW - DAY, NOW, DAY)
    assert not passed(NOW, NOW, DAY)
    assert not passed(NOW - DAY / 2, NOW, DAY)
    assert passed(NOW + DAY, NOW, DAY)
