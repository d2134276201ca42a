"""Which marketplace order a shop order is, and what was told of whom (R38, R39)."""

from __future__ import annotations

from sfsync.models import MarketplaceOrder, Order
from sfsync.testing import PAID, World
from tests.database.engine.odd import forget_feed_id, know, relist, sent


def claim(world: World, order: int, feed_id: int, reference: str = "") -> None:
    """The shop says from now on that its order is this one."""
    names = {"id_order_marketplace": reference} if reference else {}
    relist(world, order, id_internal_shoppingfeed=str(feed_id), **names)


def same(world: World, order: int, copy: int) -> int:
    """The shop's `copy` is the same marketplace order: imported twice, or split. Returns its Shopping Feed id."""
    told = world.shop.order(order)
    relist(
        world,
        copy,
        id_internal_shoppingfeed=str(told.feed_id),
        id_order_marketplace=told.marketplace_reference,
        name_marketplace=told.channel,
    )
    return world.feed_id(order)


def test_two_shop_orders_of_one_id_hang_on_one_marketplace_order(world: World) -> None:
    """R39: found in one page, and found later."""
    first, second, third = world.order(), world.order(), world.order()
    same(world, first, second)
    world.sync()
    [later] = world.shop.add_orders(1, first_feed_id=world.feed_id(first))
    world.sync()
    sides = {world.row(order).marketplace_order_id for order in (first, second, later)}
    assert sides == {MarketplaceOrder.objects.get(feed_id=world.feed_id(first)).pk}
    assert world.row(third).marketplace_order_id not in sides
    assert world.story(first)[0] == "order-joined"


def test_shop_orders_without_an_id_are_one_by_reference_and_channel(world: World) -> None:
    """R39: in capitals or not; without a reference each is on its own."""
    orders = [world.order() for _ in range(4)]
    for order, reference, channel in zip(orders, ("A-1", "A-1", "", ""), ("Amazon", "amazon", "", ""), strict=True):
        relist(world, order, id_internal_shoppingfeed="0", id_order_marketplace=reference, name_marketplace=channel)
    world.sync()
    one, two, three, four = (world.row(order).marketplace_order_id for order in orders)
    assert one == two
    assert len({one, three, four}) == 3


def test_an_order_imported_again_is_not_told_again(world: World) -> None:
    """R39, R11: the shop's first order of it is gone."""
    order = world.ship(world.order(), "T-1")
    world.sync(wait=5)
    feed_id = world.feed_id(order)
    [again] = world.shop.add_orders(1, first_feed_id=feed_id)
    world.shop.execute(world.shop.tables["orders"].delete().where(world.shop.tables["orders"].c.id_order == order))
    world.ship(again, "T-1")
    world.sync(wait=5)
    assert sent(world, feed_id) == [("ship", "T-1")]
    assert world.row(again).marketplace_order_id == world.row(order).marketplace_order_id


def test_an_id_that_the_api_tells_may_be_one_that_we_know(world: World) -> None:
    """R13b, R39: the two are one from then on, with their log, and nothing is told twice."""
    first, second = world.order(), world.order()
    feed_id = same(world, first, second)
    know(world, first)
    forget_feed_id(world, second)
    world.ship(first, "T-1")
    world.sync(wait=5)
    assert Order.objects.filter(marketplace_order__feed_id=None).count() == 1
    world.shop.set_status(second, PAID)
    world.ship(second, "T-1")
    world.sync(wait=5)
    assert not MarketplaceOrder.objects.filter(feed_id=None).exists()
    assert world.row(second).marketplace_order_id == world.row(first).marketplace_order_id
    assert sent(world, feed_id) == [("ship", "T-1")]
    assert world.tasks(first) == []
    assert "order-joined" in world.story(first)
