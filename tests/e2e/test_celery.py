"""A fleet: a real Celery worker on a real Redis, with our tables on PostgreSQL."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery

from sfsync.queues import DUE, RUNS
from sfsync.shops.prestashop.sample import build
from sfsync.testing import SHIPPED
from shoppingfeed.sandbox import Sandbox, Server
from tests.bridge.conftest import PhpShop
from tests.e2e.machine import COMMAND, Machine, store_table
from tests.waiting import until

CELERY = Path(sys.executable).with_name("celery")


@pytest.fixture
def fleet(tmp_path: Path, our_postgres: str, redis_database: str) -> Machine:
    return Machine(tmp_path, {"database_url": our_postgres, "broker_url": redis_database})


@pytest.fixture
def beat(redis_database: str) -> Iterator[Celery]:
    """What wakes the worker, as `celery beat` does every 30 seconds."""
    app = Celery(broker=redis_database)
    yield app
    app.close()


def test_a_worker_runs_every_store_that_is_due(
    fleet: Machine, beat: Celery, sandbox: Sandbox, feed: Server, redis_database: str, tmp_path: Path
) -> None:
    """R7: two stores are woken and send; woken again before their time, they rest. A store that is gone is no error."""
    shops = [build(f"sqlite:///{tmp_path / name}.sqlite3", limit=3) for name in ("one", "two")]
    sandbox.add_store(11, token="other-token")
    stores = store_table("one", shops[0].url, feed.url)
    stores += store_table("two", shops[1].url, feed.url, token='"other-token"', store_id="11")
    assert fleet.apply(stores).status == 0
    orders = [(shop, shop.order_ids()[0]) for shop in shops]
    for shop, order in orders:
        shop.set_tracking(order, "TRK-1")
        shop.set_status(order, SHIPPED)

    worker = fleet.start(CELERY, "-A", "sfsync_server.celery", "worker", "--pool=solo", "--without-gossip")
    try:
        beat.send_task("sfsync.tasks.run_due_stores")
        until(lambda: len(sandbox.ledger.accepted) == 2, "both stores send")
        until(lambda: not [each for each in status(fleet).values() if each["running"]], "both runs end")
        looks = len(sandbox.ledger.requests)
        for task, arguments in (("run_due_stores", []), ("run_store", [0, "gone"])):
            beat.send_task(f"sfsync.tasks.{task}", args=arguments)
        until(lambda: waiting(redis_database) == 0, "the worker takes them all")
    finally:
        worker.send_signal(signal.SIGTERM)
        out, err = worker.communicate(timeout=60)

    assert (worker.returncode, waiting(redis_database)) == (0, 0), out + err
    assert "Traceback" not in err
    assert [each.operation for each in sandbox.ledger.accepted] == ["ship", "ship"]
    assert len(sandbox.ledger.requests) == looks
    assert {each["in_flight"] for each in status(fleet).values()} == {1}


def test_a_bridge_wakes_a_worker_at_once(
    fleet: Machine, sandbox: Sandbox, feed: Server, redis_database: str, tmp_path: Path
) -> None:
    """R7: nobody waits for the schedule, which is not even there."""
    shop = build(f"sqlite:///{tmp_path / 'live.sqlite3'}", limit=3)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    fleet.settings |= {"url": f"http://127.0.0.1:{port}", "https": "false"}
    assert fleet.apply(store_table("live", shop.url, feed.url, mode='"realtime"')).status == 0
    assert fleet.sfsync("bridge", "live", str(tmp_path / "bridge.zip")).status == 0
    php = PhpShop(tmp_path / "modules")
    php.install((tmp_path / "bridge.zip").read_bytes())
    order = shop.order_ids()[0]

    worker = fleet.start(CELERY, "-A", "sfsync_server.celery", "worker", "--pool=solo", "--without-gossip")
    pages = fleet.start(COMMAND, "serve", "--port", port)
    try:
        until(lambda: php.visit(("getContent", {})).results == ["good: sfsync answers."], "the pages hear")
        shop.set_tracking(order, "TRK-1")
        shop.set_status(order, SHIPPED)
        php.ships(order)
        until(lambda: [each.operation for each in sandbox.ledger.accepted] == ["ship"], "the worker was told")
        until(lambda: waiting(redis_database) == 0, "nothing is left to take")
    finally:
        for each in (pages, worker):
            each.send_signal(signal.SIGTERM)
            each.communicate(timeout=60)


def waiting(redis_database: str) -> int:
    """Messages that nobody took yet."""
    with redis.Redis.from_url(redis_database) as client:
        return sum(int(str(client.llen(name))) for name in ("celery", DUE, *RUNS))


def status(fleet: Machine) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = fleet.sfsync("status", "--json").document
    return found


def test_the_schedule_names_a_task_that_exists() -> None:
    """What `celery beat` sends is what the worker knows."""
    from sfsync_server.celery import app

    app.loader.import_default_modules()
    [entry] = app.conf.beat_schedule.values()
    assert entry["task"] in app.tasks
    assert entry["schedule"] <= 60
