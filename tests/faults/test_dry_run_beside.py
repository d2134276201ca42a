"""A dry run beside others that write to the same SQLite file."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tests.faults.deployment import real_world
from tests.waiting import until


def test_a_dry_run_that_waits_for_shopping_feed_keeps_nobody_from_writing(tmp_path: Path, migrated: Path) -> None:
    """R22: a service beside it goes on, and what it writes meanwhile stays."""
    with real_world(tmp_path, migrated) as world:
        order = world.ship()
        world.sandbox.slow_to = "GET"
        dry = world.deployment.start("sync", "--dry-run", "--json")
        until(lambda: world.sandbox.under_way or dry.poll() is not None, "a request under way")
        assert dry.poll() is None
        with closing(sqlite3.connect(world.deployment.home / "sfsync.sqlite3", timeout=0)) as beside:
            beside.execute("UPDATE sfsync_store SET tries = 7")
            beside.commit()
        world.sandbox.let_go()
        [report] = json.loads(world.deployment.finish(dry).out).values()
        assert [each["order_id"] for each in report["would_send"]] == [world.shop.feed_id(order)]
        assert world.accepted(order) == []
        world.deployment.run("sync", "--wait", "20")
        with closing(sqlite3.connect(world.deployment.home / "sfsync.sqlite3")) as after:
            assert after.execute("SELECT tries FROM sfsync_store").fetchall() == [(7,)]
        assert world.accepted(order) == [("ship", f"T-{order}")]


def test_a_dry_run_without_room_for_its_copy_says_so_and_leaves_all_as_it_was(tmp_path: Path, migrated: Path) -> None:
    """R22: the temporary folder is full, which a real limit of the process stands for."""
    with real_world(tmp_path, migrated) as world:
        order = world.ship()
        world.deployment.run("sync")
        crowded = replace(world.deployment, prefix=("prlimit", "--fsize=200000"))
        done = crowded.run("sync", "--dry-run", status=None)
        assert done.status != 0
        assert "is full" in done.err
        assert "Traceback" not in done.err
        world.deployment.run("sync", "--wait", "20")
        assert world.accepted(order) == [("ship", f"T-{order}")]
