"""Promise 9: databases go away and come back, fill up, or are not what they should be: clear errors, nothing lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from sfsync.shops.base import ShopMisconfigured
from sfsync.shops.prestashop.sample import build
from sfsync.shops.prestashop.settings import table_prefix
from sfsync.shops.prestashop.shop import PrestaShop
from sfsync.shops.setting import Mistake
from tests.faults.deployment import AWAY, Deployment, RealWorld, Said, real_world, store_toml
from tests.faults.servers import PrivateServer, private_server, reserved_port
from tests.faults.stage import PASSWORD, Child, Stage, Story, staged
from tests.waiting import until


def standing_at(story: Story, kind: str, at: int) -> Child:
    """A run that stands still at a boundary."""
    run = story.start(wait=30, kind=kind, at=at, how="stop")
    assert run.wait().stopped
    return run


def test_the_shops_database_goes_away_in_the_middle_of_a_run(sqlite_stage: Stage) -> None:
    """R5: the run says so and ends well; when the shop is back, everything goes out, each once."""
    with private_server("mariadb") as mariadb:
        shop = build(mariadb.server.database("shop"), limit=6)
        story = sqlite_stage.story(shop_secrets={"url": shop.url})
        shop.bulk_ship(shop.order_ids(), "T-")
        run = standing_at(story, "http", 1)
        mariadb.stop()
        run.send(signal.SIGCONT)
        report = run.wait().answer
        assert [trouble["code"] for trouble in report["troubles"]] == ["shop-unavailable"]
        assert "database server 127.0.0.1" in report["troubles"][0]["detail"]
        assert [trouble["code"] for trouble in story.sync()["troubles"]] == ["shop-unavailable"]
        mariadb.start()
        counts = story.sync(wait=30)["counts"]
        assert (counts["confirmed"], story.duplicates(), story.facts()["tasks"]) == (6, [], [])
        shop.close()


def test_our_own_database_goes_away_with_a_request_under_way(tmp_path: Path) -> None:
    """R13: whatever the run could not write down, or the crash has lost of what it wrote, is asked of the ticket list
    when the database is back."""
    with private_server("postgres") as postgres:
        url = postgres.server.database("sfsync")
        with staged(tmp_path / "stage", database_url=url) as stage:
            story = stage.story()
            story.shop.bulk_ship(story.orders, "T-")
            run = _standing_after_its_post(story)
            postgres.stop()
            run.send(signal.SIGCONT)
            late = run.wait()
            assert late.answer is None
            assert "OperationalError" in late.err
            down = stage.victim.start("command", arguments=["sync"]).wait()
            assert (down.status, down.err.startswith("sfsync's own database cannot be used")) == (1, True)
            postgres.start()
            stage.clock.advance(60)
            story.sync(wait=60)
            facts = story.facts()
            told = {each["shop_order_id"] for each in facts["orders"] if each["confirmed_operation"] == "ship"}
            assert told == set(story.orders)
            assert (story.duplicates(), facts["tasks"]) == ([], [])


def _standing_after_its_post(story: Story) -> Child:
    for at in range(1, 20):
        run = standing_at(story, "http", at)
        if story.sends():
            return run
        run.send(signal.SIGKILL)
        run.wait()
    raise AssertionError("no run came to its POST")


def test_the_service_outlasts_its_own_database(tmp_path: Path, migrated: Path) -> None:
    """R22: nobody has to start it anew. It says that the database is away, once, and that it is back; and it stops
    well while the database is away."""
    quick = {"timeout": "3", "ticket_lag_seconds": "1", "poll_seconds": "0.1"}
    with private_server("postgres") as postgres:
        url = postgres.server.database("sfsync")
        with real_world(tmp_path, migrated, store='mode = "realtime"', empty=True, database_url=url, **quick) as world:
            service = world.deployment.start("run")
            said = Said(service)
            _told(world, world.ship())
            postgres.stop()
            order = world.ship()
            until(lambda: AWAY in said.so_far(), "it says so")
            postgres.start()
            _told(world, order)
            assert said.so_far().count(AWAY) == said.so_far().count("The database can be used again.") == 1
            postgres.stop()
            service.send_signal(signal.SIGTERM)
            done = world.deployment.finish(service)
            assert (done.status, done.signal, world.sandbox.ledger.duplicates()) == (0, 0, [])
            assert "Traceback" not in said.text + done.err


COMMANDS = ("run", "serve", "up")
WAITS = "It is tried again until it can be used. Nothing was lost."


@pytest.fixture
def before_its_database(tmp_path: Path) -> Iterator[tuple[PrivateServer, Deployment]]:
    """As after a power cut: a deployment with tables, whose PostgreSQL is not there yet."""
    with private_server("postgres") as postgres:
        deployment = Deployment(tmp_path, {"database_url": postgres.server.database("sfsync")})
        deployment.run("migrate")
        postgres.stop()
        yield postgres, deployment
        if postgres.process.poll() is not None:
            postgres.start()


@pytest.mark.parametrize("command", COMMANDS)
def test_what_starts_before_its_database_waits_for_it(
    before_its_database: tuple[PrivateServer, Deployment], command: str
) -> None:
    """It says so once, goes on when it is there, and stops well while it waits, and afterwards."""
    postgres, deployment = before_its_database
    with reserved_port() as port:
        stopped, said = _waiting(deployment, command, port)
        _ends_well(deployment, stopped, said)
        started, said = _waiting(deployment, command, port)
        postgres.start()
        until(lambda: _works(command, postgres, port), "it works")
        assert "The database can be used again." in said.so_far()
        _ends_well(deployment, started, said)


def _waiting(deployment: Deployment, command: str, port: socket.socket) -> tuple[subprocess.Popen[str], Said]:
    started = deployment.start(*_on(command, port))
    said = Said(started)
    until(lambda: WAITS in said.so_far(), "it says so")
    return started, said


def _ends_well(deployment: Deployment, started: subprocess.Popen[str], said: Said) -> None:
    started.send_signal(signal.SIGTERM)
    done = deployment.finish(started)
    assert (done.status, done.signal, said.text.count(WAITS)) == (0, 0, 1)
    assert "Traceback" not in said.text + done.err


def _on(command: str, port: socket.socket) -> list[str]:
    return [command] if command == "run" else [command, "--port", str(port.getsockname()[1])]


def _works(command: str, postgres: PrivateServer, port: socket.socket) -> bool:
    """The pages answer, or the service has given a sign."""
    if command == "serve":
        return _answers(port)
    with psycopg.connect(f"{postgres.server.url}/sfsync") as direct:
        return bool(direct.execute("SELECT 1 FROM sfsync_scheduler").fetchall())


def _answers(port: socket.socket) -> bool:
    with closing(HTTPConnection("127.0.0.1", port.getsockname()[1], timeout=5)) as pages:
        with suppress(OSError, HTTPException):
            pages.request("GET", "/healthz")
            return pages.getresponse().status == 200
        return False


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("wrong", ["account", "database", "host"])
def test_what_waiting_does_not_help_ends_at_once(tmp_path: Path, our_postgres: str, command: str, wrong: str) -> None:
    settings = {
        "account": our_postgres.replace("postgres@", "nobody:a-password@"),
        "database": our_postgres + "_of_nobody",
        "host": our_postgres.replace("127.0.0.1", "no-such-host.invalid"),
    }
    assert settings[wrong] != our_postgres
    with reserved_port() as port:
        done = Deployment(tmp_path, {"database_url": settings[wrong]}).run(*_on(command, port), status=1)
    assert "sfsync's own database cannot be used: " in done.err
    assert (WAITS in done.err, "starts again" in done.err, "Traceback" in done.err) == (False, False, False)


def _told(world: RealWorld, order: int) -> None:
    until(lambda: world.accepted(order) == [("ship", f"T-{order}")], f"order {order} is told")


@contextmanager
def tmpfs(folder: Path) -> Iterator[bool]:
    """A disk of 3 MB; False where mounting is not permitted."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, check=False
    )
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def full_disk(world: RealWorld) -> Iterator[None]:
    ballast = world.deployment.home / "ballast"
    with ballast.open("wb", buffering=0) as file:
        _fill(file.fileno())
    yield
    ballast.unlink()


@contextmanager
def limited_files(world: RealWorld) -> Iterator[None]:
    """No file may grow beyond what the database is now."""
    size = (world.deployment.home / "sfsync.sqlite3").stat().st_size
    world.deployment.prefix = ("prlimit", f"--fsize={size}")
    yield
    world.deployment.prefix = ()


@pytest.mark.parametrize("kind", ["small disk", "limited files"])
def test_a_full_disk_stops_the_run_and_loses_nothing(tmp_path: Path, migrated: Path, kind: str) -> None:
    """R13: on a tmpfs of its own (where that may be mounted), and with a limit on the size of files (everywhere)."""
    (tmp_path / "world").mkdir()
    with tmpfs(tmp_path / "disk") as mounted, real_world(tmp_path / "world", migrated, orders=200) as world:
        orders = [world.ship() for _ in range(200)]
        _move(world, tmp_path / "disk")
        with full_disk(world) if mounted and kind == "small disk" else limited_files(world):
            done = world.deployment.run("sync", status=None)
            assert done.status == 1
            assert "database or disk is full" in done.err or "disk I/O error" in done.err
            assert "Traceback" not in done.err
            assert "disk that holds sfsync's own database is full" in world.deployment.run("doctor", status=None).out
        world.deployment.run("sync", "--wait", "30")
        assert all(world.accepted(order) == [("ship", f"T-{order}")] for order in orders)
        assert world.sandbox.ledger.duplicates() == []
        assert world.deployment.json("tasks") == []


def _move(world: RealWorld, home: Path) -> None:
    for file in world.deployment.home.iterdir():
        (home / file.name).write_bytes(file.read_bytes())
    world.deployment.home = home


def _fill(number: int) -> None:
    while True:
        try:
            os.write(number, b"x" * 4096)
        except OSError:
            return


def test_a_database_that_is_no_prestashop(tmp_path: Path, migrated: Path) -> None:
    """The sentence names the database and the prefix, in sync and in the doctor; the store is in trouble, not lost."""
    with real_world(tmp_path, migrated) as world:
        other = tmp_path / "wordpress.sqlite3"
        with create_engine(f"sqlite:///{other}").begin() as connection:
            connection.execute(text("CREATE TABLE ps_orders (id INTEGER, note TEXT)"))
            connection.execute(text("CREATE TABLE wp_posts (id INTEGER)"))
        (world.deployment.home / "stores.toml").write_text(store_toml("main", world.server.url, f"sqlite:///{other}"))
        world.deployment.run("apply", "stores.toml")
        report = world.deployment.json("sync", status=1)["main"]
        assert "database" in report["error"]
        assert "sfsync doctor" in report["advice"]
        found = world.deployment.run("doctor", status=1).out
        assert "PrestaShop" in found
        assert "Traceback" not in found + report["error"]


@pytest.mark.parametrize("prefix", ["ps_; DROP TABLE ps_orders; --", "ps_` WHERE 1=1 -- ", "ps_\n", "é", "p" * 33, "'"])
def test_a_prefix_that_is_an_injection_is_refused(prefix: str) -> None:
    """In the settings, with a sentence, and once more by the connector: it never comes near a statement."""
    with pytest.raises(ShopMisconfigured):
        PrestaShop("sqlite:///nowhere", prefix=prefix)
    with pytest.raises(Mistake):
        table_prefix(prefix)


def test_an_address_with_an_injection_is_refused_without_showing_its_password(tmp_path: Path, migrated: Path) -> None:
    """`apply` refuses it, changes nothing, and says why."""
    with real_world(tmp_path, migrated) as world:
        url = f"mysql://reader:{PASSWORD}@127.0.0.1/shop?init_command=DROP+TABLE+x"
        (world.deployment.home / "stores.toml").write_text(store_toml("main", world.server.url, url))
        world.deployment.run("apply", "stores.toml", status=None)
        report = world.deployment.json("sync", status=1)["main"]
        assert "init_command" in report["error"]
