"""A dry run shows what the next run sends, and leaves nothing: at Shopping Feed, in our tables, in a mailbox."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.core import mail

from sfsync.engine.dry_run import dry_run
from sfsync.engine.kit.lease import Busy, take
from sfsync.testing import CANCELED, World
from shoppingfeed.sandbox import Fault


def rows() -> dict[str, list[object]]:
    return {each._meta.label: list(each._base_manager.order_by("pk").values()) for each in apps.get_models()}


def test_it_shows_what_the_next_run_sends_and_leaves_nothing(world: World) -> None:
    """R6, R12: on a first run, and on one that finds more in the shop."""
    number, another, bare = world.ship(world.order(), "TRK-1"), world.order(), world.ship(world.order())
    before = rows()

    first = dry_run(world.store, world.connections, world.now)

    assert rows() == before
    assert mail.outbox == []
    assert [(each.operation, each.order_id) for each in first.unsent] == [("ship", world.feed_id(number))]
    assert (first.unsent[0].payload["trackingNumber"], first.unsent[0].channel) == (
        "TRK-1",
        world.shop.order(number).channel,
    )
    assert world.sandbox.ledger.operations(world.feed_id(number)) == []

    world.sync()
    world.shop.set_status(another, CANCELED)
    second = dry_run(world.store, world.connections, world.now)
    assert [(each.operation, each.order_id) for each in second.unsent] == [("cancel", world.feed_id(another))]
    world.sync()
    assert [each for each, _number in world.accepted(number)] == ["ship"]
    assert [each for each, _number in world.accepted(another)] == ["cancel"]
    assert world.accepted(bare) == []


def test_it_names_what_stops_the_store(world: World) -> None:
    world.ship(world.order(), "T-2")
    world.sandbox.fault(Fault("wrong-token", times=6))

    rehearsed = dry_run(world.store, world.connections, world.now)

    assert [stopped.trouble for stopped in rehearsed.troubles] == ["token-refused"]
    assert (rehearsed.unsent, world.notices()) == ([], [])


def test_it_waits_for_nobody_who_holds_the_store(world: World) -> None:
    take(world.store, world.now, timedelta(minutes=3))

    with pytest.raises(Busy, match="process"):
        dry_run(world.store, world.connections, world.now)
