"""What is there to be read or typed into has the room for it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from sfsync.models import MarketplaceOrder
from sfsync.testing import World

WIDTH = "(each) => each.getBoundingClientRect().width"
OVER = "(each) => each.scrollWidth - each.clientWidth"


def test_on_a_phone_the_search_of_filtered_orders_has_room(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    """A reference is typed into it; "Show everything" stands below."""
    shop.sync()
    page = open_page("fr", width=390)
    sign_in(page, "claire")
    page.goto("/stores/main/orders/?state=quiet")
    assert page.locator("[name=q]").evaluate(WIDTH) > 250


def test_the_french_table_of_marketplaces_fits(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    shop.ship(shop.order(), "TRK-1")
    shop.sync(wait=10)
    MarketplaceOrder.objects.filter(shop_orders__ordinal__gt=10).update(channel="leroymerlin")
    page = open_page("fr", width=1280)
    sign_in(page, "claire")
    page.goto("/stores/main/marketplaces/")
    assert page.locator(".scroll").first.evaluate(OVER) == 0
