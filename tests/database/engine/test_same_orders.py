"""Which marketplace order a shop order is, and what was told of whom (R38, R39)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, text

from sfsync.engine.people.acts import give_up
from sfsync.models import MarketplaceOrder, Order, Store, Task
from sfsync.shops.prestashop.sources.table import OVERLAP
from sfsync.testing import CANCELED, DELIVERED, PAID, REFUNDED, SHIPPED, World
from shoppingfeed.sandbox import Fault
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
    relist(world, second, id_internal_shoppingfeed="0", name_marketplace="")
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


def test_a_number_that_comes_back_as_another_order_is_another_order(world: World) -> None:
    """R39: the shop was restored. What the old one was told stays the old one's, and the merchant hears of it."""
    order = world.ship(world.order(), "T-1")
    world.sync(wait=5)
    old, new = world.feed_id(order), 555_000_001
    claim(world, order, new, "NEW-1")
    world.ship(order, "T-2")
    world.sync(wait=5)
    world.sync(wait=5)
    assert sent(world, old) == [("ship", "T-1")]
    assert sent(world, new) == [("ship", "T-2")]
    assert world.row(order).marketplace_order.feed_id == new
    assert world.notices() == ["told-unclaimed"]
    assert "order-replaced" in world.story(order)


def test_a_corrected_id_is_where_the_next_update_goes(world: World) -> None:
    """R39: the reference is the same. What waits is decided anew, for the right order."""
    order = world.ship(world.order())
    world.sync()
    old, new = world.feed_id(order), 555_000_002
    claim(world, order, new)
    world.shop.set_tracking(order, "T-1")
    world.sync(wait=5)
    assert (sent(world, old), sent(world, new)) == ([], [("ship", "T-1")])
    assert "order-corrected" in world.story(order)
    assert world.notices() == []


def test_what_is_in_flight_stays_where_it_was_sent(world: World) -> None:
    """R39: its ticket is still followed, and told there."""
    order = world.ship(world.order(), "T-1")
    world.sync()
    old, new = world.feed_id(order), 555_000_003
    claim(world, order, new)
    world.shop.set_tracking(order, "T-2")
    world.advance(minutes=1)
    world.sync(wait=20)
    told = MarketplaceOrder.objects.get(feed_id=old).told.values_list("operation", "key")
    assert (list(told), world.told(order)) == ([("ship", "T-1")], [("ship", "T-2")])
    world.advance(minutes=1)
    world.sync(wait=20)
    assert world.notices() == ["told-unclaimed"]


def test_an_order_that_the_shop_lists_no_more_is_not_sent(world: World) -> None:
    """R39: its number may be a stranger's now. The merchant hears of it, a quarter of an hour later."""
    order = world.order()
    world.sync()
    unlist(world, order)
    world.ship(order, "T-1")
    world.sync(wait=5)
    assert [task.failure for task in world.tasks(order)] == [""]
    world.advance(minutes=15)
    world.sync(wait=5)
    assert world.sandbox.ledger.sends() == []
    assert [task.failure for task in world.tasks(order)] == ["unlisted"]


@pytest.mark.parametrize("deleted_first", [False, True])
def test_a_part_that_is_deleted_decides_for_the_others_no_longer(world: World, deleted_first: bool) -> None:
    """R38: the order was cancelled in one of them, and went on in the other."""
    called_off, going = world.order(), world.order()
    same(world, called_off, going)
    world.sync()
    orders = world.shop.tables["orders"]
    for deletes in (deleted_first, not deleted_first):
        assert world.accepted(called_off) == []
        if deletes:
            world.shop.execute(orders.delete().where(orders.c.id_order == going))
        else:
            world.shop.set_status(called_off, CANCELED)
        world.sync(wait=3)
        world.advance(minutes=2)
    world.sync(wait=10)
    assert world.accepted(called_off) == [("cancel", "")]
    assert world.notices() == []


def test_the_others_are_decided_as_they_are(world: World) -> None:
    """R38, R4: delivered when all that are left say so, and a number is waited for from then on."""
    delivered, going, shipped, gone = (world.order() for _ in range(4))
    same(world, delivered, going)
    same(world, shipped, gone)
    world.sync()
    world.ship(delivered, "T-1000001")
    world.sync(wait=5)
    world.shop.set_status(delivered, DELIVERED)
    world.sync(wait=5)
    orders = world.shop.tables["orders"]
    world.shop.execute(orders.delete().where(orders.c.id_order.in_([going, gone])))
    for _ in range(3):
        world.sync(wait=10)
        world.advance(minutes=2)
    assert world.accepted(delivered) == [("ship", "T-1000001"), ("deliver", "")]
    assert world.accepted(shipped) == []
    assert world.notices() == []


def test_an_order_that_is_deleted_and_is_the_only_one_wants_nothing(world: World) -> None:
    order = world.order()
    world.sync()
    orders = world.shop.tables["orders"]
    world.shop.execute(orders.delete().where(orders.c.id_order == order))
    world.sync()
    assert (world.tasks(order), world.notices()) == ([], [])


def unlist(world: World, *orders: int) -> list[dict[str, Any]]:
    """The shop does not say any more that these are a marketplace's. Returns the rows that said so."""
    listing = world.shop.tables["shoppingfeed_order"]
    mine = listing.c.id_order.in_(orders)
    rows = [each._asdict() for each in world.shop.rows(listing.select().where(mine))]
    world.shop.execute(listing.delete().where(mine))
    return rows


def test_a_list_that_is_away_for_minutes_fails_nothing(world: World) -> None:
    """R39: a table that an upgrade empties and fills again. A change meanwhile counts, and it is no tracking number
    that is waited for."""
    shipped, called_off, *_others = orders = [world.order() for _ in range(5)]
    world.sync()
    away = unlist(world, *orders)
    for number, each in enumerate(orders):
        world.ship(each, f"T-100000{number}")
    world.sync(wait=3)
    world.shop.set_status(called_off, CANCELED)
    for _ in range(2):
        world.advance(minutes=5)
        assert world.sync(wait=3).ok
    assert world.sandbox.ledger.sends() == []
    assert set(world.story(shipped)[1:]) == {"waiting-listing"}
    relisted(world, away)
    world.advance(minutes=5)
    world.sync(wait=10)
    assert world.accepted(called_off) == [("cancel", "")]
    assert [world.accepted(each)[0][0] for each in orders] == ["ship", "cancel", "ship", "ship", "ship"]
    assert [world.notices(each) for each in orders] == [[]] * 5
    assert not Order.objects.exclude(doubted_at=None).exists()


def relisted(world: World, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        world.shop.execute(world.shop.tables["shoppingfeed_order"].insert().values(row))


def test_what_failed_while_the_list_was_away_is_tried_again_once_it_is_back(world: World) -> None:
    """R39, R20: within the hour, each sent once and told once; what a person gave up stays so."""
    given_up, *others = orders = [world.order() for _ in range(5)]
    world.sync()
    away = unlist(world, *orders)
    for number, each in enumerate(orders):
        world.ship(each, f"T-100000{number}")
    for _ in range(8):
        assert world.sync(wait=3).ok
        world.advance(minutes=16)
    assert [[task.failure for task in world.tasks(each)] for each in orders] == [["unlisted"]] * 5
    assert give_up(Order.objects.filter(key=given_up), "claire") == 1
    relisted(world, away)
    for _ in range(5):
        assert world.sync(wait=10).ok
        world.advance(minutes=16)
    assert (world.accepted(given_up), world.sandbox.ledger.duplicates()) == ([], [])
    assert [world.accepted(each)[0][0] for each in others] == ["ship"] * 4
    assert [world.story(each).count("listed-again") for each in orders] == [0, 1, 1, 1, 1]
    assert [world.story(each).count("failed-unlisted") for each in orders] == [1] * 5
    assert [world.notices(each) for each in orders] == [["unlisted"]] * 5
    assert not Task.objects.living().exists()


def test_a_number_that_was_told_before_the_list_went_away_is_not_told_again(world: World) -> None:
    """R11, R39: nor does the mail of it go out that was not sent until then."""
    Store.objects.update(recipients=[])
    world.store.refresh_from_db()
    order = world.ship(world.order(), "T-1000001")
    world.sync(wait=10)
    away = unlist(world, order)
    world.shop.set_status(order, SHIPPED)
    for _ in range(3):
        world.sync(wait=3)
        world.advance(minutes=16)
    assert ([task.failure for task in world.tasks(order)], world.notices(order)) == (["unlisted"], ["unlisted"])
    relisted(world, away)
    world.advance(hours=1)
    world.sync(wait=10)
    assert (world.tasks(order), world.notices(order)) == ([], [])
    assert world.accepted(order) == [("ship", "T-1000001")]


def test_a_part_that_is_not_listed_for_a_while_is_not_overruled_by_the_others(world: World) -> None:
    """R38: the cancelled part alone would cancel an order that is shipped."""
    first, second = world.order(), world.order()
    same(world, first, second)
    world.sync()
    away = unlist(world, second)
    world.ship(second, "T-1000001")
    world.shop.set_status(first, CANCELED)
    world.sync(wait=3)
    assert world.accepted(first) == []
    world.shop.execute(world.shop.tables["shoppingfeed_order"].insert().values(away[0]))
    world.advance(minutes=5)
    world.sync(wait=10)
    assert world.accepted(first) == [("ship", "T-1000001")]


def test_what_a_marketplace_does_not_take_is_still_to_be_done_by_hand(world: World) -> None:
    """R9: nothing is known of an order that is not listed for a while."""
    order = world.order()
    relist(world, order, name_marketplace="amazon")
    world.shop.set_status(order, REFUNDED)
    world.sync(wait=5)
    unlist(world, order)
    world.shop.set_status(order, SHIPPED)
    world.sync(wait=5)
    assert world.story(order)[-1] == "waiting-listing"
    assert world.row(order).marketplace_order.by_hand == "refund"


def test_a_corrected_channel_is_what_the_decision_goes_by(world: World) -> None:
    """R39, R9: the id is the same, so it is the same order."""
    order = world.order()
    world.sync()
    relist(world, order, name_marketplace="amazon")
    world.shop.set_status(order, REFUNDED)
    world.sync(wait=5)
    assert world.row(order).marketplace_order.channel == "amazon"
    assert world.row(order).marketplace_order.by_hand == "refund"
    assert "order-renamed" in world.story(order)


def test_an_id_that_the_shop_learns_is_kept(world: World) -> None:
    order = world.order()
    feed_id = world.feed_id(order)
    forget_feed_id(world, order)
    world.sync()
    claim(world, order, feed_id)
    world.ship(order, "T-1")
    world.sync(wait=5)
    assert sent(world, feed_id) == [("ship", "T-1")]
    assert world.story(order)[:2] == ["feed-id-learnt", "seen-status"]


def test_two_parts_with_numbers_are_one_shipment(world: World) -> None:
    """R38: the first one that was told goes on speaking, for a corrected number too."""
    first, second = world.order(), world.order()
    feed_id = same(world, first, second)
    world.sync()
    world.ship(second, "T-2")
    world.sync(wait=5)
    world.ship(first, "T-1")
    world.sync(wait=5)
    assert sent(world, feed_id) == [("ship", "T-2")]
    world.shop.set_tracking(second, "T-3")
    world.sync(wait=5)
    assert sent(world, feed_id) == [("ship", "T-2"), ("ship", "T-3")]


def test_a_cancelled_part_beside_a_shipped_one_is_told_to_the_merchant_alone(world: World) -> None:
    """R38: once, with both numbers."""
    first, second = world.order(), world.order()
    feed_id = same(world, first, second)
    world.sync()
    world.shop.set_status(first, CANCELED)
    world.ship(second, "T-1")
    for _ in range(2):
        world.sync(wait=5)
    assert sent(world, feed_id) == [("ship", "T-1")]
    assert world.notices() == ["part-called-off"]
    world.ship(second, "T-2")
    world.sync(wait=5)
    assert world.notices() == ["part-called-off"]


def test_parts_that_are_all_cancelled_are_cancelled_once(world: World) -> None:
    """R38: not before the last one is, and one that is gone does not count."""
    first, second, third = world.order(), world.order(), world.order()
    feed_id = same(world, first, second)
    same(world, first, third)
    world.sync()
    world.shop.set_status(first, CANCELED)
    world.sync(wait=5)
    assert sent(world, feed_id) == []
    world.shop.execute(world.shop.tables["orders"].delete().where(world.shop.tables["orders"].c.id_order == third))
    world.shop.set_status(second, CANCELED)
    world.sync(wait=5)
    assert sent(world, feed_id) == []
    world.advance(minutes=1)
    world.sync(wait=5)
    assert sent(world, feed_id) == [("cancel", "")]


def leave_behind(world: World) -> None:
    """So many orders were imported since that those of before are not read with every sync any more."""
    cursor = world.store.cursors.get(name="table")
    cursor.position |= {"at": cursor.position["at"] + 2 * OVERLAP, "last": None, "overlap": 0}
    cursor.save()


@pytest.mark.parametrize("behind", [False, True])
def test_a_correction_of_an_order_that_has_ended_is_found_within_a_day(world: World, behind: bool) -> None:
    """R39: nobody looks at it any more, and the right order was told nothing. Of the orders that were imported last it
    is found at once."""
    order = world.order()
    world.shop.set_status(order, CANCELED)
    world.sync(wait=5)
    old, new = world.feed_id(order), 555_000_004
    assert sent(world, old) == [("cancel", "")]
    if behind:
        leave_behind(world)
    claim(world, order, new)
    world.sync(wait=5)
    assert sent(world, new) == ([] if behind else [("cancel", "")])
    world.advance(hours=25)
    world.sync(wait=5)
    assert sent(world, new) == [("cancel", "")]


def test_an_order_without_an_id_is_the_one_of_its_names(world: World) -> None:
    """R39: whether that was known before it or comes after it."""
    first, second, third, fourth = (world.order() for _ in range(4))
    same(world, first, second)
    same(world, third, fourth)
    forget_feed_id(world, second)
    forget_feed_id(world, third)
    world.sync()
    sides = [world.row(order).marketplace_order_id for order in (first, second, third, fourth)]
    assert sides[0] == sides[1]
    assert sides[2] == sides[3]
    assert not MarketplaceOrder.objects.filter(feed_id=None).exists()


def test_what_failed_for_the_wrong_order_is_not_tried_again(world: World) -> None:
    """R39, R16: it was refused there, and is told where it belongs."""
    order = world.order()
    old, new = world.feed_id(order), 555_000_006
    world.sandbox.fault(Fault("refuse", order_id=old, message="unknown here", times=None))
    world.ship(order, "T-1")
    world.sync(wait=20)
    assert [task.failure for task in world.tasks(order)] == ["ticket-failed"]
    claim(world, order, new)
    world.advance(hours=25)
    world.sync(wait=20)
    world.advance(hours=25)
    world.sync(wait=20)
    assert (sent(world, old), sent(world, new)) == ([("ship", "T-1")], [("ship", "T-1")])
    assert not Task.objects.exists()


def test_what_was_given_up_stays_given_up_when_the_order_turns_out_to_be_known(world: World) -> None:
    """R16, R39."""
    first, second = world.order(), world.order()
    feed_id = same(world, first, second)
    relist(world, second, id_internal_shoppingfeed="0", name_marketplace="")
    world.ship(second, "T-1")
    world.sync()
    assert world.notices(second) == ["no-feed-id"]
    give_up(Order.objects.filter(pk=world.row(second).pk), "claire")
    know(world, first)
    claim(world, second, feed_id)
    world.shop.set_status(second, PAID)
    world.sync(wait=5)
    assert world.row(second).marketplace_order_id == world.row(first).marketplace_order_id
    assert sent(world, feed_id) == []


def list_again(world: World, order: int, feed_id: int) -> None:
    """Another row of the module's list for the same order, newer than those that are there: of a module whose table
    allows it."""
    for statement in (
        "CREATE TABLE copied AS SELECT * FROM ps_shoppingfeed_order",
        "DROP TABLE ps_shoppingfeed_order",
        "ALTER TABLE copied RENAME TO ps_shoppingfeed_order",
    ):
        world.shop.execute(text(statement))
    table = world.shop.tables["shoppingfeed_order"]
    [row] = [each._asdict() for each in world.shop.rows(table.select().where(table.c.id_order == order))]
    [[newest]] = world.shop.rows(select(func.max(table.c.id_shoppingfeed_order)))
    row |= {"id_shoppingfeed_order": newest + 1, "id_internal_shoppingfeed": str(feed_id)}
    row |= {"id_order_marketplace": f"REF-{feed_id}"}
    world.shop.execute(table.insert().values(row))


def test_of_several_claims_of_one_order_the_newest_counts(world: World) -> None:
    """R39: found together, or one after the other; nothing goes to an id that is not claimed any more."""
    order = world.order()
    first = world.feed_id(order)
    list_again(world, order, 777_001)
    world.sync()
    assert world.row(order).marketplace_order.feed_id == 777_001
    world.ship(order, "T-1")
    world.sync(wait=5)
    assert (sent(world, first), sent(world, 777_001)) == ([], [("ship", "T-1")])


def test_a_later_claim_moves_an_order_that_is_known(world: World) -> None:
    """R39: the first claim is not kept for ever."""
    order = world.order()
    first = world.feed_id(order)
    world.sync()
    assert world.row(order).marketplace_order.feed_id == first
    list_again(world, order, 777_002)
    world.ship(order, "T-1")
    world.sync(wait=5)
    assert world.row(order).marketplace_order.feed_id == 777_002
    assert (sent(world, first), sent(world, 777_002)) == ([], [("ship", "T-1")])


def test_an_order_that_is_another_one_is_looked_at_as_never_seen(world: World) -> None:
    """R39: a restored shop gave its number to another order, whose history is shorter and whose state is the same: that
    is no older answer about the first one, and it is told."""
    order = world.ship(world.order(), "T-1")
    world.sync(wait=5)
    world.ship(world.order(), "T-2")  # so that the shop's history still ends as it was read
    world.sync(wait=5)
    version = world.row(order).seen_version
    history = world.shop.tables["order_history"]
    world.shop.execute(
        history.delete().where(history.c.id_order == order, history.c.id_order_history == version),
    )
    claim(world, order, 777_003, "REF-777003")
    for _ in range(8):
        assert world.sync(wait=5).ok
        world.advance(minutes=1)
    assert world.row(order).seen_version < version
    assert sent(world, 777_003) == [("ship", "T-1")]
