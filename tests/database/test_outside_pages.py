"""Where people see an order elsewhere: at Shopping Feed, and in the shop's back office."""

from __future__ import annotations

import pytest
from django.utils import translation

from sfsync.models import MarketplaceOrder, Order, Store
from sfsync.outside_pages import matching_page, order_at_feed, order_in_shop
from sfsync.shops.prestashop.settings import admin_address
from sfsync.shops.setting import Mistake

REAL = "https://api.shopping-feed.com"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_order_is_linked_in_the_readers_language(language: str) -> None:
    store, order = Store(feed_store_id=10, api_url=REAL), MarketplaceOrder(feed_id=1078495000000)
    with translation.override(language):
        page = order_at_feed(store, order)
    assert page == f"https://app.shopping-feed.com/v3/{language}/orders/detail/1078495000000?store=10"


def test_the_matching_of_carriers_is_linked_at_the_real_api_only() -> None:
    """R26."""
    with translation.override("fr"):
        assert matching_page(Store(api_url=REAL)) == "https://app.shopping-feed.com/v3/fr"
    assert matching_page(Store(api_url="http://127.0.0.1:8800")) == ""


def test_what_is_not_there_is_not_linked() -> None:
    order = MarketplaceOrder(feed_id=7)
    assert order_at_feed(Store(feed_store_id=10, api_url="http://127.0.0.1:8800"), order) == ""
    assert order_at_feed(Store(feed_store_id=10, api_url=REAL), MarketplaceOrder()) == ""


def test_an_order_is_linked_in_the_shops_back_office() -> None:
    for address in ("https://shop.example/admin1", "https://shop.example/admin1/index.php"):
        store, page = Store(shop_settings={"admin_url": address}), "https://shop.example/admin1/index.php?controller="
        assert order_in_shop(store, Order(key="34")) == f"{page}AdminOrders&id_order=34&vieworder"


def test_a_shop_without_an_address_or_of_an_unknown_kind_has_no_page() -> None:
    assert order_in_shop(Store(), Order(key="34")) == ""
    assert order_in_shop(Store(shop_kind="no such kind"), Order(key="34")) == ""


@pytest.mark.parametrize(
    "address",
    ["shop.example/admin", "ftp://shop.example", "https://shop.example/admin?x=1", "https://u:p@shop.example"],
)
def test_what_is_no_address_of_a_back_office_is_refused(address: str) -> None:
    with pytest.raises(Mistake, match="looks like https"):
        admin_address(address)
