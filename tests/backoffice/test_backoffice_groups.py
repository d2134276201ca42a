"""Several shop orders of one marketplace order, as a merchant sees them (R38), and one that the shop replaced (R39)."""

from __future__ import annotations

from django.test import Client

from sfsync import texts
from sfsync.testing import CANCELED, World
from tests.database.engine.odd import relist
from tests.pages import text


def one_order_twice(shop: World) -> tuple[int, int]:
    first, second = shop.order(), shop.order()
    told = shop.shop.order(first)
    relist(shop, second, id_internal_shoppingfeed=str(told.feed_id), id_order_marketplace=told.marketplace_reference)
    shop.sync()
    return first, second


def test_an_orders_page_names_the_other_shop_orders(shop: World, merchant: Client) -> None:
    """R38: and the preview goes by all of them."""
    first, second = one_order_twice(shop)
    shop.shop.set_status(first, CANCELED)
    shop.ship(second, "T-1")
    for order, other in ((first, second), (second, first)):
        page = text(merchant.get(f"/stores/main/orders/{order}/"))
        link = f'<a href="/stores/main/orders/{other}/">{other}</a>'
        assert f"Other shop orders of this marketplace order: {link}" in page
    shop.sync(wait=5)
    said = texts.sentence("part-called-off", {"shop_order": second, "others": first})
    assert said in text(merchant.get(f"/stores/main/orders/{first}/"))


def test_the_pages_stand_a_marketplace_order_that_no_shop_order_is_any_more(shop: World, merchant: Client) -> None:
    """R39: the log tells of it, and there is no page to link to."""
    order = shop.ship(shop.order(), "T-1")
    shop.sync(wait=5)
    relist(shop, order, id_internal_shoppingfeed="555000009", id_order_marketplace="NEW-1")
    shop.ship(order, "T-2")
    shop.sync(wait=5)
    shop.sync(wait=5)
    assert shop.notices() == ["told-unclaimed"]
    for page in ("log/", "", "orders/", f"orders/{order}/", "log/export/"):
        answer = merchant.get(f"/stores/main/{page}")
        assert answer.status_code == 200, page
    assert "is another marketplace order now" in text(merchant.get(f"/stores/main/orders/{order}/"))
    assert "No order in the shop is this marketplace order any more" in text(merchant.get("/stores/main/log/"))
