"""Which orders of the shop came from marketplaces (R24, R13b)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from sfsync.shops.base import PAGE, Listing
from sfsync.shops.prestashop.sample import SampleShop
from sfsync.shops.prestashop.shop import PrestaShop
from tests.database.prestashop.conftest import Connect

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def listed(shop: PrestaShop, after: int = 0, since: datetime = LONG_AGO) -> list[Listing]:
    return [listing for page in shop.table.pages(after, since=since) for listing in page]


def test_a_marketplace_order_is_known_by_what_the_module_wrote_r24(sample: SampleShop, shop: PrestaShop) -> None:
    first = listed(shop)[0]
    assert (first.row_id, first.key, first.feed_id) == (1, "6", 900006)
    assert (first.reference, first.channel) == ("MKT-6", "amazonfr")
    assert first.shop_reference == sample.order(6).reference
    assert timedelta(0) < datetime.now(UTC) - first.created_at < timedelta(hours=1)


def test_new_orders_come_after_the_cursor_in_pages(sample: SampleShop, shop: PrestaShop) -> None:
    last = listed(shop)[-1].row_id
    new = sample.add_orders(PAGE + 5, first_feed_id=1_078_495_000_000)
    pages = list(shop.table.pages(last, since=LONG_AGO))
    assert [len(page) for page in pages] == [PAGE, 5]
    assert [int(listing.key) for page in pages for listing in page] == new
    assert pages[1][-1].feed_id == 1_078_495_000_000 + PAGE + 4
    assert list(shop.table.pages(pages[1][-1].row_id, since=LONG_AGO)) == []


def test_a_full_page_at_the_end_is_followed_by_nothing(sample: SampleShop, shop: PrestaShop) -> None:
    last = listed(shop)[-1].row_id
    sample.add_orders(PAGE)
    assert [len(page) for page in shop.table.pages(last, since=LONG_AGO)] == [PAGE]


@pytest.mark.parametrize("written", [None, "", "0", "garbage"])
def test_an_order_without_a_usable_id_is_still_listed_r13b(
    sample: SampleShop, shop: PrestaShop, written: str | None
) -> None:
    table = sample.tables["shoppingfeed_order"]
    sample.execute(update(table).where(table.c.id_order == 6).values(id_internal_shoppingfeed=written))
    assert listed(shop)[0].feed_id is None


def test_null_texts_are_empty_ones(sample: SampleShop, shop: PrestaShop) -> None:
    sample.execute(update(sample.tables["shoppingfeed_order"]).values(id_order_marketplace=None))
    sample.execute(update(sample.tables["orders"]).values(reference=None))
    assert {(listing.reference, listing.shop_reference) for listing in listed(shop)} == {("", "")}


def test_only_orders_young_enough_count_in_the_shops_own_time(sample: SampleShop, shop: PrestaShop) -> None:
    edge = datetime(2026, 7, 1, 10, tzinfo=UTC)
    old, young = sample.add_orders(2, created_at=edge)
    orders = sample.tables["orders"]
    sample.execute(update(orders).where(orders.c.id_order == old).values(date_add="2026-07-01 11:59:59"))
    ids = [int(listing.key) for listing in listed(shop, since=edge)]
    assert young in ids
    assert old not in ids
    assert [listing.created_at for listing in listed(shop) if listing.key == str(young)] == [edge]


def test_a_zero_date_is_older_than_any_horizon_and_not_a_crash(sample: SampleShop, shop: PrestaShop) -> None:
    sample.execute(update(sample.tables["orders"]).values(date_add="0000-00-00 00:00:00"))
    assert listed(shop, since=LONG_AGO) == []
    everything = listed(shop, since=datetime.fromtimestamp(0, UTC))
    assert {listing.created_at for listing in everything} == {datetime.fromtimestamp(0, UTC)}
    assert len(everything) == 10


def test_a_shop_that_names_no_known_zone_is_read_as_utc(sample: SampleShop, shop: PrestaShop) -> None:
    settings = sample.tables["configuration"]
    sample.execute(update(settings).where(settings.c.name == "PS_TIMEZONE").values(value="Europe/Atlantis"))
    sample.execute(update(sample.tables["orders"]).values(date_add="2026-07-01 12:00:00"))
    assert listed(shop)[0].created_at == datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_the_age_does_not_matter_when_asked_by_order(sample: SampleShop, shop: PrestaShop) -> None:
    sample.execute(update(sample.tables["orders"]).values(date_add="1999-01-01 00:00:00"))
    assert sorted(listing.key for listing in shop.table.of({"6", "7", "999999"})) == ["6", "7"]
    assert shop.table.of([]) == []


def test_an_order_that_is_gone_is_not_listed(sample: SampleShop, shop: PrestaShop) -> None:
    orders = sample.tables["orders"]
    sample.execute(orders.delete().where(orders.c.id_order == 6))
    assert "6" not in {listing.key for listing in listed(shop)}
    assert shop.table.of(["6"]) == []


def give_to_another_store(sample: SampleShop, *, token_id: int, store_id: int) -> None:
    token: dict[str, object] = {
        "id_shoppingfeed_token": token_id,
        "shoppingfeed_store_id": store_id,
        "id_shop": 1,
        "id_lang": 1,
    }
    token |= {"id_currency": 1, "content": "", "active": 1, "merchant": "", "feed_key": ""}
    dates = {"date_add": sample.time(), "date_upd": sample.time()}
    sample.execute(insert(sample.tables["shoppingfeed_token"]).values({**token, **dates}))


def test_orders_of_another_account_at_shopping_feed_are_left_out(sample: SampleShop, connect: Connect) -> None:
    mine, theirs = sample.add_orders(1, token_id=2), sample.add_orders(1, token_id=3)
    unknown, unfilled = sample.add_orders(1, token_id=4), sample.add_orders(1, token_id=5)
    give_to_another_store(sample, token_id=2, store_id=10)
    give_to_another_store(sample, token_id=3, store_id=11)
    give_to_another_store(sample, token_id=5, store_id=0)
    new = [*mine, *theirs, *unknown, *unfilled]
    seen = {int(listing.key) for listing in listed(connect(sample.url, store_id=10))} & set(new)
    assert seen == {*mine, *unknown, *unfilled}
    assert {
        int(listing.key) for listing in connect(sample.url, store_id=10).table.of([str(each) for each in new])
    } == seen
    assert {int(listing.key) for listing in listed(connect(sample.url))} >= set(new)


def test_a_page_of_strangers_only_is_no_page(sample: SampleShop, connect: Connect) -> None:
    give_to_another_store(sample, token_id=1, store_id=11)
    assert list(connect(sample.url, store_id=10).table.pages(0, since=LONG_AGO)) == []


def test_an_old_module_knows_no_accounts(sample: SampleShop, connect: Connect) -> None:
    sample.tables["shoppingfeed_token"].drop(sample.engine)
    shop = connect(sample.url, store_id=10)
    assert len(listed(shop)) == len(listed(shop)) == 10


def test_another_shop_of_the_same_database_is_invisible(sample: SampleShop, connect: Connect) -> None:
    ours, theirs = sample.add_orders(2, shop_id=1), sample.add_orders(2, shop_id=2)
    second = connect(sample.url, shop_id=2)
    assert [int(listing.key) for listing in listed(second)] == theirs
    assert [int(each.key) for each in second.table.of([str(each) for each in [*ours, *theirs]])] == theirs


def test_any_prefix_will_do(shop_url: str, connect: Connect) -> None:
    from sfsync.shops.prestashop.sample import build

    for prefix in ("", "shop8_"):
        build(shop_url, prefix=prefix, limit=3).close()
        assert len(listed(connect(shop_url, prefix=prefix))) == 3


def test_an_idle_look_for_new_orders_is_one_statement(
    sample: SampleShop, connect: Connect, statements: list[str]
) -> None:
    shop = connect(sample.url, store_id=10)
    last = listed(shop)[-1].row_id
    statements.clear()
    assert listed(shop, after=last, since=datetime.now(UTC) - timedelta(days=90)) == []
    assert len(statements) == 1
