"""Eight stores of one token in four processes: they keep to its limit together, and use what it allows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shoppingfeed.sandbox import Sandbox, Server
from shoppingfeed.sandbox.ledger import Received
from tests import services
from tests.e2e.machine import Machine, store_table
from tests.waiting import until

REQUESTS, SECONDS = 20, 2.0
"""The limit: twice Shopping Feed's own, with windows as long."""
WINDOWS = 2
LEAST = 0.5
"""Far below what the benchmark measures: a busy machine sends late, and nothing here may hang on its speed."""
NAMES = [f"store{number}" for number in range(8)]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def sandbox() -> Sandbox:
    sandbox = Sandbox(rate_limit=(REQUESTS, SECONDS))
    for number in range(1, len(NAMES)):
        sandbox.add_store(10 + number)
    return sandbox


@pytest.fixture
def machine(tmp_path: Path, feed: Server, our_postgres: str) -> Machine:
    machine = Machine(tmp_path, {"database_url": our_postgres})
    shops = [f"sqlite:///{tmp_path / name}.sqlite3" for name in NAMES]
    numbered = zip(NAMES, shops, range(10, 18), strict=True)
    tables = [store_table(name, shop, feed.url, store_id=str(number)) for name, shop, number in numbered]
    assert machine.apply("".join(tables)).status == 0
    return machine


@contextmanager
def senders(machine: Machine, sandbox: Sandbox, **settings: str) -> Iterator[None]:
    """Four processes with two stores each, once all of them are at work."""
    command = (sys.executable, "-m", "tests.e2e.sender")
    started = [machine.start(*command, *NAMES[each::4], PYTHONPATH=str(ROOT), **settings) for each in range(4)]
    before = len(sandbox.ledger.requests)
    try:
        until(lambda: len(stores(sandbox.ledger.requests[before:])) == len(NAMES), "all work")
        yield
    finally:
        for each in started:
            each.kill()
        for each in started:
            each.communicate()


def stores(found: list[Received]) -> set[str]:
    return {each.path.split("/")[3] for each in found}


def measured(sandbox: Sandbox) -> tuple[float, float]:
    """How many of the requests are refused, and how much of the allowed pace is used, for some windows from now."""
    requests, start = sandbox.ledger.requests, len(sandbox.ledger.requests)
    until(lambda: len(requests) > start, "somebody asks")
    end = requests[start].at + WINDOWS * SECONDS
    until(lambda: requests[-1].at > end, "time passes")
    found = [each for each in requests[start:] if each.at <= end]
    refused = sum(each.status == 429 for each in found)
    return refused / len(found), (len(found) - refused) / (REQUESTS * WINDOWS)


def test_four_processes_share_one_pace(machine: Machine, sandbox: Sandbox) -> None:
    """In PostgreSQL where there is no Redis, else in that; when it is gone each keeps to its share."""
    with senders(machine, sandbox):
        refused, used = measured(sandbox)
    assert (refused < 0.01, used > LEAST) == (True, True), (refused, used)
    with services.own_redis() as (redis, stop), senders(machine, sandbox, broker_url=redis.url):
        refused, used = measured(sandbox)
        assert (refused < 0.01, used > LEAST) == (True, True), (refused, used)
        stop()
        refused, used = measured(sandbox)
        assert (refused < 0.05, used > 0.25) == (True, True), (refused, used)
