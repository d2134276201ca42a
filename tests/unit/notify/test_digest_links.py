"""R20: from the mail to the order, on the web where the back office's address is set, by a command where it is not."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from types import ModuleType
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.urls import include, path, set_script_prefix
from pytest_django import Settings

from sfsync.conf import conf, is_page_address
from sfsync.notify.digest import ROWS, compose
from tests.notices import a_store, about_order, about_store, html_of, page_of

ADDRESS = "https://sync.example.com"
END = {
    "en": "Open an order to see its history or retry it.",
    "fr": "Ouvrez une commande pour voir son historique ou la relancer.",
}


@pytest.fixture
def linked(settings: Settings) -> Settings:
    settings.SFSYNC = {"url": ADDRESS}
    return settings


class Links(HTMLParser):
    """Where the links of a page lead, by what they say."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, str] = {}
        self._href = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href = dict(attrs)["href"] or ""

    def handle_endtag(self, tag: str) -> None:
        self._href = "" if tag == "a" else self._href

    def handle_data(self, data: str) -> None:
        if self._href:
            self.found[data] = self._href


def links_of(mail: EmailMultiAlternatives) -> dict[str, str]:
    return Links(html_of(mail)).found


def an_order(**order: Any) -> EmailMultiAlternatives:
    store = a_store()
    return compose(store, [about_order(store, "no-tracking", **order)])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_order_is_a_link_to_its_page_in_both_forms(linked: Settings, language: str) -> None:
    """R20."""
    store = a_store(language=language)
    mail = compose(store, [about_order(store, "no-tracking", key="77", shop_reference="XKBKNABJK")])
    assert links_of(mail)["XKBKNABJK"] == f"{ADDRESS}/stores/main/orders/77/"
    assert f"\n    {ADDRESS}/stores/main/orders/77/\n" in str(mail.body)
    for shown in (str(mail.body), page_of(mail).text):
        assert END[language] in shown
        assert f"{ADDRESS}/stores/main/" in shown
        assert "sfsync retry" not in shown


def test_an_order_is_linked_where_else_it_can_be_seen() -> None:
    """R20: in the shop's back office and at Shopping Feed, whether or not our own pages have an address."""
    store = a_store(shop_settings={"admin_url": "https://shop.example/admin1"})
    mail = compose(store, [about_order(store, "no-tracking", key="77", feed_id=901077)])
    shop = "https://shop.example/admin1/index.php?controller=AdminOrders&id_order=77&vieworder"
    feed = "https://app.shopping-feed.com/v3/en/orders/detail/901077?store=10"
    assert links_of(mail) == {"PrestaShop": shop, "Shopping Feed": feed}
    assert f"\n    PrestaShop: {shop}\n    Shopping Feed: {feed}\n" in str(mail.body)


def test_without_the_setting_the_commands_stay() -> None:
    mail = an_order()
    assert links_of(mail) == {}
    for shown in (str(mail.body), page_of(mail).text):
        assert "sfsync retry ORDER" in shown
        assert "http" not in shown


def test_the_orders_of_a_bad_day_are_links_too(linked: Settings) -> None:
    """R20: those that stand in full and those that follow by reference, below what mail programs cut."""
    store = a_store(language="fr")
    notices = [about_order(store, "no-tracking", key=str(100_000 + n)) for n in range(500)]
    mail = compose(store, notices)
    wanted = {f"{ADDRESS}/stores/main/orders/{100_000 + n}/" for n in range(500)}
    assert ROWS < 500
    assert wanted <= set(links_of(mail).values())
    assert wanted <= set(str(mail.body).split())
    assert len(html_of(mail).encode()) < 102_000


def test_a_trouble_of_the_whole_store_links_to_the_store(linked: Settings) -> None:
    store = a_store()
    mail = compose(store, [about_store(store, "token-refused", "401")])
    assert set(links_of(mail).values()) == {f"{ADDRESS}/stores/main/"}
    assert END["en"] not in str(mail.body)


@pytest.mark.parametrize("url", ["https://example.com/sync", "https://example.com/sync/"])
@pytest.mark.parametrize("prefix", ["", "sync/", "deep/er/"])
def test_the_address_holds_wherever_the_back_office_is_mounted(settings: Settings, url: str, prefix: str) -> None:
    """The setting is the address of the first page, behind a proxy's prefix or a Django project's."""
    urls: Any = ModuleType("urls")
    urls.urlpatterns = [path(prefix, include("sfsync.backoffice.urls"))]
    settings.SFSYNC, settings.ROOT_URLCONF = {"url": url}, urls
    assert links_of(an_order(key="5", shop_reference="REF"))["REF"] == (
        "https://example.com/sync/stores/main/orders/5/"
    )


def test_what_a_request_brought_is_in_no_mail(linked: Settings) -> None:
    """A run that a page starts may write its mail in the request's thread."""
    set_script_prefix("/evil/")
    try:
        assert links_of(an_order(key="5", shop_reference="REF"))["REF"] == f"{ADDRESS}/stores/main/orders/5/"
    finally:
        set_script_prefix("/")


@pytest.mark.parametrize("root", ["", ModuleType("empty")])
def test_a_project_without_the_back_office_mails_the_commands(settings: Settings, root: Any) -> None:
    if root:
        root.urlpatterns = []
    settings.SFSYNC, settings.ROOT_URLCONF = {"url": ADDRESS}, root
    mail = an_order()
    assert links_of(mail) == {}
    assert "sfsync retry ORDER" in str(mail.body)


@pytest.mark.parametrize("reference", ['"><script>', "javascript:alert(1)", "&quot; onclick=x"])
def test_what_a_stranger_wrote_never_gets_into_an_address(linked: Settings, reference: str) -> None:
    mail = an_order(key="5", shop_reference=reference, reference=reference)
    assert links_of(mail)[reference] == f"{ADDRESS}/stores/main/orders/5/"
    assert set(re.findall(r'href="([^"]*)"', html_of(mail))) == {
        f"{ADDRESS}/stores/main/",
        f"{ADDRESS}/stores/main/orders/5/",
    }


def test_an_address_is_escaped_in_html_and_plain_in_text(settings: Settings) -> None:
    settings.SFSYNC = {"url": "https://example.com/a&b"}
    mail = an_order(key="5")
    assert 'href="https://example.com/a&amp;b/stores/main/orders/5/"' in html_of(mail)
    assert "https://example.com/a&b/stores/main/orders/5/" in str(mail.body)


@pytest.mark.parametrize(
    "url", ["https://sync.example.com", "http://[::1]:8000/", "HTTPS://example.com/sync/x", "http://é.fr"]
)
def test_an_address_that_pages_can_hang_on(url: str) -> None:
    assert is_page_address(url)


@pytest.mark.parametrize(
    "url",
    [
        *("sync.example.com", "ftp://example.com", "javascript:alert(1)", "https://", "https:///x", "//example.com"),
        *(
            "https://example.com/?a=1",
            "https://example.com/#a",
            "https://u:secret@example.com",
            "https://example.com:x",
        ),
        *("https://example.com/a b", "https://example.com/\n", 'https://example.com/"', "https://example.com:99999"),
        *("https://example.com\\evil", " https://example.com", "https://[::1", "https://:80/"),
    ],
)
def test_any_other_is_refused(settings: Settings, url: str) -> None:
    settings.SFSYNC = {"url": url}
    with pytest.raises(ImproperlyConfigured, match="takes the address of the back office") as told:
        conf()
    assert "secret" not in str(told.value)
