"""A fleet on one machine, with everything going wrong: real Redis, real PostgreSQL, several workers of Celery, a beat.

Two workers with two processes each, so more stores are due than are run at a time; every store is due all the time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from sfsync.queues import DUE, RUNS
from sfsync.shops.prestashop.sample import SampleShop, build
from shoppingfeed.sandbox import Fault, Sandbox, Server
from tests.e2e.machine import Machine, store_table
from tests.faults.servers import PrivateServer, private_server
from tests.waiting import until

CELERY = (Path(sys.executable).with_name("celery"), "-A", "sfsync_server.celery")
SMALL, ORDERS, MANY = 6, 4, 1200
"""Small stores, the orders of each, and those of the one that has too many."""
A_LOT = 3000
"""Orders of a store that takes half a minute to send them at the pace of its token."""
REQUESTS, SECONDS = 10, 2.0
"""The limit of Shopping Feed."""
REFUSED = 0.05
"""The share of requests that a busy machine may send late enough to meet the next window's; four processes that each
kept to the limit by themselves would have most of theirs refused."""
PATIENCE = 90.0
"""Seconds that a busy machine may take for what is done in ten."""
TAKEN_OVER = 30.0
"""Seconds, of which an idle machine needs five, after which the store of a killed worker runs again: long before its
lease ends."""
KEEPS_TURNS = """
CREATE TABLE turns (id serial, store_id bigint);
CREATE FUNCTION keep_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO turns (store_id) VALUES (NEW.store_id); RETURN NEW; END $$;
CREATE TRIGGER keeps_turns AFTER UPDATE OF holder ON sfsync_process FOR EACH ROW
    WHEN (NEW.name = 'sync' AND NEW.holder <> '' AND NEW.holder <> OLD.holder) EXECUTE FUNCTION keep_turn();
"""


@dataclass
class Fleet:
    """`shipped`: Shopping Feed ids of the orders that were shipped in their shop."""

    machine: Machine
    sandbox: Sandbox
    postgres: PrivateServer
    broker: PrivateServer
    shops: dict[str, tuple[SampleShop, list[int]]]
    programs: list[tuple[tuple[str, ...], subprocess.Popen[str]]] = field(default_factory=list)
    shipped: list[int] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """What it says goes to a file, which is never full."""
        with (self.machine.home / f"said-{next(self.numbers)}").open("w") as said:
            program = subprocess.Popen(
                [*CELERY, *arguments],
                cwd=self.machine.home,
                env=self.machine.environment(**self.machine.settings),
                stdout=said,
                stderr=said,
                text=True,
                process_group=0,
            )
        self.programs.append((arguments, program))
        return program

    def start_again(self) -> None:
        """What died, as systemd does: Celery itself may break where its broker goes away."""
        for arguments, program in [each for each in self.programs if each[1].poll() is not None]:
            self.programs.remove((arguments, program))
            end(program)
            self.start(*arguments)

    def start_worker(self) -> subprocess.Popen[str]:
        name = f"w{next(self.numbers)}@%h"
        return self.start("worker", "--concurrency", "2", "--without-gossip", "--without-mingle", "-n", name)

    def ship(self, *names: str, many: int = 1) -> list[int]:
        """The next orders of these stores are shipped in their shops. Returns their Shopping Feed ids."""
        new = []
        for name in names:
            shop, orders = self.shops[name]
            chosen = [orders.pop() for _ in range(many)]
            shop.bulk_ship(chosen)
            new += [shop.feed_id(order) or 0 for order in chosen]
        self.shipped += new
        return new

    def accepted(self, feed_ids: list[int]) -> bool:
        """And meanwhile there are never more messages than stores and a beat."""
        self.start_again()
        with suppress(redis.RedisError), redis.Redis(port=self.broker.server.port) as client:
            waiting = [int(str(client.llen(name))) for name in (DUE, *RUNS)]
            assert sum(waiting) <= len(self.shops) + 1, waiting
        return all(self.sandbox.ledger.operations(feed_id) for feed_id in feed_ids)

    def row(self, store: str) -> dict[str, Any]:
        """Its process, as our database has it."""
        columns = ("holder", "pid", "started_at")
        question = f"SELECT {', '.join(columns)} FROM sfsync_process p JOIN sfsync_store s ON s.id = p.store_id"
        with psycopg.connect(self.machine.settings["database_url"]) as database:
            row = database.execute(f"{question} WHERE p.name = 'sync' AND s.name = %s", [store]).fetchone()
        return dict(zip(columns, row or (), strict=True))

    def turns(self) -> list[str]:
        """Whose they were since `KEEPS_TURNS`, in order."""
        question = "SELECT s.name FROM turns t JOIN sfsync_store s ON s.id = t.store_id ORDER BY t.id"
        with psycopg.connect(self.machine.settings["database_url"]) as database:
            return [name for (name,) in database.execute(question)]

    @property
    def small(self) -> list[str]:
        return [name for name in self.shops if name != "big"]

    def said(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.machine.home.glob("said-*")))


def end(program: subprocess.Popen[str]) -> None:
    """With all its processes."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


@contextmanager
def fleet_of(folder: Path, sandbox: Sandbox, feed: Server, *, many: int, tokens: int, **more: str) -> Iterator[Fleet]:
    """`many`: the orders of the store `big`. `tokens`: so many are shared by the stores."""
    with ExitStack() as stack:
        postgres = stack.enter_context(private_server("postgres"))
        broker = stack.enter_context(private_server("redis"))
        settings = {"database_url": postgres.server.database("fleet"), "broker_url": f"{broker.server.url}/0"}
        # A PostgreSQL that is killed forgets its last writes: a run that had ended holds its store again, for a lease.
        settings |= {"lease_seconds": "40", "turn_seconds": "1", "timeout": "5", "ticket_lag_seconds": "1"} | more
        machine = Machine(folder, settings)
        assert machine.sfsync("migrate").status == 0
        shops, stores = {}, ""
        for number in range(SMALL + 1):
            name = f"s{number}" if number else "big"
            shop = build(f"sqlite:///{folder / name}.sqlite3", limit=1)
            orders = shop.add_orders(ORDERS if number else many, channel="Zalando", first_feed_id=10**9 * (number + 1))
            token = f"token-{number % tokens}"
            sandbox.add_store(100 + number, token=token)
            given = {"token": f'"{token}"', "store_id": str(100 + number), "mode": '"realtime"'}
            stores += store_table(name, shop.url, feed.url, **given)
            shops[name] = (shop, orders)
        assert machine.apply(stores).status == 0
        made = Fleet(machine, sandbox, postgres, broker, shops)
        yield made
        for _arguments, program in made.programs:
            end(program)


@pytest.fixture
def fleet(tmp_path: Path, sandbox: Sandbox, feed: Server) -> Iterator[Fleet]:
    """Each store has a token of its own, and no pace."""
    with fleet_of(tmp_path, sandbox, feed, many=MANY, tokens=SMALL + 1, paced="false") as made:
        yield made


@pytest.fixture
def of_one_token(tmp_path: Path) -> Iterator[Fleet]:
    """Its stores share the token, and the limit of Shopping Feed."""
    sandbox = Sandbox(rate_limit=(REQUESTS, SECONDS))
    with sandbox.serve() as feed, fleet_of(tmp_path, sandbox, feed, many=A_LOT, tokens=1) as made:
        with psycopg.connect(made.machine.settings["database_url"], autocommit=True) as database:
            database.execute(KEEPS_TURNS)
        yield made


def within(fleet: Fleet, seconds: float, what: str, happened: Callable[[], Any]) -> None:
    """Fails with what the programs said."""
    try:
        until(happened, what, seconds)
    except AssertionError as error:
        rows = {name: fleet.row(name) for name in fleet.shops}
        lost = [feed_id for feed_id in fleet.shipped if not fleet.sandbox.ledger.operations(feed_id)]
        raise AssertionError(f"{error}\n{rows}\nnot accepted: {lost[:9]}\n{fleet.said()}") from None


def begin(fleet: Fleet, many: int) -> tuple[list[subprocess.Popen[str]], list[int]]:
    """A beat and two workers, and the big store in the midst of so many orders. Returns the workers, and those."""
    fleet.start("beat", "--schedule", "beat-schedule")
    workers = [fleet.start_worker() for _ in range(2)]
    first = fleet.ship(*fleet.small)
    within(fleet, PATIENCE, "every small store sends", lambda: fleet.accepted(first))
    orders = fleet.ship("big", many=many)
    within(fleet, PATIENCE, "the big store begins", lambda: any(map(fleet.sandbox.ledger.operations, orders)))
    return workers, orders


def sent_beside(fleet: Fleet) -> None:
    beside = fleet.ship(*fleet.small)
    within(fleet, PATIENCE, "small stores send beside the big one", lambda: fleet.accepted(beside))


def all_sent_once(fleet: Fleet) -> None:
    """Although the database stops once more."""
    fleet.postgres.stop()
    fleet.postgres.start()
    within(fleet, PATIENCE, "everything is sent", lambda: fleet.accepted(fleet.shipped))
    assert fleet.sandbox.ledger.duplicates() == []
    assert {len(fleet.sandbox.ledger.operations(feed_id)) for feed_id in fleet.shipped} == {1}


def test_a_fleet_loses_and_doubles_nothing_whatever_dies(fleet: Fleet) -> None:
    """R7, R22: a killed worker, a Redis that forgot everything, a PostgreSQL that stops, and a store with a great deal
    to send beside small ones. Every update is accepted once."""
    workers, _many = begin(fleet, MANY)
    sent_beside(fleet)

    shop, orders = fleet.shops["s1"]
    slow = Fault("slow", seconds=20, when="after", operation="ship", order_id=shop.feed_id(orders[-1]) or 0)
    fleet.sandbox.fault(slow)
    [flying] = fleet.ship("s1")
    within(fleet, PATIENCE, "a request is on its way", lambda: fleet.accepted([flying]))
    before = fleet.row("s1")
    os.kill(before["pid"], signal.SIGKILL)
    within(fleet, TAKEN_OVER, "its store runs again", lambda: fleet.row("s1")["started_at"] > before["started_at"])

    os.killpg(workers[0].pid, signal.SIGKILL)
    fleet.broker.stop()
    others = fleet.ship(*fleet.small[1:])
    fleet.broker.start()
    within(fleet, PATIENCE, "a Redis that forgot everything is told again", lambda: fleet.accepted(others))

    fleet.ship(*fleet.small[1:])
    all_sent_once(fleet)


def test_stores_of_one_token_take_turns_and_keep_its_pace_whatever_dies(of_one_token: Fleet) -> None:
    """R7, R22: small stores wait for two turns of the big one at most, nobody asks more often than is allowed, and
    a killed worker, a Redis that forgot the pace and a PostgreSQL that stops change nothing of it."""
    fleet = of_one_token
    workers, many = begin(fleet, A_LOT)
    before, asked = len(fleet.turns()), len(fleet.sandbox.ledger.requests)
    sent_beside(fleet)
    assert not fleet.accepted(many)
    waited = fleet.turns()[before:]
    assert max(waited[: waited.index(name)].count("big") for name in fleet.small) <= 2
    found = fleet.sandbox.ledger.requests[asked:]
    assert sum(each.status == 429 for each in found) / len(found) < REFUSED

    os.killpg(workers[0].pid, signal.SIGKILL)
    fleet.broker.stop()
    fleet.broker.start()
    fleet.ship(*fleet.small)
    all_sent_once(fleet)
