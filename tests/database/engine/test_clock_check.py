"""A machine's own clock that differs from the one that all judge by: the machine says so, and sends nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from sfsync.engine.kit.connections import Live
from sfsync.engine.kit.judge import judge
from sfsync.engine.run import Result, run_store
from sfsync.engine.watch.doctor import examine
from sfsync.models import LogEntry, MachineClock, Task
from sfsync.testing import World
from shoppingfeed import Request, Response
from shoppingfeed.sandbox import Fault

pytestmark = pytest.mark.django_db
HOURS = timedelta(hours=3)


class Dated:
    """A Shopping Feed that says what time it is: so much later than this machine."""

    def __init__(self, world: World, later: timedelta = timedelta(0)) -> None:
        self.inner, self.later = world.sandbox.transport(), later

    def send(self, request: Request) -> Response:
        response = self.inner.send(request)
        date = format_datetime(timezone.now() + self.later)
        return replace(response, headers={**response.headers, "date": date})

    def close(self) -> None: ...


def run(world: World, wait: float = 0) -> Result:
    """By the clock that all judge by, not by the story's."""
    return run_store(world.store, world.connections, wait=wait)


@pytest.mark.parametrize("shift", [HOURS, -HOURS, timedelta(seconds=11), -timedelta(seconds=11)])
def test_a_machine_that_is_off_finds_and_sends_nothing(world: World, shift: timedelta) -> None:
    """R5, R13: what it found is sent as soon as a clock is right."""
    run(world)
    order = world.ship(world.order(), "T-1")
    with time_machine.travel(timezone.now() + shift):
        assert [each.trouble for each in run(world).troubles] == ["clock-wrong"]
    assert world.accepted(order) == []
    assert "seen-status" in world.story(order)
    assert run(world).ok
    assert world.accepted(order) == [("ship", "T-1")]


class Setting(Dated):
    """Somebody sets this machine's clock while the operations are on their way."""

    def __init__(self, world: World, clock: time_machine.Coordinates, shift: timedelta) -> None:
        super().__init__(world)
        self.clock, self.shift = clock, shift

    def send(self, request: Request) -> Response:
        if request.method == "POST":
            self.clock.shift(self.shift)
            self.later -= self.shift
        return super().send(request)


@pytest.mark.parametrize("shift", [HOURS, -HOURS])
def test_a_clock_that_is_set_in_the_middle_of_a_run_changes_nothing_of_it(world: World, shift: timedelta) -> None:
    """R13: what it writes down has the time that it is, and the next run says that the clock is off."""
    run(world)
    order = world.ship(world.order(), "T-1")
    with time_machine.travel(timezone.now()) as clock:
        world.connections = Live(Setting(world, clock, shift))
        assert run(world).ok
        assert [each.trouble for each in run(world).troubles] == ["clock-wrong"]
    [task] = world.tasks(order)
    assert task.sent_at is not None
    assert abs(task.sent_at - timezone.now()) < timedelta(minutes=1)
    assert abs(task.update_at - timezone.now()) < timedelta(minutes=1)
    assert world.accepted(order) == [("ship", "T-1")]


def test_the_doctor_names_the_clock_that_is_off(world: World) -> None:
    run(world)
    with time_machine.travel(timezone.now() + HOURS):
        assert ("clock", "clock-wrong") in [(each.about, each.code) for each in examine(world.connections)]
    assert "clock" not in [each.about for each in examine(world.connections)]


@pytest.mark.parametrize("shift", [timedelta(seconds=8), -timedelta(seconds=8)])
def test_a_few_seconds_are_no_matter(world: World, shift: timedelta) -> None:
    run(world)
    order = world.ship(world.order(), "T-1")
    with time_machine.travel(timezone.now() + shift):
        assert run(world).ok
    assert world.accepted(order) == [("ship", "T-1")]


def test_the_time_that_all_judge_by_does_not_jump_with_the_clock(db: None) -> None:
    before = judge()()
    with time_machine.travel(timezone.now() + HOURS):
        assert abs(judge()() - before) < timedelta(seconds=10)
    assert MachineClock.objects.count() == (connection.vendor == "sqlite")


def test_a_clock_that_shopping_feed_confirms_is_gone_by_from_then_on(world: World) -> None:
    """It was wrong when the machine was started, or the machine stood still. A server has the last word with
    PostgreSQL."""
    run(world)
    order = world.ship(world.order(), "T-1")
    world.connections = Live(Dated(world))
    with time_machine.travel(timezone.now() + HOURS):
        first, second = run(world), run(world)
        sends = connection.vendor == "sqlite"
        assert (first.ok, second.ok) == (sends, sends)
        assert world.accepted(order) == ([("ship", "T-1")] if sends else [])
        assert LogEntry.objects.filter(code="clock-set").count() == sends


def test_a_clock_that_shopping_feed_denies_is_wrong(world: World) -> None:
    run(world)
    order = world.ship(world.order(), "T-1")
    world.connections = Live(Dated(world, -HOURS))
    with time_machine.travel(timezone.now() + HOURS):
        assert [each.trouble for each in (*run(world).troubles, *run(world).troubles)] == ["clock-wrong"] * 2
    assert world.accepted(order) == []


def test_what_was_not_answered_is_waited_for_anew_when_the_clock_is_set(world: World) -> None:
    """R13: it may still arrive, however much later it seems to be."""
    order = world.ship(world.order(), "T-1")
    world.sandbox.fault(Fault("drop", operation="ship"))
    run(world)
    world.connections = Live(Dated(world))
    with time_machine.travel(timezone.now() + HOURS):
        for _ in range(3):
            run(world)
        assert [task.state.name for task in world.tasks(order)] == ["UNANSWERED"]
    assert Task.objects.filter(sent_at=None).exists() == (connection.vendor == "sqlite")
