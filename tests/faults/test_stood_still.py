"""A service that stands still (SIGSTOP) for longer than its lease, while another machine's takes its store over, and
goes on (SIGCONT): real processes on real time, and one PostgreSQL."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import pytest

from sfsync.testing import CANCELED
from tests.faults.deployment import Deployment, RealWorld, real_world
from tests.waiting import until

QUICK = {"lease_seconds": "8", "timeout": "3", "ticket_lag_seconds": "1", "poll_seconds": "0.1", "concurrency": "1"}
ELSEWHERE = ("unshare", "--map-root-user", "--uts", "--pid", "--mount-proc", "--fork", "--kill-child")
"""As on another machine: nobody sees from there whether a process of this one lives."""
NOT_DONE = "SELECT count(*) FROM shoppingfeed_task_order"
STORE = 'mode = "realtime"\nretry_minutes = 0'


@dataclass
class Service:
    """`sfsync run`, and the process that is it."""

    deployment: Deployment
    started: subprocess.Popen[str]
    pid: int

    def stand_still(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def end(self) -> str:
        """When what it was at has come to its end. Returns what it said."""
        os.kill(self.pid, signal.SIGTERM)
        done = self.deployment.finish(self.started)
        assert "Traceback" not in done.err, done.err
        return done.out + done.err


@contextmanager
def service(deployment: Deployment) -> Iterator[Service]:
    started = deployment.start("run")
    try:
        yield Service(deployment, started, _inner(started.pid) if deployment.prefix else started.pid)
    finally:
        if started.poll() is None:
            started.kill()
            started.communicate()


def _inner(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return int(until(lambda: children.read_text().split(), "the process in its namespace")[0])


@dataclass
class Two:
    """A world whose store is in real time, and its database. `there`: the other machine."""

    world: RealWorld
    database: str

    @property
    def there(self) -> Deployment:
        home = self.world.deployment.home.parent / "elsewhere"
        home.mkdir()
        return Deployment(home, self.world.deployment.settings, prefix=ELSEWHERE)

    def number(self, question: str) -> int:
        with psycopg.connect(self.database) as connection:
            return int(connection.execute(question).fetchone()[0])  # type: ignore[index]

    def have_asked(self, requests: int) -> bool:
        return len(self.world.sandbox.ledger.requests) >= requests

    def all_told(self, orders: list[int]) -> None:
        """Confirmed, and nothing is on its way."""
        told = f"SELECT count(*) - {len(orders)} FROM sfsync_told"
        until(lambda: self.number(told) == self.number(NOT_DONE) == 0, "everything is told", 150)

    def once_each(self, orders: list[int]) -> None:
        assert [self.world.accepted(each) for each in orders] == [[("ship", f"T-{each}")] for each in orders]


@pytest.fixture
def two(tmp_path: Path, migrated: Path, our_postgres: str) -> Iterator[Two]:
    with real_world(tmp_path, migrated, store=STORE, orders=60, database_url=our_postgres, **QUICK) as world:
        yield Two(world, our_postgres)


def goes_on(two: Two, alone: Service, orders: list[int]) -> None:
    """What it was at is over once it tells the next order. It found another one at work, or its connection gone: the
    server ends those that stand still in a transaction."""
    orders.append(two.world.ship())
    two.all_told(orders)
    said = alone.end()
    assert "another one took over" in said or "The database cannot be used" in said


def held_up(two: Two, running: Service, request: str) -> None:
    """It stands still with this request under way, whose answer is there when it goes on."""
    sandbox = two.world.sandbox
    until(lambda: sandbox.under_way or running.started.poll() is not None, f"{request} is under way")
    running.stand_still()
    sandbox.let_go()


@pytest.mark.parametrize("request_held", ["^POST .*/ship", "^GET .*/(order|ticket)"])
def test_what_a_service_that_stood_still_had_begun_is_done_by_another_and_once(two: Two, request_held: str) -> None:
    """R13, R22: with a request under way that was carried out, and before anything left."""
    world = two.world
    orders = [world.ship() for _ in range(3)]
    world.sandbox.slow_to = request_held
    with service(world.deployment) as first:
        held_up(two, first, request_held)
        with service(two.there) as second:
            two.all_told(orders)
            first.go_on()
            second.end()
        goes_on(two, first, orders)
    two.once_each(orders)


def test_what_was_still_to_leave_when_it_stood_still_leaves_no_more(two: Two) -> None:
    """R13: one request at a time, so that another waits behind the one that is under way."""
    world = two.world
    shipped, cancelled = world.ship(), world.order()
    world.shop.set_status(cancelled, CANCELED)
    world.sandbox.slow_to = "^POST "
    with service(world.deployment) as first:
        held_up(two, first, "a request")
        with service(two.there) as second:
            two.all_told([shipped, cancelled])
            first.go_on()
            second.end()
        goes_on(two, first, [shipped, cancelled])
    told = [world.accepted(each) for each in (shipped, cancelled)]
    assert told == [[("ship", f"T-{shipped}")], [("cancel", "")]]


def test_two_services_that_stand_still_in_turn_tell_everything_once(two: Two) -> None:
    """R13, R22: wherever they are, while the merchant goes on."""
    chance, world, orders = random.Random(10), two.world, list[int]()
    with service(world.deployment) as first, service(two.there) as second:
        for still in (first, second) * 3:
            orders += [world.ship() for _ in range(3)]
            requests = len(world.sandbox.ledger.requests) + chance.randint(1, 2)
            until(partial(two.have_asked, requests), "they are at work")
            still.stand_still()
            orders += [world.ship()]
            two.all_told(orders)
            still.go_on()
        for each in (first, second):
            each.end()
    two.once_each(orders)
