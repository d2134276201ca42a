"""Promises 1 and 2: a run that is killed with SIGKILL at any step of its work loses nothing and sends nothing twice.

Every point between two SQL statements that write, and before and after every request that carries operations, is tried
(around a request that only reads, nothing changes that the next write would not see): one run dies there, the next one
goes on, and the sandbox's ledger tells whether each operation was accepted exactly once. The two database engines take
turns at these points; with `--every-step` each takes all.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

from sfsync.testing import CANCELED, DELIVERED, REFUNDED, SHIPPED
from tests.faults.deployment import RealWorld, real_world
from tests.faults.stage import Stage, Steps, Story
from tests.waiting import until


def play(stage: Stage) -> Story:
    """A ship, a cancel, a refund, a ship and deliver, an order that the API ignores, and a ticket that fails once."""
    story = stage.story()
    shipped, cancelled, refunded, delivered, ignored, refused = story.orders[:6]
    for order in (shipped, delivered, ignored, refused):
        story.shop.set_tracking(order, f"T-{order}")
        story.shop.set_status(order, SHIPPED)
    story.shop.set_status(delivered, DELIVERED)
    story.shop.set_status(cancelled, CANCELED)
    story.shop.set_status(refunded, REFUNDED)
    story.fault("ignore", ignored, times=None, message="not now")
    story.fault("refuse", refused, operation="ship", message="address unknown")
    return story


def check(story: Story, where: object) -> None:
    """Each operation was accepted once (twice where the first one's ticket failed), and the merchant was told once."""
    shipped, cancelled, refunded, delivered, ignored, refused = story.orders[:6]
    assert {order: story.accepted(order) for order in story.orders[:6]} == {
        shipped: [("ship", f"T-{shipped}")],
        cancelled: [("cancel", "")],
        refunded: [("refund", "")],
        delivered: [("ship", f"T-{delivered}"), ("deliver", "")],
        ignored: [],
        refused: [("ship", f"T-{refused}")] * 2,
    }, where
    assert story.duplicates() == [], where
    facts = story.facts()
    assert [(task["shop_order"], task["failure"]) for task in facts["tasks"]] == [(ignored, "ignored")], where
    told = sorted((notice["shop_order"], notice["code"]) for notice in facts["notices"])
    assert told == [(ignored, "ignored"), (refused, "ticket-failed")], where
    done = {order["shop_order_id"]: order["confirmed_operation"] for order in facts["orders"]}
    assert [done[order] for order in story.orders[:6]] == ["ship", "cancel", "refund", "deliver", "", "ship"], where


def test_a_run_killed_at_any_step_is_finished_by_the_next(stage: Stage, steps: Steps) -> None:
    """R5, R12, R13, R15, R16, R20."""
    deaths = 0
    for kind in ("write", "post"):
        for at in steps():
            story = play(stage)
            end = story.start(wait=60, kind=kind, at=at).wait()
            if not end.killed:
                assert end.answer, end.err
                break
            deaths += 1
            stage.pass_time(60)
            report = story.sync(wait=60)
            check(story, f"killed at {kind} {at}; then {report}")
    assert deaths > 25


def test_a_run_killed_while_it_looks_for_changes_finds_them_again(stage: Stage, steps: Steps) -> None:
    """R2, R5: a number that changed alone, which only the comparison sees, and an order whose end is known to the
    marketplace, of which only the status history tells. The run is not the first: it knows what has not moved."""
    deaths = 0
    for at in steps():
        story = stage.story()
        shipped, delivered = story.orders[:2]
        story.shop.bulk_ship([shipped, delivered], "T-")
        story.shop.set_status(delivered, DELIVERED)
        story.sync(wait=60)
        story.shop.set_tracking(shipped, "T-new-1")
        story.shop.set_status(delivered, REFUNDED)
        end = story.start(kind="write", at=at).wait()
        looking = "kill in follow" in end.err
        if deaths and not looking:
            break
        deaths += looking
        story.sync(wait=60)
        assert story.accepted(shipped) == [("ship", f"T-{shipped}"), ("ship", "T-new-1")], at
        assert story.accepted(delivered) == [("ship", f"T-{delivered}"), ("deliver", ""), ("refund", "")], at
    assert deaths > 2


def test_the_real_command_killed_at_random(tmp_path: Path, migrated: Path, mariadb_database: str) -> None:
    """R13: `sfsync sync --wait` on a MariaDB shop, killed again and again while it works."""
    chance = random.Random(20)
    settings = {"timeout": "2", "ticket_lag_seconds": "0.2", "paced": "false"}
    with real_world(tmp_path, migrated, orders=60, shop_url=mariadb_database, **settings) as world:
        orders: list[int] = []
        for _ in range(6):
            orders += [world.ship() for _ in range(10)]
            run = world.deployment.start("sync", "--wait", "20")
            until(_worked(world, run, chance.randint(1, 5)), "the run's requests")
            run.kill()
            world.deployment.finish(run)
        world.deployment.run("sync", "--wait", "30")
        assert all(world.accepted(order) == [("ship", f"T-{order}")] for order in orders)
        assert world.deployment.json("tasks") == []


def _worked(world: RealWorld, run: subprocess.Popen[str], requests: int) -> Callable[[], bool]:
    """The run has made so many requests, or came to its end."""
    enough = len(world.sandbox.ledger.requests) + requests
    return lambda: len(world.sandbox.ledger.requests) >= enough or run.poll() is not None
