"""A shop connected by its address and a key of its web service: what the page asks, tries, and keeps at home."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from sfsync.db.secrets import Secret
from sfsync.engine.people.change_settings import change_settings
from sfsync.models import Store
from sfsync.shops.prestashop.sample_webservice.serving import served
from sfsync.shops.prestashop.sample_webservice.standin import KEY, Standin
from sfsync.testing import World
from sfsync_server.stores_file import StoresFileError, apply
from tests.backoffice.test_backoffice_connection import CONNECTION, TEST, given, relied_on, saved
from tests.pages import markup as text

ANOTHER = "B" * 32


@pytest.fixture
def address(shop: World) -> Iterator[str]:
    with served(Standin(shop.shop)) as url:
        yield url


def typed(shop: World, url: str, key: str = KEY, **changes: object) -> dict[str, object]:
    way = {"shop.connection": "webservice", "shop.url": url, "shop.key": key, "shop.questions_per_hour": 1200}
    return given(shop) | way | changes


def test_the_page_asks_only_what_each_way_of_connecting_needs(shop: World, administrator: Client) -> None:
    page = text(administrator.get(CONNECTION))
    ways = re.findall(r'<div class="only">(.*?)</div>\s*(?=<input|</fieldset)', page, re.DOTALL)
    asked = [re.findall(r'name="(shop\.\w+)"', each) for each in ways]
    assert asked == [["shop.prefix", "shop.return_column"], ["shop.key", "shop.questions_per_hour"]]
    assert page.count('name="shop.url"') == 1


def test_a_shop_is_connected_by_its_address_and_a_key(shop: World, administrator: Client, address: str) -> None:
    page = text(administrator.post(CONNECTION, typed(shop, address), follow=True))
    assert "Saved. The shop answers: PrestaShop 8.2.4" in page
    store = saved()
    assert (store.shop_settings["connection"], store.shop_secrets["key"].reveal()) == ("webservice", KEY)
    assert KEY not in text(administrator.get(CONNECTION))


def test_a_key_that_is_refused_is_explained_by_what_to_click(shop: World, administrator: Client, address: str) -> None:
    page = text(administrator.post(TEST, typed(shop, address, ANOTHER)))
    assert "The shop&#x27;s web service refuses the key." in page
    assert "open Advanced parameters › Webservice" in page
    assert ANOTHER not in page


@pytest.mark.parametrize(
    ("url", "key", "sentence"),
    [
        ("", KEY, "For its web service the shop&#x27;s address starts with https://"),
        ("mysql+pymysql://reader:password@host/shop", KEY, "For its web service the shop&#x27;s address starts with"),
        ("http://shop.example/", KEY, "over http the key could be read"),
        ("https://169.254.169.254/", KEY, "The shop is not at this address"),
        ("https://user:pw@shop.example/", KEY, "The shop&#x27;s address has no user"),
        ("https://shop.example/", "too-short", "A key of the web service has exactly 32 characters"),
        ("https://shop.example/", "", "Required."),
    ],
)
def test_what_cannot_be_right_is_said_at_its_field(
    url: str, key: str, sentence: str, shop: World, administrator: Client
) -> None:
    """An address that is kept is judged by the way that is chosen now."""
    page = text(administrator.post(CONNECTION, typed(shop, url, key)))
    assert sentence in page
    assert "connection" not in saved().shop_settings


def test_the_key_of_a_database_that_was_typed_is_not_looked_at(shop: World, administrator: Client) -> None:
    """Fields of the other way may hold anything."""
    kept = typed(shop, "", "x") | {"shop.connection": "database"}
    assert "Saved." in text(administrator.post(CONNECTION, kept | {"enabled": ""}, follow=True))
    assert "key" not in saved().shop_secrets


def test_the_key_goes_to_no_other_host(shop: World, administrator: Client, address: str) -> None:
    administrator.post(CONNECTION, typed(shop, address))
    page = text(administrator.post(CONNECTION, typed(shop, "http://127.0.0.2:1/", "")))
    assert "“Key of the shop&#x27;s web service” was given for another address" in page
    assert saved().shop_secrets["url"].reveal() == address
    with pytest.raises(ValidationError):
        change_settings(saved(), {"shop.url": Secret("https://elsewhere.example/")}, "somebody")
    change_settings(saved(), {"shop.url": Secret(f"{address}folder/")}, "somebody")


def test_a_key_that_was_typed_a_while_ago_is_of_the_address_of_then(
    shop: World, administrator: Client, address: str
) -> None:
    page = text(administrator.post(TEST, typed(shop, "http://127.0.0.2:1/")))
    assert "shop.key" in relied_on(page)
    again = typed(shop, address, "", kept=relied_on(page))
    page = text(administrator.post(CONNECTION, again))
    assert "What you typed was for another address: please type it again." in page


TOML = """
[stores.shared]
store_id = 10
token = "sandbox-token"

[stores.shared.shop]
connection = "webservice"
url = "https://shop.example/"
"""


def test_the_file_of_stores_asks_only_what_the_way_needs(db: None, tmp_path: Path) -> None:
    def give(toml: str) -> None:
        file = tmp_path / "stores.toml"
        file.write_text(toml)
        apply(file, who="somebody")

    with pytest.raises(StoresFileError, match=r"stores\.shared\.shop\.key: is missing"):
        give(TOML)
    give(f'{TOML}key = "{KEY}"\n')
    store = Store.objects.get(name="shared")
    assert store.shop_settings == {"connection": "webservice"}
    assert store.shop_identity == "prestashop https://shop.example 1"
    with pytest.raises(StoresFileError, match=r"stores\.shared\.shop\.key: .* was given for another address"):
        give(TOML.replace("shop.example", "other.example"))
