"""`sfsync run` as systemd runs it: a process that does everything by itself, and stops when it is told to (R7)."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sfsync.shops.prestashop.sample import SampleShop, build
from sfsync.testing import CANCELED, SHIPPED
from shoppingfeed.sandbox import Fault, Sandbox, Server
from tests.bridge.conftest import PhpShop
from tests.e2e.machine import COMMAND, Machine, store_table
from tests.waiting import until

PATIENCE = 20.0
"""Seconds that a busy machine may take for what is done in one."""


@pytest.fixture
def shop(tmp_path: Path) -> SampleShop:
    return build(f"sqlite:///{tmp_path / 'shop.sqlite3'}", limit=6)


@pytest.fixture
def start(machine: Machine) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start the service; it is gone at the end of the test, whatever happens."""
    started: list[subprocess.Popen[str]] = []

    def run() -> subprocess.Popen[str]:
        started.append(machine.start(COMMAND, "run"))
        return started[-1]

    yield run
    for service in started:
        service.kill()
        service.communicate()


def ship(shop: SampleShop, order: int) -> int:
    shop.set_tracking(order, f"TRK-{order}")
    shop.set_status(order, SHIPPED)
    return shop.feed_id(order) or 0


def believed(sandbox: Sandbox, feed_id: int) -> str:
    belief = sandbox.ledger.belief(feed_id)
    return belief.status if belief else ""


def runs(machine: Machine) -> list[tuple[str | None, str]]:
    """Of each store, by name: when a run finished last, and how."""
    with sqlite3.connect(machine.database, timeout=30) as database:
        rows = "SELECT finished_at, outcome FROM sfsync_process JOIN sfsync_store s ON s.id = store_id ORDER BY s.name"
        return database.execute(rows).fetchall()


def make_due(machine: Machine, store: str) -> None:
    """As if its hour had passed."""
    with sqlite3.connect(machine.database, timeout=30) as database:
        chosen = "(SELECT id FROM sfsync_store WHERE name = ?)"
        database.execute(f"UPDATE sfsync_process SET next_run_at = '2020-01-01' WHERE store_id = {chosen}", [store])


def stop(service: subprocess.Popen[str]) -> float:
    """SIGTERM; how many seconds the service then took. It ends with status 0, and says nothing but that it runs."""
    told = time.monotonic()
    service.send_signal(signal.SIGTERM)
    out, err = service.communicate(timeout=PATIENCE)
    assert (service.returncode, err) == (0, "")
    assert out.startswith("The service is running, until Ctrl+C or SIGTERM. Enabled stores: ")
    assert out.count("\n") == 1
    return time.monotonic() - told


def test_a_real_time_store_is_told_at_once_and_a_batch_store_on_its_schedule(
    machine: Machine,
    sandbox: Sandbox,
    feed: Server,
    shop: SampleShop,
    tmp_path: Path,
    start: Callable[[], subprocess.Popen[str]],
) -> None:
    """R7, R19: nobody starts a run; the ticket is followed too; the batch store waits for its turn."""
    batch = build(f"sqlite:///{tmp_path / 'batch.sqlite3'}", limit=6)
    sandbox.add_store(11, token="batch-token")
    stores = store_table("batch", batch.url, feed.url, token='"batch-token"', store_id="11", every_minutes="60")
    machine.apply(stores + store_table("live", shop.url, feed.url, mode='"realtime"'))
    first, second = shop.order_ids()[:2]
    early, late = batch.order_ids()[2:4]
    batch_ids = ship(batch, early), batch.feed_id(late) or 0

    service = start()
    until(lambda: believed(sandbox, batch_ids[0]) == "shipped", "the first run of the batch store", PATIENCE)
    until(lambda: len(runs(machine)) == 2 and all(done for done, _ in runs(machine)), "both stores ran", PATIENCE)
    ship(batch, late)
    live = ship(shop, first)
    until(lambda: believed(sandbox, live) == "shipped", "the change reaches the marketplace by itself", PATIENCE)
    shop.set_status(second, CANCELED)
    until(lambda: believed(sandbox, shop.feed_id(second) or 0) == "cancelled", "and so does the next", PATIENCE)
    assert sandbox.ledger.operations(batch_ids[1]) == []

    make_due(machine, "batch")
    until(lambda: believed(sandbox, batch_ids[1]) == "shipped", "the batch store's hour comes", PATIENCE)
    assert stop(service) < 5
    assert sandbox.ledger.duplicates() == []
    assert [outcome for _, outcome in runs(machine)] == ["ok", "ok"]


def test_it_stops_in_the_middle_of_its_work(
    machine: Machine, sandbox: Sandbox, feed: Server, shop: SampleShop, start: Callable[[], subprocess.Popen[str]]
) -> None:
    """SIGTERM while an answer is awaited: it is waited for and written down, and the store is free for the next run."""
    machine.apply(store_table("live", shop.url, feed.url, mode='"realtime"'))
    feed_id = ship(shop, shop.order_ids()[0])
    sandbox.fault(Fault("slow", seconds=2, when="after", operation="ship"))
    service = start()
    until(lambda: sandbox.ledger.operations(feed_id), "the ship is under way", PATIENCE)

    assert stop(service) < 8

    [task] = machine.sfsync("tasks", "--json").document
    assert (task["state"], task["operation"], bool(task["batch_id"])) == ("in flight", "ship", True)
    assert machine.sfsync("status", "--json").document["live"]["running"] == ""
    assert machine.sfsync("sync", "--wait", "20", "--json").document["live"]["confirmed"] == 1
    assert sandbox.ledger.duplicates() == []


def test_a_store_in_trouble_does_not_hold_up_the_others(
    machine: Machine, sandbox: Sandbox, feed: Server, shop: SampleShop, start: Callable[[], subprocess.Popen[str]]
) -> None:
    """And the service goes on: a shop that does not answer is tried less and less often."""
    gone = store_table("gone", "mysql+pymysql://reader:secret@127.0.0.1:9/shop", feed.url, mode='"realtime"')
    machine.settings["log_level"] = "ERROR"
    machine.apply(gone + store_table("live", shop.url, feed.url, mode='"realtime"'))
    service = start()
    until(lambda: "shop-unavailable" in {outcome for _, outcome in runs(machine)}, "the bad store was tried", PATIENCE)
    feed_id = ship(shop, shop.order_ids()[0])
    until(lambda: believed(sandbox, feed_id) == "shipped", "the good one goes on", PATIENCE)
    service.send_signal(signal.SIGINT)
    _, err = service.communicate(timeout=PATIENCE)
    assert service.returncode == 0
    assert "127.0.0.1:9 does not answer" in err
    assert "secret" not in err


def test_a_shop_with_a_bridge_is_told_within_a_second_and_not_looked_at_meanwhile(
    machine: Machine,
    sandbox: Sandbox,
    feed: Server,
    shop: SampleShop,
    start: Callable[[], subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    """R7: the module's own PHP tells the pages of a change; the service, another process, has it out at once."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    machine.settings |= {"url": f"http://127.0.0.1:{port}", "https": "false"}
    machine.apply(store_table("live", shop.url, feed.url, mode='"realtime"'))
    assert machine.sfsync("bridge", "live", str(tmp_path / "bridge.zip")).status == 0
    php = PhpShop(tmp_path / "modules")
    php.install((tmp_path / "bridge.zip").read_bytes())
    pages = machine.start(COMMAND, "serve", "--port", port)
    try:
        until(lambda: php.visit(("getContent", {})).results == ["good: sfsync answers."], "the pages hear", PATIENCE)
        start()
        until(lambda: rests(machine), "the service has seen the shop, and leaves it alone", PATIENCE)
        before = runs(machine)
        quiet = time.monotonic() + 3
        until(lambda: time.monotonic() > quiet, "some seconds pass", PATIENCE)
        assert runs(machine) == before

        order = shop.order_ids()[0]
        feed_id = ship(shop, order)
        php.ships(order)
        assert 0 <= until(lambda: woken_after(machine), "a run starts", PATIENCE) < 1.5
        until(lambda: believed(sandbox, feed_id) == "shipped", "the change reaches the marketplace", PATIENCE)
    finally:
        pages.terminate()
        _out, err = pages.communicate(timeout=PATIENCE)
    assert "whsec_" not in err


def woken_after(machine: Machine) -> float | None:
    """Seconds from the bridge's last message to the start of the run that followed; None before there is one."""
    with sqlite3.connect(machine.database, timeout=30) as database:
        between = "SELECT (julianday(started_at) - julianday(MAX(at))) * 86400 FROM sfsync_hint, sfsync_process"
        seconds = database.execute(f"{between} WHERE orders <> '[]' AND name = 'sync'").fetchone()[0]
        return seconds if seconds is not None and seconds > 0 else None


def rests(machine: Machine) -> bool:
    """The store ran, and its next run is minutes away."""
    with sqlite3.connect(machine.database, timeout=30) as database:
        later = "SELECT COUNT(*) FROM sfsync_process WHERE finished_at AND next_run_at > datetime('now', '+2 minutes')"
        return bool(database.execute(later).fetchone()[0])
