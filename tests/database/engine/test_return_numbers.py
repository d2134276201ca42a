"""A return number out of a column of the shop, and the wait for it where the marketplace wants one: R27."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from sqlalchemy import text

from sfsync.models import Task
from sfsync.testing import World

MakeWorld = Callable[..., World]
COLUMN = {"shop_settings": {"return_column": "order_carrier.return_label"}}


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A shop whose module has given parcels a column of its own."""
    made = make_world(**COLUMN)
    made.shop.execute(text("ALTER TABLE ps_order_carrier ADD COLUMN return_label VARCHAR(64)"))
    return made


def shipped(world: World, channel: str, label: str = "") -> int:
    world.sync()
    [order] = world.shop.add_orders(1, channel=channel, first_feed_id=2_000_000_000_000)
    world.ship(order, "6A1")
    give(world, order, label)
    world.sync(wait=10)
    return order


def give(world: World, order: int, label: str) -> None:
    world.shop.execute(text(f"UPDATE ps_order_carrier SET return_label = '{label}' WHERE id_order = {order}"))


def item(world: World, order: int) -> dict[str, Any]:
    [accepted] = world.sandbox.ledger.operations(world.feed_id(order))
    return dict(accepted.item)


@pytest.mark.parametrize("channel", ["Zalando", "zalandolingeriestory", "OTTO"])
def test_it_goes_out_where_the_marketplace_wants_it(world: World, channel: str) -> None:
    """R27: with the carrier of the shipment."""
    sent = item(world, shipped(world, channel, " R-77 "))
    assert sent["returnInfo"] == {"carrier": sent["carrier"], "trackingNumber": "R-77"}


def test_no_other_marketplace_gets_it(world: World) -> None:
    """R27."""
    assert "returnInfo" not in item(world, shipped(world, "Cdiscount", "R-77"))


def test_without_one_the_order_waits_and_says_so(world: World) -> None:
    """R27: like one without a tracking number; it goes out within the hour in which the number comes."""
    order = shipped(world, "Zalando")
    assert world.accepted(order) == []
    assert world.story(order)[-1] == "waiting-return"
    assert world.notices(order) == []
    world.advance(minutes=6)
    world.sync(wait=5)
    world.advance(minutes=61)
    world.sync(wait=5)
    assert world.notices(order) == ["no-return-number"]
    give(world, order, "R-77")
    world.advance(minutes=61)
    world.sync(wait=10)
    assert item(world, order)["returnInfo"]["trackingNumber"] == "R-77"
    assert not Task.objects.exists()


def test_a_marketplace_that_wants_none_waits_for_none(world: World) -> None:
    """R27."""
    assert world.accepted(shipped(world, "Cdiscount")) == [("ship", "6A1")]


def test_a_shop_without_such_a_column_waits_for_none(make_world: MakeWorld) -> None:
    """R27: nothing would ever come."""
    world = make_world()
    world.sync()
    [order] = world.shop.add_orders(1, channel="Zalando", first_feed_id=2_000_000_000_000)
    world.ship(order, "6A1")
    world.sync(wait=10)
    assert world.accepted(order) == [("ship", "6A1")]


@pytest.mark.parametrize("column", ["return_label", "ps_orders.x", "orders.x; DROP TABLE x", "customer.email"])
def test_what_is_no_column_is_refused_with_a_sentence(make_world: MakeWorld, column: str) -> None:
    with pytest.raises(ValidationError, match="A column is written"):
        make_world(shop_settings={"return_column": column})
