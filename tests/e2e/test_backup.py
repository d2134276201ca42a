"""`sfsync backup` and `sfsync restore` on a machine that goes on working, on both of our databases."""

from __future__ import annotations

import re
import signal
import sqlite3
import stat
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sfsync.shops.prestashop.sample import SampleShop, build
from sfsync.testing import SHIPPED
from shoppingfeed.sandbox import Sandbox, Server
from tests.e2e.conftest import Inbox
from tests.e2e.machine import COMMAND, Machine, store_table
from tests.waiting import until


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    """A deployment on each of our databases, with its tables."""
    if request.param == "sqlite":
        machine: Machine = request.getfixturevalue("machine")
        return machine
    return Machine(tmp_path, {"database_url": request.getfixturevalue("our_postgres")})


SIGNED_IN = "INSERT INTO django_session VALUES ('claire', '', '2099-01-01 00:00:00+00')"


def ask(machine: Machine, sql: str) -> list[Any]:
    """Of its database, whichever that is."""
    url = machine.settings.get("database_url")
    with closing(psycopg.connect(url) if url else sqlite3.connect(machine.database)) as database:
        rows = database.execute(sql)
        found = list(rows.fetchall()) if rows.description else []
        database.commit()
        return found


def ship(shop: SampleShop, order: int) -> int:
    shop.set_tracking(order, f"TRK-{order}")
    shop.set_status(order, SHIPPED)
    return shop.feed_id(order) or 0


def test_a_backup_goes_back_and_nothing_is_sent_twice(
    kept: Machine, sandbox: Sandbox, feed: Server, inbox: Inbox, tmp_path: Path
) -> None:
    """What was told since the backup is found at Shopping Feed (R24); what was there before the restore is kept."""
    kept.settings["smtp_url"] = inbox.url
    shop = build(f"sqlite:///{tmp_path}/shop.sqlite3", limit=6)
    kept.apply(store_table("main", shop.url, feed.url))
    first, second, third = shop.order_ids()[:3]
    ship(shop, first)
    assert kept.sfsync("sync", "--wait", "20").status == 0
    backup = kept.home / "backup.zip"
    ask(kept, SIGNED_IN)

    assert kept.sfsync("backup", str(backup)).out.startswith(f"{backup} is written, without the secret key")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    ship(shop, second)
    assert kept.sfsync("sync", "--wait", "20").status == 0
    asked, done = kept.sfsync("restore", str(backup)), kept.sfsync("restore", str(backup), "--yes")

    assert (asked.status, "give --yes" in asked.err) == (2, True)
    assert (done.status, done.err) == (0, "")
    assert f"{backup} is in place." in " ".join(done.out.split())
    assert ask(kept, "SELECT session_key FROM django_session") == []
    assert len(list(kept.home.glob("before-restore-*.zip"))) == 1
    told = shop.feed_id(second) or 0
    assert (len(sandbox.ledger.operations(told)), sandbox.ledger.duplicates()) == (1, [])
    ship(shop, third)
    assert kept.sfsync("sync", "--wait", "20").status == 0
    assert (len(sandbox.ledger.operations(told)), sandbox.ledger.duplicates()) == (1, [])
    assert len(sandbox.ledger.operations(shop.feed_id(third) or 0)) == 1


def test_a_restore_names_who_works_with_the_database_and_leaves_it_alone(kept: Machine, tmp_path: Path) -> None:
    """A person who knows better says so; a scheduler that was killed long ago works no more."""
    backup = tmp_path / "backup.zip"
    assert kept.sfsync("backup", str(backup)).status == 0
    ask(kept, "INSERT INTO sfsync_release (version, since) VALUES ('0.0.1', '2026-01-01 00:00:00+00')")
    ask(kept, "INSERT INTO sfsync_scheduler (name, seen_at) VALUES ('celery', '2026-01-01 00:00:00+00')")
    service = kept.start(COMMAND, "run")
    try:
        until(lambda: ask(kept, SERVICES), "the service gives its sign")
        refused = kept.sfsync("restore", str(backup), "--yes")
        assert ask(kept, "SELECT count(*) FROM sfsync_release") == [(2,)]
        forced = kept.sfsync("restore", str(backup), "--yes", "--while-running")
        assert ask(kept, "SELECT count(*) FROM sfsync_release") == [(1,)]
        assert service.poll() is None
    finally:
        service.kill()
        service.communicate()

    told = " ".join(refused.err.split())
    assert (refused.status, forced.status) == (1, 0)
    assert re.match(rf"At work on the database: service {service.pid} on \S+ \(seen \d+ s ago\)\. Stop it first", told)


SERVICES = "SELECT name FROM sfsync_scheduler WHERE name LIKE 'service %'"


def test_with_its_key_a_backup_opens_on_another_machine(machine: Machine, feed: Server, tmp_path: Path) -> None:
    """Without it the tokens stay closed, and the command says so; nobody stays signed in."""
    shop = build(f"sqlite:///{tmp_path}/shop.sqlite3", limit=6)
    machine.apply(store_table("main", shop.url, feed.url))
    bare, whole = tmp_path / "bare.zip", tmp_path / "whole.zip"
    assert (machine.sfsync("backup", str(bare)).status, machine.sfsync("backup", str(whole), "--with-key").status) == (
        0,
        0,
    )
    other = Machine(tmp_path / "other")
    other.home.mkdir()

    closed = other.sfsync("restore", str(bare), "--yes")
    assert (closed.status, "authenticator apps of main. Nothing is lost: add" in " ".join(closed.err.split())) == (
        0,
        True,
    )
    (other.home / "former-secret-key").write_text((machine.home / "secret-key").read_text())
    brought = other.sfsync("restore", str(bare), "--yes")
    assert (brought.status, brought.err) == (0, "")
    (other.home / "former-secret-key").unlink()
    opened = other.sfsync("restore", str(whole), "--yes")
    assert (opened.status, opened.err) == (0, "")
    with zipfile.ZipFile(bare) as packed:
        assert "secret-keys" not in packed.namelist()


def test_where_there_is_nothing_to_back_up_a_backup_says_so(tmp_path: Path) -> None:
    """Neither a file nor a table."""
    machine = Machine(tmp_path)
    for _ in range(2):
        answer = machine.sfsync("backup", str(tmp_path / "backup.zip"))
        assert (answer.status, "`sfsync migrate` makes them" in " ".join(answer.err.split())) == (1, True)
        machine.database.touch()
    assert not (tmp_path / "backup.zip").exists()


def test_a_damaged_or_newer_backup_changes_nothing(machine: Machine, tmp_path: Path) -> None:
    backup, later = tmp_path / "backup.zip", tmp_path / "later.zip"
    machine.sfsync("backup", str(backup))
    with closing(sqlite3.connect(machine.database)) as opened, opened:
        opened.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('sfsync', '0099_later', '2030-01-01')"
        )
    machine.sfsync("backup", str(later))
    before = machine.database.read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(backup.read_bytes()[:-100])

    answers = [machine.sfsync("restore", str(file), "--yes") for file in (cut, later, tmp_path / "none.zip")]

    assert [answer.status for answer in answers] == [1, 1, 1]
    told = [" ".join(answer.err.split()) for answer in answers]
    assert "cut.zip is damaged, cut off, or no backup of sfsync." in told[0]
    assert "this one does not know its 0099_later" in told[1]
    assert "none.zip is no file." in told[2]
    assert machine.database.read_bytes() == before


def test_a_database_that_is_damaged_is_set_aside_and_replaced(machine: Machine, tmp_path: Path) -> None:
    backup = tmp_path / "backup.zip"
    machine.sfsync("backup", str(backup))
    machine.database.write_bytes(b"no database any more" * 1000)

    assert machine.sfsync("restore", str(backup), "--yes").status == 0

    [aside] = machine.home.glob("before-restore-*")
    assert (aside / machine.database.name).read_bytes().startswith(b"no database")
    assert machine.sfsync("status").status == 0


KILLED = """
import os, signal, sys
from sfsync_server.cli import main

def kill(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith("/sfsync.sqlite3"):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(kill)
main()
"""


def cut_off(machine: Machine, backup: Path) -> None:
    """A restore that is killed in the moment in which its database would have been there."""
    with machine.start(sys.executable, "-c", KILLED, "restore", str(backup), "--yes") as started:
        started.communicate(timeout=60)
    assert started.returncode == -signal.SIGKILL
    assert len(list(machine.home.glob(".sfsync-restore-*"))) == 1


def test_a_restore_over_a_damaged_database_that_is_killed_is_not_taken_for_a_new_installation(
    machine: Machine, tmp_path: Path
) -> None:
    """The damaged one is in its place again, whatever command comes next, and says to restore again."""
    backup = tmp_path / "backup.zip"
    machine.sfsync("backup", str(backup))
    damaged = b"no database any more" * 1000
    machine.database.write_bytes(damaged)
    cut_off(machine, backup)

    told, again = machine.sfsync("migrate"), machine.sfsync("status")

    assert (told.status, "A restore was cut off" in told.err, "run `sfsync restore` again" in told.err) == (
        1,
        True,
        True,
    )
    assert (again.status, "cut off" in again.err, machine.database.read_bytes()) == (1, False, damaged)
    assert machine.sfsync("restore", str(backup), "--yes").status == 0
    [aside] = machine.home.glob("before-restore-*")
    assert (aside / machine.database.name).read_bytes() == damaged
    assert machine.sfsync("status").status == 0


def test_a_restore_on_a_new_machine_that_is_killed_is_not_taken_for_a_new_installation(
    machine: Machine, tmp_path: Path
) -> None:
    """No page asks for a first administrator until it was put back, or given up."""
    backup = tmp_path / "backup.zip"
    machine.sfsync("backup", str(backup))
    other = Machine(tmp_path / "other")
    other.home.mkdir()
    cut_off(other, backup)

    for refused in (other.sfsync("up", "--port", "0"), other.sfsync("migrate")):
        assert (refused.status, "A restore was cut off" in refused.err) == (2, True)

    assert other.sfsync("restore", str(backup), "--yes").status == 0
    (other.home / ".sfsync-restore-left").mkdir()  # as one leaves it that is killed over a database that is well
    assert other.sfsync("migrate").status == 0
    assert list(other.home.glob(".sfsync-restore-*")) == []


def test_a_restore_that_is_killed_in_its_transaction_has_changed_nothing(our_postgres: str, tmp_path: Path) -> None:
    """On PostgreSQL; that an SQLite database is the one or the other is tried without the command, and more often."""
    machine = Machine(tmp_path, {"database_url": our_postgres})
    backup = tmp_path / "backup.zip"
    assert machine.sfsync("backup", str(backup)).status == 0
    with closing(psycopg.connect(our_postgres, autocommit=True)) as direct:
        direct.execute("INSERT INTO sfsync_release (version, since) VALUES ('0.0.1', now())")

        with machine.start(COMMAND, "restore", str(backup), "--yes") as started:
            writes = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
            until(lambda: direct.execute(writes).fetchall(), "the restore has begun to write")
            started.kill()
            started.communicate()

        assert direct.execute("SELECT count(*) FROM sfsync_release").fetchall() == [(2,)]
        assert machine.sfsync("restore", str(backup), "--yes").status == 0
        assert direct.execute("SELECT count(*) FROM sfsync_release").fetchall() == [(1,)]
