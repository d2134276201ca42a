"""What was seen to go wrong on running shops, told as it happened there."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from sfsync.models import LogEntry
from sfsync.testing import CANCELED, World
from tests.database.engine.odd import relist, sent

pytestmark = pytest.mark.django_db


def write_into_first_row(world: World, order: int, number: str) -> None:
    """PrestaShop 8 and 9 write a corrected number into the order's first parcel, whichever was edited."""
    parcels = world.shop.tables["order_carrier"]
    [(first,)] = world.shop.rows(select(func.min(parcels.c.id_order_carrier)).where(parcels.c.id_order == order))
    world.shop.execute(update(parcels).where(parcels.c.id_order_carrier == first).values(tracking_number=number))


def test_a_number_that_was_told_is_not_told_again_when_a_later_one_is_emptied(world: World) -> None:
    """R11: P1, then P2 in a second parcel, then P2 emptied."""
    order = world.ship(world.order(), "P-1")
    world.sync(wait=5)
    world.shop.add_parcel(order, "P-2")
    world.sync(wait=5)
    world.shop.set_tracking(order, "")
    world.sync(wait=5)
    world.advance(minutes=10)
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "P-1"), ("ship", "P-2")]


def test_a_split_order_of_which_one_part_is_cancelled_is_shipped_and_not_cancelled(world: World) -> None:
    """R38: two orders of the shop with one id at Shopping Feed."""
    shipped, cancelled = world.order(), world.order()
    told = world.shop.order(shipped)
    relist(
        world,
        cancelled,
        id_internal_shoppingfeed=str(told.feed_id),
        id_order_marketplace=told.marketplace_reference,
        name_marketplace=told.channel,
    )
    world.sync()
    world.shop.set_status(cancelled, CANCELED)
    world.ship(shipped, "P-1")
    world.sync(wait=5)
    world.advance(minutes=10)
    world.sync(wait=5)
    assert world.accepted(shipped) == [("ship", "P-1")]


def test_what_the_shop_corrects_of_an_order_later_is_followed_and_said(world: World) -> None:
    """R39: its id at Shopping Feed, while nothing else of it changes."""
    order = world.order()
    told = world.shop.order(order)
    world.sync()
    world.sandbox.add_order(555_000_009, reference=told.marketplace_reference, channel=told.channel)
    relist(world, order, id_internal_shoppingfeed="555000009")
    world.sync()
    assert world.row(order).marketplace_order.feed_id == 555_000_009
    assert LogEntry.objects.filter(code="order-corrected").exists()
    world.ship(order, "P-1")
    world.sync(wait=5)
    assert sent(world, 555_000_009) == [("ship", "P-1")]


def test_a_number_that_is_corrected_in_the_first_row_is_told(world: World) -> None:
    """R2: two parcels, of which the newest row keeps what it had."""
    order = world.order()
    world.shop.set_tracking(order, "P-1")
    world.shop.add_parcel(order, "P-2")
    world.ship(order)
    world.sync(wait=5)
    first = world.accepted(order)
    assert len(first) == 1, "the other number stood there when the order was told: it is no news"
    write_into_first_row(world, order, "P-3")
    world.sync(wait=5)
    world.advance(minutes=10)
    world.sync(wait=5)
    assert world.accepted(order) == [*first, ("ship", "P-3")]
