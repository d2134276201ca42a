"""A marketplace that refuses everything, on the pages: R36."""

from __future__ import annotations

from django.test import Client

from sfsync.domain.channel_trouble import IN_A_ROW
from sfsync.models import ChannelTrouble
from sfsync.testing import World
from shoppingfeed.sandbox import Fault
from tests.pages import text

DOWN = "The marketplace is down"


def in_trouble(shop: World) -> int:
    """Returns an order that is held."""
    shop.sync()
    first, *others, late = shop.shop.add_orders(IN_A_ROW + 1, channel="Cdiscount", first_feed_id=2_000_000_000_000)
    for number, order in enumerate([first, *others]):
        shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), times=None, message=DOWN))
        shop.ship(order, f"T-{number}")
    shop.sync(wait=5)
    shop.ship(late, "T-late")
    shop.sync(wait=5)
    return late


def test_the_pages_say_that_it_is_held(shop: World, merchant: Client) -> None:
    """R36."""
    late = in_trouble(shop)
    for address in ("/stores/main/", "/stores/main/marketplaces/", f"/stores/main/orders/{late}/"):
        page = text(merchant.get(address))
        assert "Cdiscount has refused every update since" in page, address
        assert DOWN in page, address
    listed = text(merchant.get("/stores/main/orders/?state=held"))
    assert "Held back: Cdiscount refuses every update at present." in listed
    assert str(late) in listed


def test_a_merchant_sends_everything_at_once(shop: World, merchant: Client) -> None:
    """R36: what is held, and what was refused before."""
    in_trouble(shop)
    page = merchant.post("/stores/main/marketplaces/release/", {"channel": "Cdiscount"}, follow=True)
    assert f"{IN_A_ROW + 1} orders are being sent." in text(page)
    assert not ChannelTrouble.objects.exists()
    again = merchant.post("/stores/main/marketplaces/release/", {"channel": "Cdiscount"}, follow=True)
    assert "Nothing is held back for this marketplace." in text(again)


def test_nobody_releases_what_is_another_merchants(shop: World, client: Client) -> None:
    in_trouble(shop)
    assert client.post("/stores/main/marketplaces/release/", {"channel": "Cdiscount"}).status_code == 302
    assert ChannelTrouble.objects.held().exists()
