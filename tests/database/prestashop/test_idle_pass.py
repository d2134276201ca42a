"""What a pass costs the shop's server when nothing has happened, as the server counts it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from sqlalchemy import text

from sfsync.shops.prestashop.sample_shipments import ShipmentShop, upgrade
from sfsync.testing import World

pytestmark = pytest.mark.django_db


def questions(world: World) -> int:
    """Those of the connection that is open, this one among them."""
    shop = world.connections.shop(world.store)
    [(_name, value)] = shop.database.rows(text("SHOW SESSION STATUS LIKE 'Questions'"))
    return int(value)


@pytest.fixture(params=["8.2", "9.1"])
def idle(request, tmp_path, mariadb_database: str) -> World:  # type: ignore[no-untyped-def]
    """Of 9.1 with shipments."""
    world = World(tmp_path, database=mariadb_database)
    if request.param == "9.1":
        world.shop = shop = upgrade(world.shop)
        shop.ship_apart(shop.order_ids())
    world.ship(world.order(), "T-1")
    world.sync(wait=10)
    world.sync()
    return world


def test_an_idle_pass_is_at_most_eight_statements_with_all_that_it_takes_to_connect(idle: World) -> None:
    """Also in the minute in which orders of the old module are asked for."""
    idle.connections.close()
    idle.advance(hours=2)
    idle.sync()
    idle.advance(minutes=2)
    idle.connections.close()
    idle.sync()
    assert questions(idle) <= 8 + 1


def test_an_idle_pass_over_an_open_connection_asks_only_what_may_have_changed(idle: World) -> None:
    before = questions(idle)
    with CaptureQueriesContext(connection) as ours:
        idle.sync()
    assert questions(idle) - before <= (5 if isinstance(idle.shop, ShipmentShop) else 4) + 1
    assert len(ours) <= 4 + len([each for each in ours if each["sql"].startswith(("SAVEPOINT", "RELEASE"))])
