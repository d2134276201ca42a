"""R13: a crash of PostgreSQL with `synchronous_commit = off` loses the commits of its last second, although it had
confirmed them: nothing is sent twice that the ticket list tells, and what nobody can know is said."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psycopg

from sfsync.testing import DELIVERED
from tests.faults.servers import PrivateServer, private_server
from tests.faults.stage import Story, staged

WRITERS = "SELECT pid FROM pg_stat_activity WHERE backend_type IN ('walwriter', 'background writer', 'checkpointer')"
"""Who writes down what was committed a moment ago."""


def hold_back(postgres: PrivateServer) -> None:
    """From now on everything is the last second: what was committed before is on the disk, the rest in memory."""
    with psycopg.connect(f"{postgres.server.url}/postgres", autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        for (pid,) in connection.execute(WRITERS).fetchall():
            os.kill(pid, signal.SIGSTOP)


def crash(postgres: PrivateServer) -> None:
    """All its processes at once, then its start."""
    first = postgres.process
    others = Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split()
    first.kill()
    for pid in others:
        os.kill(int(pid), signal.SIGKILL)
    first.wait()
    postgres.start()


def first_of(story: Story) -> None:
    """Told, and written down for good."""
    story.shop.bulk_ship(story.orders[:1], "T-")
    assert story.sync(wait=30)["counts"]["confirmed"] == 1


def rest_of(story: Story) -> None:
    """Told, and lost: the delivery of the first, and the others."""
    story.shop.bulk_ship(story.orders[1:], "T-")
    story.shop.set_status(story.orders[0], DELIVERED)
    assert story.sync(wait=30)["counts"]["confirmed"] == len(story.orders)


def everything(story: Story) -> list[list[tuple[str, str]]]:
    return [story.accepted(order) for order in story.orders]


def waits(story: Story) -> list[tuple[int, str]]:
    """The orders with something to do, and what failed of it."""
    return [(task["shop_order"], task["failure"]) for task in story.facts()["tasks"]]


def test_a_crash_that_loses_the_last_second_doubles_nothing_and_says_what_nobody_knows(tmp_path: Path) -> None:
    with (
        private_server("postgres") as postgres,
        staged(tmp_path / "stage", database_url=postgres.server.database("sfsync"), orders=3) as stage,
    ):
        listed, forgotten = stage.story(), stage.story()
        for story in (listed, forgotten):
            first_of(story)
        stage.clock.advance(60)
        hold_back(postgres)
        durable = [story.facts()["log"] for story in (listed, forgotten)]
        for story in (listed, forgotten):
            rest_of(story)
        before = [everything(story) for story in (listed, forgotten)]
        crash(postgres)
        assert [story.facts()["log"] for story in (listed, forgotten)] == durable

        listed.sync(wait=60)
        assert (everything(listed), waits(listed)) == (before[0], [])
        stage.sandbox.forget_tickets()
        forgotten.sync(wait=60)
        assert (everything(forgotten), waits(forgotten)) == (before[1], [(forgotten.orders[0], "maybe-told")])
        assert "database-behind" in [each["code"] for each in forgotten.facts()["log"]]
