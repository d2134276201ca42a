"""What Celery's messages may do while no worker, or a slow one, takes them (R7, R22)."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery
from celery.signals import before_task_publish, celeryd_after_setup
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError

from sfsync import queues, tasks
from sfsync.engine import due
from sfsync.models import Process, Store

pytestmark = pytest.mark.django_db


class Lying:
    """What lies in our queues of a broker, by queue."""

    def __init__(self, app: Celery) -> None:
        self.app = app

    def __call__(self) -> dict[str, int]:
        with self.app.connection_for_write() as connection, connection.channel() as channel:
            return {name: size for name in (queues.DUE, *queues.RUNS) if (size := channel._size(name))}


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    """The headers of every message that leaves."""
    headers: list[dict[str, Any]] = []

    def note(**message: Any) -> None:
        headers.append(message["headers"])

    before_task_publish.connect(note, weak=False, sender="sfsync.tasks.run_store")
    yield headers
    before_task_publish.disconnect(note, sender="sfsync.tasks.run_store")


@pytest.fixture(autouse=True)
def lying() -> Iterator[Lying]:
    """An empty broker in memory."""
    with Celery(broker="memory://") as app:
        app.set_current()
        for name in (queues.DUE, *queues.RUNS):
            tasks._purge(name)
        yield Lying(app)


def make_stores(count: int, **settings: Any) -> None:
    """Due since a minute."""
    stores = [Store.objects.create(name=f"s-{number}", feed_store_id=10, **settings) for number in range(count)]
    now = timezone.now()
    Process.objects.bulk_create(Process(store=store, next_run_at=now - timedelta(minutes=1)) for store in stores)


def later(by: timedelta) -> None:
    """So much time passes for the claims."""
    Process.objects.filter(woken_until__isnull=False).update(woken_until=F("woken_until") - by)


def test_one_message_per_store_and_never_a_second_while_the_first_is_alive(
    sent: list[dict[str, Any]], lying: Lying
) -> None:
    """However often the beat looks, and though a bridge asks too: every message expires."""
    make_stores(3)
    tasks.run_due_stores()
    for _ in range(3):
        assert tasks.run_due_stores() == 0
        tasks.wake(Store.objects.all()[0].pk)
    assert lying() == {"sfsync.batch": 3}
    assert len({message["argsrepr"] for message in sent}) == 3
    until = datetime.now(UTC) + tasks.LASTS
    assert all(datetime.fromisoformat(message["expires"]) <= until for message in sent)


def test_messages_that_nobody_takes_make_room_for_those_of_now(sent: list[dict[str, Any]], lying: Lying) -> None:
    """An hour without a worker: as many messages as there are stores, and none is older than it may be."""
    make_stores(3)
    for _ in range(12):
        tasks.run_due_stores()
        later(tasks.LASTS)
    tasks.run_due_stores()
    assert lying() == {"sfsync.batch": 3}
    assert Process.objects.filter(woken_until__gt=timezone.now()).count() == 3


def test_the_beats_own_messages_do_not_pile_up(lying: Lying) -> None:
    """Each replaces the one before, and expires."""
    for _ in range(9):
        tasks.run_due_stores.apply_async(queue=queues.DUE)
    assert lying() == {"sfsync.due": 1}
    assert tasks.run_due_stores.expires <= 10


def test_a_broker_that_lost_everything_is_told_again(sent: list[dict[str, Any]], lying: Lying) -> None:
    """The table is the truth. What may be in a worker's hands is left to it."""
    make_stores(2)
    tasks.run_due_stores()
    for name in queues.RUNS:
        tasks._purge(name)
    assert tasks.run_due_stores() == 0
    later(tasks.ON_THE_WAY)
    assert tasks.run_due_stores() == 2
    assert lying() == {"sfsync.batch": 2}


def test_a_store_that_could_not_be_told_of_is_free_again() -> None:
    """A broker that is away costs nothing but time."""
    make_stores(1)
    with Celery(broker="redis://127.0.0.1:9/0") as away:
        away.set_current()
        with pytest.raises(OperationalError):
            tasks.wake(Store.objects.get().pk)
    assert not due.marked().exists()


def test_stores_go_to_queues_by_how_they_are_run_and_whether_they_are_in_trouble(lying: Lying) -> None:
    make_stores(6)
    first = list(Store.objects.values_list("pk", flat=True))
    Store.objects.filter(pk__in=first[:2]).update(mode="realtime")
    Process.objects.filter(store__in=first[1:3]).update(failures=1)
    tasks.run_due_stores()
    assert lying() == {"sfsync.realtime": 1, "sfsync.troubled": 2, "sfsync.batch": 3}


@pytest.mark.parametrize("without", [{"failures": 1}, {}], ids=["those in trouble", "those on a schedule"])
def test_a_queue_without_workers_keeps_none_from_the_others(lying: Lying, without: dict[str, int]) -> None:
    """Its messages lie for five minutes: they take no place of a store that another worker would take at once (R7)."""
    make_stores(due.AHEAD + 1)
    Process.objects.update(**without)
    tasks.run_due_stores()
    Store.objects.create(name="now", feed_store_id=10, mode="realtime")
    tasks.run_due_stores()
    assert lying()["sfsync.realtime"] == 1


def test_a_store_in_trouble_that_has_waited_for_long_takes_its_turn_with_the_others(lying: Lying) -> None:
    """A fleet with too few workers never has an idle one."""
    make_stores(2)
    Process.objects.update(failures=9)
    Process.objects.filter(pk=Process.objects.first().pk).update(next_run_at=timezone.now() - timedelta(minutes=16))  # type: ignore[union-attr]
    tasks.run_due_stores()
    assert lying() == {"sfsync.batch": 1, "sfsync.troubled": 1}


def test_workers_take_stores_in_trouble_last_and_the_others_by_turns() -> None:
    order = queues.TroubledLast([queues.TROUBLED, *queues.RUNS[:-1]])  # type: ignore[no-untyped-call]
    assert order.consume(3) == ["sfsync.realtime", "sfsync.batch", "sfsync.troubled"]
    order.rotate("sfsync.realtime")  # type: ignore[no-untyped-call]
    assert order.consume(3) == ["sfsync.batch", "sfsync.realtime", "sfsync.troubled"]


@pytest.mark.parametrize(
    ("told_to_take", "takes_ours"), [(None, True), (["celery"], True), (["sfsync.realtime"], False)]
)
def test_a_worker_of_the_default_queue_takes_ours_too(
    lying: Lying, told_to_take: list[str] | None, takes_ours: bool
) -> None:
    taken = lying.app.amqp.queues
    taken.select(told_to_take)
    celeryd_after_setup.send(sender="worker", instance=Namespace(app=lying.app), conf=lying.app.conf)
    assert ({queues.DUE, *queues.RUNS} <= set(taken.consume_from)) is takes_ours


def test_a_message_that_comes_late_or_twice_finds_the_store_done(sent: list[dict[str, Any]]) -> None:
    """Its claim holds no more."""
    make_stores(1)
    [claim] = due.claim(timezone.now(), 1, tasks.LASTS)
    Process.objects.update(wake="another-claim")
    tasks.run_store(claim.store_id, claim.wake)
    assert Process.objects.get().started_at is None


def test_a_run_is_acknowledged_late_and_comes_again_where_its_worker_is_lost() -> None:
    assert (tasks.run_store.acks_late, tasks.run_store.reject_on_worker_lost) == (True, True)
