"""Running code stands the tables of the next version: the same as now, with more columns and more tables."""

from __future__ import annotations

from django.apps import apps
from django.db import connection

from sfsync.testing import World


def widen() -> None:
    """What a migration may do while workers run (docs/operations.md, Upgrade without a stop)."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the test is one transaction
        for model in apps.get_app_config("sfsync").get_models(include_auto_created=True):
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN later text NULL")
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN later_number integer NOT NULL DEFAULT 7")
        cursor.execute("CREATE TABLE sfsync_later (id integer PRIMARY KEY)")


def test_what_is_on_its_way_arrives_while_the_tables_are_migrated(world: World) -> None:
    """R13: one update in flight, one waiting for its number, one that comes later, each told once."""
    flying, waiting = world.ship(world.order(), "T-1"), world.ship(world.order())
    world.sync()
    widen()
    world.shop.set_tracking(waiting, "T-2")
    late = world.ship(world.order(), "T-3")
    world.advance(minutes=6)
    world.sync(wait=30)
    for order, number in ((flying, "T-1"), (waiting, "T-2"), (late, "T-3")):
        assert world.accepted(order) == [("ship", number)]
        assert world.told(order) == [("ship", number)]
