"""Whose turn it is, for the service and for Celery (R7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import F
from django.utils import timezone

from sfsync.engine import due
from sfsync.engine.kit.agenda import Agenda
from sfsync.engine.kit.lease import Busy, take
from sfsync.engine.people.at_once import ask_runs
from sfsync.engine.people.change_settings import change_settings
from sfsync.models import Process, Store

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("settings", "process", "due_now"),
    [
        ({}, None, True),
        ({}, {"next_run_at": NOW + MINUTE}, False),
        ({}, {"next_run_at": NOW}, True),
        ({}, {"next_run_at": NOW + timedelta(days=1)}, False),
        ({}, {"next_run_at": NOW + timedelta(days=365)}, True),
        ({"mode": "realtime"}, {"next_run_at": NOW}, True),
        ({}, {"next_run_at": NOW - MINUTE, "holder": "a-run", "lease_until": NOW + MINUTE}, False),
        ({}, {"next_run_at": NOW + MINUTE, "holder": "a-dead-run", "lease_until": NOW}, True),
        ({"enabled": False}, None, False),
        ({"enabled": False, "mode": "realtime"}, None, False),
    ],
)
def test_a_store_is_due(settings: dict[str, Any], process: dict[str, Any] | None, due_now: bool) -> None:
    """By its schedule, or because its run broke off; while it runs and switched off never.

    A next run a year ahead was written by a clock that was set back since: it silences nobody.
    """
    store = Store.objects.create(name="main", feed_store_id=10, **settings)
    if process:
        Process.objects.create(store=store, **process)
    assert [each.store_id for each in due.claim(NOW, 1, MINUTE)] == ([store.pk] if due_now else [])


def stores(*minutes_ago: int) -> list[int]:
    """Stores that have been due for so long."""
    made = [Store.objects.create(name=f"store-{number}", feed_store_id=10) for number in range(len(minutes_ago))]
    Process.objects.bulk_create(
        Process(store=store, next_run_at=NOW - minutes * MINUTE)
        for store, minutes in zip(made, minutes_ago, strict=True)
    )
    return [store.pk for store in made]


def claimed(limit: int, now: datetime = NOW) -> list[int]:
    return [each.store_id for each in due.claim(now, limit, MINUTE)]


def test_the_longest_overdue_come_first_and_none_comes_twice() -> None:
    """One that never ran has waited for longest. A claim that nobody takes up holds until its time is over."""
    one, two, three = stores(1, 3, 2)
    new = Store.objects.create(name="new", feed_store_id=10).pk
    assert claimed(2) == [new, two]
    assert claimed(9) == [three, one]
    assert claimed(9) == []
    assert claimed(1, NOW + MINUTE) == [new]


def test_a_claim_is_good_for_one_run_of_one_holder() -> None:
    """R22: neither a message that comes late nor one that comes twice runs a store again."""
    [store_id] = stores(1)
    [first] = due.claim(NOW, 1, MINUTE)
    store = due.claimed(store_id, first.wake)
    assert store is not None
    lease = take(store, lambda: NOW, MINUTE)
    assert claimed(1) == []
    lease.release(next_run_at=NOW)
    assert due.claimed(store_id, first.wake) is None
    [second] = due.claim(NOW, 1, MINUTE)
    assert due.claimed(store_id, first.wake) is None
    assert due.claimed(store_id, second.wake) == store
    Store.objects.update(enabled=False)
    assert due.claimed(store_id, second.wake) is None


def test_a_store_whose_run_was_killed_on_this_machine_is_due_at_once() -> None:
    """R22: another process that got its number since does not keep it alive."""
    store = Store.objects.get(pk=stores(1)[0])
    take(store, lambda: NOW, 60 * MINUTE)
    assert claimed(1) == []
    Process.objects.update(born=F("born") - 1)
    assert claimed(1) == [store.pk]
    assert due.claimed(store.pk, Process.objects.get().wake) == store
    take(store, lambda: NOW, MINUTE)


def test_a_run_that_could_not_say_that_it_is_over_holds_nobody_up() -> None:
    """R22: our database was away just then; its process goes on, and knows."""
    store = Store.objects.get(pk=stores(1)[0])
    lease = take(store, lambda: NOW, 60 * MINUTE)
    with pytest.raises(Busy):
        take(store, lambda: NOW, MINUTE)
    with pytest.raises(OperationalError), lease.saying_the_end():
        raise OperationalError("the server closed the connection unexpectedly")
    assert claimed(1) == [store.pk]


def worth_waking() -> list[int]:
    """Of those in trouble, in real time, on a schedule."""
    return [many for _which, many in due.worth_waking(NOW)]


def test_stores_are_handed_out_as_fast_as_they_are_taken() -> None:
    """However many wait: the order of the others is decided later. Each kind by itself."""
    stores(1, 1, 1)
    assert worth_waking() == [due.AHEAD] * 3
    Process.objects.filter(pk__in=Process.objects.values("pk")[:2]).update(woken_until=NOW + MINUTE)
    assert sorted(worth_waking()) == [due.AHEAD - 2, due.AHEAD, due.AHEAD]
    Process.objects.update(started_at=NOW - MINUTE / 2)
    assert sorted(worth_waking()) == [due.AHEAD, due.AHEAD, due.AHEAD + 1]
    Process.objects.update(failures=1)
    assert worth_waking() == [due.AHEAD + 1, due.AHEAD, due.AHEAD]


@pytest.mark.parametrize(
    ("settings", "failures", "minutes"),
    [
        ({}, 0, 5),
        ({}, 1, 5),
        ({}, 9, 8 + 32 / 60),
        ({}, 10, 15),
        ({}, 1000, 15),
        ({"every_minutes": 60}, 10, 60),
        ({"mode": "realtime"}, 0, 6 / 60),
        ({"mode": "realtime"}, 1, 2 / 60),
        ({"mode": "realtime"}, 3, 8 / 60),
        ({"mode": "realtime"}, 99, 15),
    ],
)
def test_a_store_in_trouble_comes_back_later_and_later(settings: dict[str, Any], failures: int, minutes: float) -> None:
    """A quarter of an hour at most, and no sooner than its schedule has it."""
    store = Store.objects.create(name="main", feed_store_id=10, **settings)
    rest = Agenda(0, 0, 0, 0, 0, 0)
    at = due.next_run(store, NOW, rest, failures=failures, cut=False)
    assert at - NOW == timedelta(minutes=minutes)


def test_a_store_whose_turn_ended_early_is_due_again_behind_those_that_wait() -> None:
    store = Store.objects.create(name="main", feed_store_id=10)
    assert due.next_run(store, NOW, Agenda(9, 9, 0, 0, 0, 0), failures=0, cut=True) == NOW


def test_now_please_is_one_statement_and_forgives_nobody_in_trouble(django_assert_num_queries: Any) -> None:
    """What was due before keeps its place; a store in trouble comes back in its own time."""
    early, late, troubled = stores(5, -2_000_000, -2_000_000)
    off = Store.objects.create(name="off", feed_store_id=10, enabled=False).pk
    Process.objects.filter(store=troubled).update(failures=2)
    with django_assert_num_queries(2):
        assert ask_runs() == 2
    at = dict(Process.objects.values_list("store", "next_run_at"))
    assert at[early] == NOW - 5 * MINUTE
    assert at[troubled] == NOW + 2_000_000 * MINUTE
    assert at[late] < at[troubled]
    assert off not in at


@pytest.mark.parametrize(("wanted", "asked"), [({"mode": "realtime"}, True), ({"tries": 4}, False)])
def test_another_schedule_holds_at_once(wanted: dict[str, Any], asked: bool) -> None:
    store = Store.objects.create(name="main", feed_store_id=10)
    Process.objects.create(store=store, next_run_at=timezone.now() + 60 * MINUTE)
    store.refresh_from_db()
    change_settings(store, wanted, "root")
    assert (claimed(1, timezone.now()) == [store.pk]) is asked
