"""Where people see an order outside of sfsync: at Shopping Feed (API page, *Orders*), and in the shop's back office."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import get_language

from sfsync.models import MarketplaceOrder, Order, Store
from sfsync.shops.base import ShopMisconfigured

API_HOST = "api.shopping-feed.com"


def order_at_feed(store: Store, order: MarketplaceOrder) -> str:
    """Where a merchant sees an order there, and may send it again. Empty for an order without an id, or a sandbox's."""
    if not order.feed_id or urlsplit(store.api_url).hostname != API_HOST:
        return ""
    return f"{_app()}/orders/detail/{order.feed_id}?store={store.feed_store_id}"


def matching_page(store: Store) -> str:
    """Where *Settings › Carrier matching* is: the address of the page itself is not documented. Empty for a sandbox."""
    return _app() if urlsplit(store.api_url).hostname == API_HOST else ""


def _app() -> str:
    language = "fr" if (get_language() or "").startswith("fr") else "en"
    return f"https://app.shopping-feed.com/v3/{language}"


def order_in_shop(store: Store, order: Order) -> str:
    """Where a merchant sees an order in the shop's own back office. Empty where its address is not set."""
    try:
        kind = store.kind
    except ShopMisconfigured:
        return ""
    return kind.order_page(kind.complete(store.shop_settings), order.key)
