"""The page of carriers: what goes out for each, and how it fared (R26, R27)."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from sfsync.models import SettingChange
from sfsync.testing import World
from shoppingfeed.sandbox import Fault
from tests.pages import markup, text

PAGE = "/stores/main/settings/carriers/"


def test_the_shops_carriers_are_listed_beside_what_goes_out(shop: World, merchant: Client) -> None:
    """R26."""
    shop.sync()
    page = text(merchant.get(PAGE))
    assert "My carrier (2)" in page
    assert "All other marketplaces" in page


def test_a_merchant_says_what_goes_out(shop: World, merchant: Client) -> None:
    """R26: and the record of changes has it."""
    shop.sync()
    given = {"channel": "*", "name-2": "Colissimo", "link-2": "https://t.example/{number}"}
    assert "Saved." in text(merchant.post(PAGE, given, follow=True))
    shop.store.refresh_from_db()
    assert shop.store.carriers == {"*": {"2": {"name": "Colissimo", "link": "https://t.example/{number}"}}}
    assert SettingChange.objects.get(name="carriers").who == "claire"
    assert 'value="Colissimo"' in markup(merchant.get(PAGE))
    assert "No changes to save" in text(merchant.post(PAGE, given, follow=True))


def test_the_tables_of_other_marketplaces_stay(shop: World, merchant: Client) -> None:
    """R26."""
    shop.store.carriers = {"amazon": {"2": {"code": "DPD"}}}
    shop.store.save()
    merchant.post(PAGE, {"channel": "*", "name-2": "Colissimo"})
    shop.store.refresh_from_db()
    assert shop.store.carriers == {"amazon": {"2": {"code": "DPD"}}, "*": {"2": {"name": "Colissimo"}}}


def test_what_makes_no_sense_is_refused_with_a_sentence(shop: World, merchant: Client) -> None:
    """R26."""
    page = text(merchant.post(PAGE, {"channel": "*", "name-2": "x", "link-2": "https://t.example"}))
    assert "has no place for the number: {number}" in page
    shop.store.refresh_from_db()
    assert shop.store.carriers == {}


def test_it_shows_how_what_went_out_fared(shop: World, merchant: Client) -> None:
    """R26: and where a carrier that was never confirmed is matched."""
    order = shop.ship(shop.order(), "T-1")
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), times=None, message="Unknown carrier"))
    shop.sync(wait=5)
    channel = shop.row(order).marketplace_order.channel
    page = text(merchant.get(PAGE, {"channel": channel}))
    assert "confirmed: 0, failed: 1" in page
    assert "Settings › Carrier matching" in page


def test_it_speaks_french(shop: World, sign_in: Callable[..., Client]) -> None:
    assert "Transporteurs" in text(sign_in("chloé", shop.store, language="fr").get(PAGE))


def test_what_went_to_all_other_marketplaces_is_shown_by_marketplace(shop: World, merchant: Client) -> None:
    """R26: each pair of carrier and marketplace, without those that have a table of their own."""
    order = shop.ship(shop.order(), "T-1")
    [other] = shop.shop.add_orders(1, channel="leroymerlin", first_feed_id=2_000_000_000_000)
    shop.ship(other, "T-2")
    shop.sync(wait=5)
    page = markup(merchant.get(PAGE))
    assert "<bdi>Amazon.fr</bdi>" in page
    assert "<bdi>Leroy Merlin</bdi>" in page
    shop.store.carriers = {"amazon": {"2": {"code": "DPD"}}}
    shop.store.save()
    page = markup(merchant.get(PAGE))
    assert "<bdi>Amazon.fr</bdi>" not in page
    assert "<bdi>Leroy Merlin</bdi>" in page
    assert shop.told(order) == [("ship", "T-1")]


def test_a_marketplace_that_is_not_there_changes_no_other_table(shop: World, merchant: Client) -> None:
    """R26: what was meant for it is not saved for all the others."""
    shop.sync()
    page = text(merchant.post(PAGE, {"channel": "nosuchplace", "name-2": "Colissimo"}, follow=True))
    assert "Nothing was saved" in page
    shop.store.refresh_from_db()
    assert shop.store.carriers == {}


def test_a_name_that_is_damaged_in_the_shop_is_told(shop: World, merchant: Client) -> None:
    """R26: with what goes out in its place."""
    shop.shop.execute(shop.shop.tables["carrier"].update().values(name="Livraison Ã domicile"))
    page = text(merchant.get(PAGE))
    assert "“Livraison Ã domicile” is damaged in the shop. It is sent as “Livraison à domicile”" in page
