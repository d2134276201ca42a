"""Telling the merchant, and the record of what was done: R20 to R22."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail

from sfsync.db.process_identity import machine
from sfsync.engine.kit.lease import Busy, LeaseLost, take
from sfsync.models import LogEntry, Notice, Process
from sfsync.testing import World
from shoppingfeed.sandbox import Fault

MakeWorld = Callable[..., World]


def test_one_mail_a_run_names_every_failing_order(world: World) -> None:
    """R20."""
    orders = [world.ship(world.order()) for _ in range(3)]
    world.sync()
    world.advance(minutes=6)
    world.sync()
    [message] = mail.outbox
    for order in orders:
        assert world.shop.order(order).marketplace_reference in message.body
    assert message.to == ["merchant@example.com"]


def test_one_failure_is_mailed_once(world: World) -> None:
    """R20: through all its tries."""
    world.ship(world.order(), "T-1")
    world.sandbox.fault(Fault("refuse", times=None, message="no"))
    for _ in range(6):
        world.sync(wait=5)
        world.advance(hours=1)
    assert len(mail.outbox) == 1


def test_the_mail_speaks_the_stores_language(make_world: MakeWorld) -> None:
    """R20."""
    world = make_world(language="fr")
    world.ship(world.order())
    world.sync()
    world.advance(minutes=6)
    world.sync()
    assert "numéro de suivi" in mail.outbox[0].body


def test_a_mail_that_cannot_be_sent_is_kept_and_sent_later(world: World, settings) -> None:  # type: ignore[no-untyped-def]
    """R20: the server is down for an hour, then exactly one mail: on one day, for a new one tells of alarms again."""
    world.advance(hours=(30 - world.now().hour) % 24)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "sfsync.notify.smtp.NoServer"
    for _ in range(3):
        world.ship(world.order())
        world.sync()
        world.advance(minutes=20)
    world.sync()
    assert Notice.objects.filter(mailed_at=None).count() == 3
    world.store.refresh_from_db()
    assert world.store.state.mail_trouble
    settings.EMAIL_BACKEND = working
    for _ in range(3):
        world.advance(hours=2)
        world.sync()
    assert len(mail.outbox) == 1
    assert not Notice.objects.filter(mailed_at=None).exists()


def test_a_refused_token_is_told_once(world: World) -> None:
    """R20: and everything goes out when it is right again."""
    order = world.ship(world.order(), "T-2")
    world.sandbox.fault(Fault("wrong-token", times=6))
    for _ in range(3):
        result = world.sync()
        world.advance(minutes=5)
    assert [stopped.trouble for stopped in result.troubles] == ["token-refused"]
    assert world.notices() == ["token-refused"]
    for _ in range(6):
        world.sync(wait=5)
        world.advance(minutes=5)
    assert world.belief(order).status == "shipped"
    world.store.refresh_from_db()
    assert world.store.state.trouble == ""


def test_the_log_tells_the_whole_story_of_an_order(world: World) -> None:
    """R21."""
    order = world.ship(world.order(), "T-3")
    world.sync(wait=5)
    assert world.story(order) == ["seen-status", "sent", "confirmed"]
    seen = LogEntry.objects.get(code="seen-status")
    assert seen.message == "The shop's status is now “Shipped”, and the tracking number is “T-3”."
    assert LogEntry.objects.filter(code="run-done", process="sync").count() == 1


def test_the_log_is_kept_for_a_set_number_of_days(make_world: MakeWorld) -> None:
    """R21."""
    world = make_world(log_days=10)
    world.ship(world.order(), "T-4")
    world.sync(wait=5)
    world.advance(days=9)
    world.sync()
    assert LogEntry.objects.filter(code="confirmed").exists()
    world.advance(days=2)
    world.sync()
    assert not LogEntry.objects.filter(code="confirmed").exists()


def test_a_process_runs_once_at_a_time(world: World) -> None:
    """R22: the second one is told who holds it."""
    take(world.store, world.now, timedelta(minutes=2))
    with pytest.raises(Busy, match=str(os.getpid())):
        world.sync()


def test_a_run_that_died_frees_its_lock_by_itself(world: World) -> None:
    """R22: at once on its own machine, after its lease elsewhere."""
    take(world.store, world.now, timedelta(minutes=2))
    Process.objects.update(pid=2**22 + 1)
    assert world.sync().ok
    take(world.store, world.now, timedelta(minutes=2))
    Process.objects.update(machine="elsewhere")
    with pytest.raises(Busy):
        world.sync()
    world.advance(minutes=3)
    assert world.sync().ok


def test_a_run_whose_lease_was_taken_over_stops(world: World) -> None:
    """R22: its heartbeat is refused, and so is what it writes."""
    mine = take(world.store, world.now, timedelta(minutes=2))
    world.advance(minutes=3)
    theirs = take(world.store, world.now, timedelta(minutes=2))
    with pytest.raises(LeaseLost):
        mine.beat(now=True)
    with pytest.raises(LeaseLost), mine.writing():
        pytest.fail("It was let in.")
    theirs.beat(now=True)
    assert not mine.release()
    assert Process.objects.get().holder == theirs.token


def test_the_monitor_shows_the_last_run_and_the_next(world: World) -> None:
    """R22."""
    world.ship(world.order(), "T-5")
    world.sync(wait=5)
    process = Process.objects.get()
    assert (process.outcome, process.holder, process.counts["confirmed"]) == ("ok", "", 1)
    assert process.next_run_at == process.finished_at + timedelta(minutes=5)
    assert process.duration is not None
    assert process.machine == machine()


def test_silence_is_mailed_by_the_first_run_after_it(world: World) -> None:
    """R20: no run for a day, and an update that waits for longer than the merchant's patience, once each."""
    world.sync()
    world.ship(world.order(), "T-6")
    world.sandbox.fault(Fault("unreachable", times=None))
    world.sync()
    world.advance(hours=26)
    for _ in range(3):
        world.sync()
        world.advance(minutes=5)
    assert sorted(world.notices()) == ["api-unavailable", "overdue", "silent"]
