"""The order's page at Shopping Feed."""

from __future__ import annotations

import pytest
from django.utils import translation

from sfsync.feed_pages import order_at_feed
from sfsync.models import MarketplaceOrder, Store

REAL = "https://api.shopping-feed.com"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_order_is_linked_in_the_readers_language(language: str) -> None:
    store, order = Store(feed_store_id=10, api_url=REAL), MarketplaceOrder(feed_id=1078495000000)
    with translation.override(language):
        page = order_at_feed(store, order)
    assert page == f"https://app.shopping-feed.com/v3/{language}/orders/detail/1078495000000?store=10"


def test_what_is_not_there_is_not_linked() -> None:
    order = MarketplaceOrder(feed_id=7)
    assert order_at_feed(Store(feed_store_id=10, api_url="http://127.0.0.1:8800"), order) == ""
    assert order_at_feed(Store(feed_store_id=10, api_url=REAL), MarketplaceOrder()) == ""
