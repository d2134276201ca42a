"""Orders that shoppingfluxexport imported are recognised without importing them again (R24)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from sfsync.engine.watch.connection_tests import try_shop
from sfsync.engine.watch.health import health_of
from sfsync.models import Cursor, Order, Store
from sfsync.shops.base import ShopMisconfigured
from sfsync.shops.prestashop.sample import SampleShop
from sfsync.shops.prestashop.senders import RIGHTS
from sfsync.shops.prestashop.shop import PrestaShop
from sfsync.shops.prestashop.tables import COLUMNS
from sfsync.testing import SHIPPED, World
from tests.database.prestashop.conftest import Account, Connect

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Nothing:
    """What is known of a shop that was never followed."""

    now, since, meanings = datetime.now(UTC), LONG_AGO, {}

    def __getattr__(self, name: str) -> Any:
        raise AssertionError("nobody asks what is known")


def listed(shop: PrestaShop) -> dict[str, tuple[str, str]]:
    pages = shop.old_module.after(None, Nothing())
    return {each.key: (each.channel, each.reference) for page in pages for each in page.listings}


def test_its_orders_have_the_marketplace_as_payment_and_the_reference_in_a_message(
    sample: SampleShop, shop: PrestaShop
) -> None:
    sample.by_old_module(6)
    assert listed(shop) == {"6": ("amazonfr", "MKT-6")}
    [listing] = shop.listed(["6"])
    assert (listing.feed_id, listing.shop_reference) == (None, sample.order(6).reference)


@pytest.mark.parametrize(
    ("message", "reference"),
    [
        ("Numéro de commande Amazon :402-1234567-7654300", "402-1234567-7654300"),
        ("Numéro de commande Darty : 12345", "12345"),
        ("NumÃ©ro de commande Fnac :1A2B:3C", "1A2B:3C"),
        ("Merci de livrer après 18 h : merci", None),
        ("Statut mis à jour sur amazon : True", None),
        ("", None),
    ],
)
def test_the_reference_follows_the_first_colon(
    sample: SampleShop, shop: PrestaShop, message: str, reference: str | None
) -> None:
    sample.by_old_module(6, message)
    assert listed(shop) == ({"6": ("amazonfr", reference)} if reference else {})


def test_the_first_of_several_messages_counts(sample: SampleShop, shop: PrestaShop) -> None:
    sample.by_old_module(6)
    sample.add_message(6, "Numéro de commande Amazon :ANOTHER")
    sample.add_message(6, "Statut mis à jour sur amazon : True")
    assert listed(shop)["6"][1] == "MKT-6"


def test_an_order_whose_cart_was_split_has_the_message_of_its_twin(sample: SampleShop, shop: PrestaShop) -> None:
    """As the module does it: only the second one has it."""
    sample.by_old_module(6, "")
    sample.by_old_module(7)
    orders = sample.tables["orders"]
    sample.execute(update(orders).where(orders.c.id_order.in_([6, 7])).values(reference="SPLITCART"))
    assert {reference for _channel, reference in listed(shop).values()} == {"MKT-7"}
    assert listed(shop).keys() == {"6", "7"}


def test_what_the_newer_module_lists_is_left_to_it(sample: SampleShop, shop: PrestaShop) -> None:
    """It pays its orders with the same method."""
    orders = sample.tables["orders"]
    sample.execute(update(orders).values(module="sfpayment"))
    assert listed(shop) == {}
    assert [each.feed_id for each in shop.listed(["6"])] == [900006]


def test_the_right_to_the_messages_is_asked_for_by_column_and_only_where_there_are_such_orders(
    mariadb_sample: SampleShop, account: Account, connect: Connect
) -> None:
    shop = connect(account(*(f"ps_{table}" for table in [*COLUMNS, *RIGHTS])))
    assert listed(shop) == {}
    mariadb_sample.by_old_module(6)
    with pytest.raises(ShopMisconfigured, match=r"GRANT SELECT \(id_message, id_order, message, private\) ON"):
        listed(shop)


def test_a_shop_without_orders_of_it_is_asked_once_an_hour(
    sample: SampleShop, shop: PrestaShop, statements: list[str]
) -> None:
    known: Any = Nothing()
    [page] = shop.old_module.after(None, known)
    statements.clear()
    assert list(shop.old_module.after(page.cursor, known)) == []
    assert statements == []
    known.now += timedelta(hours=2)
    assert len(list(shop.old_module.after(page.cursor, known))) == 1


def test_the_probe_counts_both(sample: SampleShop, shop: PrestaShop) -> None:
    sample.by_old_module(6)
    assert shop.reader.probe().known_by == {"table": 9, "old_module": 1}


def without_the_newer_module(sample: SampleShop) -> None:
    with sample.engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {sample.prefix}shoppingfeed_order"))


def test_a_shop_that_never_had_the_newer_module_is_well(sample: SampleShop, connect: Connect) -> None:
    sample.by_old_module(6)
    without_the_newer_module(sample)
    assert connect(sample.url).reader.probe().known_by == {"table": None, "old_module": 1}
    assert connect(sample.url).reader.read(["6"])["6"].claim is None
    assert [each.reference for each in connect(sample.url).listed(["6"])] == ["MKT-6"]


def test_a_shop_with_neither_is_told_what_is_missing(sample: SampleShop, shop: PrestaShop) -> None:
    without_the_newer_module(sample)
    facts = shop.reader.probe()
    assert (facts.known_by, (facts.unlisted or "")[0]) == ({"table": None, "old_module": 0}, "module")


def test_the_newer_modules_orders_are_not_taken_for_its_own_when_their_list_is_gone(
    sample: SampleShop, connect: Connect
) -> None:
    """Both are paid in the same way; a message tells them apart, the one of an order's twin too."""
    orders = sample.tables["orders"]
    sample.execute(update(orders).values(module="sfpayment"))
    without_the_newer_module(sample)
    shop = connect(sample.url)
    for _ in range(2):
        facts = shop.reader.probe()
        assert (facts.known_by, (facts.unlisted or "")[0]) == ({"table": None, "old_module": 0}, "module")
        with pytest.raises(ShopMisconfigured, match="was not found"):
            list(shop.table.after(None, Nothing()))
        assert listed(shop) == {}
    sample.add_message(6, "Numéro de commande Amazon :402-1234567-7654300")
    sample.execute(update(orders).where(orders.c.id_order.in_([6, 7])).values(reference="SPLITCART"))
    assert connect(sample.url).reader.probe().known_by == {"table": None, "old_module": 2}


def test_they_are_counted_together_where_messages_may_not_be_read(
    mariadb_sample: SampleShop, account: Account, connect: Connect
) -> None:
    """The source says which right is missing; the shop is well as far as anybody can see."""
    shop = connect(account(*(f"ps_{table}" for table in [*COLUMNS, *RIGHTS])))
    mariadb_sample.by_old_module(6)
    assert shop.reader.probe().known_by == {"table": 9, "old_module": 1}


stories = pytest.mark.django_db


def known_there(world: World, order: int) -> int:
    """Shopping Feed has it under the names that the old module left. Returns its id there."""
    told, feed_id = world.shop.order(order), world.feed_id(order)
    world.sandbox.add_order(feed_id, reference=told.marketplace_reference, channel=told.channel)
    return feed_id


def accepted(world: World, feed_id: int) -> list[tuple[str, str]]:
    return [(each.operation, each.tracking_number) for each in world.sandbox.ledger.operations(feed_id)]


@stories
@pytest.mark.parametrize("alone", [False, True])
def test_an_order_of_the_old_module_is_shipped(world: World, alone: bool) -> None:
    """R13b, R24: its id at Shopping Feed comes from the API. `alone`: the newer module was never installed."""
    order = world.order()
    feed_id = known_there(world, order)
    world.shop.by_old_module(order)
    if alone:
        without_the_newer_module(world.shop)
    world.sync()
    world.shop.set_tracking(order, "T-1")
    world.shop.set_status(order, SHIPPED)
    result = world.sync(wait=10)
    assert (result.troubles, accepted(world, feed_id)) == ([], [("ship", "T-1")])
    assert world.row(order).marketplace_order.feed_id == feed_id


@stories
def test_an_order_whose_message_comes_a_moment_later_is_found(world: World) -> None:
    """R5: the module writes it after the order."""
    first, order = world.order(), world.order()
    world.shop.by_old_module(first)
    told = world.shop.order(order)
    world.shop.by_old_module(order, "")
    world.sync()
    assert set(Order.objects.filter(key__in=[str(first), str(order)]).values_list("key", flat=True)) == {str(first)}
    world.shop.add_message(order, f"Numéro de commande Amazon :{told.marketplace_reference}")
    world.advance(minutes=2)
    world.sync()
    assert Order.objects.filter(key=str(order)).exists()
    assert Cursor.objects.get(name="old_module").position["waits"] is False


@stories
def test_the_missing_right_is_shown_and_the_store_goes_on(world: World) -> None:
    """A source in trouble stops itself alone."""
    ours, theirs = world.ship(world.order(), "T-1"), world.order()
    world.shop.by_old_module(theirs)
    with world.shop.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {world.shop.prefix}message RENAME TO elsewhere"))
    result = world.sync(wait=10)
    assert (result.troubles, world.accepted(ours)) == ([], [("ship", "T-1")])
    cursor = Cursor.objects.get(name="old_module")
    assert (cursor.trouble, cursor.cause) == ("shop-misconfigured", "prefix")
    assert cursor.trouble_since
    [health] = health_of([Store.objects.get()], world.now())
    [alarm] = health.alarms
    assert alarm.code == "source-troubled"
    assert alarm.sentence.startswith("A part of the shop cannot be followed: orders of shoppingfluxexport.")
    with world.shop.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE elsewhere RENAME TO {world.shop.prefix}message"))
    world.advance(minutes=2)
    world.sync()
    assert health_of([Store.objects.get()], world.now())[0].alarms == []


@stories
def test_the_doctor_says_how_many_orders_each_knows(world: World) -> None:
    world.shop.by_old_module(world.order())
    found = try_shop(world.store, world.connections).text
    assert found.endswith(
        "20 marketplace orders (orders that the Shopping Feed module lists: 19; orders of shoppingfluxexport: 1; "
        "orders that Shopping Feed itself knows by their number in the shop: 0)."
    )


@stories
def test_a_message_that_goes_leaves_an_order_without_a_claim(world: World) -> None:
    """R39: an order that nothing names any more is not sent."""
    order = world.order()
    feed_id = known_there(world, order)
    world.shop.by_old_module(order)
    world.sync()
    world.shop.execute(delete(world.shop.tables["message"]))
    world.shop.set_tracking(order, "T-1")
    world.shop.set_status(order, SHIPPED)
    world.sync(wait=5)
    assert accepted(world, feed_id) == []
