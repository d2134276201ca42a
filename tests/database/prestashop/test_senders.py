"""Who else tells Shopping Feed of the shop's orders (R23)."""

from __future__ import annotations

import pytest
from django.core import mail
from sqlalchemy import delete, text, update

from sfsync.domain.trouble import Trouble
from sfsync.engine.watch.doctor import examine
from sfsync.models import Store
from sfsync.shops.base import Weight
from sfsync.shops.prestashop.sample import SampleShop
from sfsync.shops.prestashop.shop import PrestaShop
from sfsync.shops.prestashop.tables import COLUMNS
from sfsync.testing import SHIPPED, World
from tests.database.prestashop.conftest import Account, Connect

SHIPPED_SET, CANCELED_SET = "SHOPPING_FLUX_STATUS_SHIPPED", "SHOPPING_FLUX_STATUS_CANCELED"
SYNC = "SHOPPINGFEED_ORDER_SYNC_ENABLED"


def codes(shop: PrestaShop) -> list[str]:
    return [each.code for each in shop.in_the_way()]


def test_a_shop_whose_modules_send_nothing_is_in_nobodys_way(shop: PrestaShop) -> None:
    """The newer module that lists the orders is installed, and active."""
    assert codes(shop) == []


@pytest.mark.parametrize("hook", ["postUpdateOrderStatus", "actionOrderStatusPostUpdate"])
def test_the_old_module_is_seen_under_both_names_of_its_hook(sample: SampleShop, shop: PrestaShop, hook: str) -> None:
    sample.install_old_module(hook=hook)
    [note] = shop.in_the_way()
    assert (note.weight, note.code) == (Weight.BLOCKS, "old-module-sends")
    assert note.evidence == f"shoppingfluxexport: shipped, cancelled ({hook})"


def test_either_of_its_settings_is_enough_and_none_is_nothing(sample: SampleShop, shop: PrestaShop) -> None:
    sample.install_old_module()
    sample.set_setting(SHIPPED_SET, "")
    assert [each.evidence for each in shop.in_the_way()] == ["shoppingfluxexport: cancelled (postUpdateOrderStatus)"]
    sample.set_setting(CANCELED_SET, None)
    assert codes(shop) == []


def test_a_setting_of_the_shop_counts_before_that_of_its_group_and_of_all(sample: SampleShop, shop: PrestaShop) -> None:
    sample.install_old_module()
    sample.set_setting(CANCELED_SET, "")
    sample.set_setting(SHIPPED_SET, "", group_id=1)
    assert codes(shop) == []
    sample.set_setting(SHIPPED_SET, "checked", shop_id=1, group_id=1)
    assert codes(shop) == ["old-module-sends"]


@pytest.mark.parametrize("table", ["hook_module", "module_shop"])
def test_an_old_module_without_its_hook_or_disabled_for_the_shop_sends_nothing(
    sample: SampleShop, shop: PrestaShop, table: str
) -> None:
    """Disabling leaves the hooks; unhooking leaves the module active."""
    sample.install_old_module()
    rows = sample.tables[table]
    sample.execute(delete(rows).where(rows.c.id_module == 34))
    assert codes(shop) == []


def test_an_old_module_that_serves_another_shop_of_the_database_is_not_in_the_way(
    sample: SampleShop, connect: Connect
) -> None:
    sample.install_old_module(shop_id=2)
    assert codes(connect(sample.url)) == []


def test_a_module_that_was_reset_is_known_by_its_name(sample: SampleShop, shop: PrestaShop) -> None:
    """*Reset* gives it another number, all its hooks and its settings back."""
    sample.install_old_module()
    for name in ("module", "module_shop", "hook_module"):
        rows = sample.tables[name]
        sample.execute(update(rows).where(rows.c.id_module == 34).values(id_module=77))
    assert codes(shop) == ["old-module-sends"]


def test_the_newer_module_is_in_the_way_while_it_synchronizes_orders(sample: SampleShop, shop: PrestaShop) -> None:
    sample.set_setting(SYNC, "1")
    assert codes(shop) == ["newer-module-sends"]
    sample.set_setting(SYNC, "0", shop_id=1)
    assert codes(shop) == []


def test_who_does_not_mind_is_not_told(sample: SampleShop, connect: Connect) -> None:
    sample.install_old_module()
    assert codes(connect(sample.url, ignore_senders=True)) == []


def test_looking_is_one_statement(sample: SampleShop, shop: PrestaShop, statements: list[str]) -> None:
    sample.install_old_module()
    statements.clear()
    shop.in_the_way()
    assert len(statements) == 1


def test_an_account_of_before_goes_on_with_a_warning_and_what_to_grant(
    mariadb_sample: SampleShop, account: Account, connect: Connect
) -> None:
    """It was granted the tables that a store needs, and none of the modules'."""
    shop = connect(account(*(f"ps_{table}" for table in COLUMNS)))
    [note] = shop.in_the_way()
    assert (note.weight, note.code) == (Weight.WARNING, "senders-unseen")
    assert note.evidence.count("GRANT SELECT ON") == 4
    assert "`ps_hook_module`" in note.evidence
    mariadb_sample.set_tracking(6, "6A1")
    assert shop.reader.look(["6"])["6"].tracking_number == "6A1"
    connections = shop.database.rows(text("SHOW SESSION STATUS LIKE 'Questions'"))
    assert int(connections[0][1]) > 3, "a refusal does not cost a connection"


pages = pytest.mark.django_db


@pages
def test_a_store_stands_aside_and_says_so_once(world: World) -> None:
    """R20, R23: nothing is followed or sent; the store's row, the doctor and one mail say who is in the way."""
    order = world.ship(world.order(), "T-1")
    world.shop.install_old_module()
    for _ in range(3):
        [stopped] = world.sync(wait=5).troubles
        world.advance(minutes=10)
    assert (stopped.trouble, stopped.detail[:18]) == (Trouble.ANOTHER_SENDER, "shoppingfluxexport")
    assert world.accepted(order) == []
    assert world.notices() == ["another-sender"]
    [told] = mail.outbox
    assert "shoppingfluxexport" in str(told.body)
    assert Store.objects.get().state.trouble == "another-sender"
    found = [each for each in examine(world.connections) if each.code == "another-sender"]
    assert [each.verdict for each in found] == ["wrong"]
    assert "shoppingfluxexport" in found[0].text


@pages
def test_what_the_other_one_told_is_not_told_again_when_it_is_switched_off(world: World) -> None:
    """R11, R23."""
    first = world.ship(world.order(), "T-0")
    world.sync(wait=5)
    theirs, ours = world.order(), world.order()
    world.shop.install_old_module()
    world.ship(theirs, "T-1")
    world.sync(wait=5)
    told = world.shop.order(theirs)
    world.sandbox.add_order(
        world.feed_id(theirs), reference=told.marketplace_reference, channel=told.channel, status="shipped",
        created_at=world.now().isoformat(),
    )  # fmt: skip
    for name in (SHIPPED_SET, CANCELED_SET):
        world.shop.set_setting(name, "")
    world.ship(ours, "T-2")
    assert world.sync(wait=5).troubles == []
    assert [world.accepted(each) for each in (first, theirs, ours)] == [[("ship", "T-0")], [], [("ship", "T-2")]]
    assert Store.objects.get().state.trouble == ""


@pages
def test_a_store_that_does_not_mind_sends(make_world) -> None:  # type: ignore[no-untyped-def]
    """R23: `old_module = "ignore"`."""
    world = make_world(shop_settings={"old_module": "ignore"})
    world.shop.install_old_module()
    order = world.order()
    world.shop.set_tracking(order, "T-1")
    world.shop.set_status(order, SHIPPED)
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-1")]
