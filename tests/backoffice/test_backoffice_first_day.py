"""The first day in the browser: each answer is tried at once, and a store is switched on once its dry run was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from sfsync.models import SettingChange, Store
from sfsync.shops.prestashop.sample_webservice.serving import served
from sfsync.shops.prestashop.sample_webservice.standin import KEY, Standin
from sfsync.testing import World
from tests.database.engine.test_feed_links import link, sent
from tests.pages import text

HERE = "/stores/first/first-day"


@pytest.fixture
def address(shop: World) -> Iterator[str]:
    """The shop's web service. Nobody has set a store up yet."""
    Store.objects.all().delete()
    with served(Standin(shop.shop)) as url:
        yield url


@pytest.fixture
def feed(shop: World) -> dict[str, str]:
    """The first step as it is filled in."""
    return {"name": "first", "token": "sandbox-token", "api_url": shop.store.api_url, "kept": ""}


def typed(address: str, **changes: object) -> dict[str, object]:
    """The second one."""
    usual = {"shop.questions_per_hour": 100_000, "shop.shop_id": 1, "shop.prefix": "ps_", "kept": ""}
    return usual | {"shop.connection": "webservice", "shop.url": address, "shop.key": KEY} | changes


@pytest.fixture
def draft(administrator: Client, address: str, feed: dict[str, str]) -> Store:
    """A store of which all is answered but who gets the mails."""
    administrator.post("/first-day/", feed)
    administrator.post(f"{HERE}/shop/", typed(address))
    administrator.post(f"{HERE}/statuses/", {"status-4": "shipped"})
    return Store.objects.get()


def test_a_store_is_set_up_step_by_step_and_its_first_sync_follows(
    shop: World, administrator: Client, address: str, feed: dict[str, str], django_capture_on_commit_callbacks: Any
) -> None:
    order = shop.ship(shop.order(), "TRK-1")
    there = link(shop, order)

    refused = text(administrator.post("/first-day/", feed | {"token": "no-such-token"}))
    assert "Shopping Feed refused the token." in refused
    assert "Enter a valid token." in refused
    assert "is kept for" not in refused, "a token that was refused is of no use"
    assert not Store.objects.exists()
    page = text(administrator.post("/first-day/", feed, follow=True))
    assert "Shopping Feed accepts the token: store 10 is" in page

    wrong = text(administrator.post(f"{HERE}/shop/", typed(address, **{"shop.key": "B" * 32})))
    assert "The shop's web service refuses the key." in wrong
    page = text(administrator.post(f"{HERE}/shop/", typed(address), follow=True))
    assert "Saved. The shop answers: PrestaShop 8.2" in page
    assert "This is a proposal" in page
    assert '<option value="shipped" selected>' in page

    assert "Choose at least one status" in text(administrator.post(f"{HERE}/statuses/", {"status-4": ""}))
    administrator.post(f"{HERE}/statuses/", {"status-4": "shipped", "status-5": "delivered"})
    page = text(administrator.post(f"{HERE}/mails/", {"recipients": "me@example.com"}, follow=True))
    assert "Show what would be sent" in page
    assert "Switch the store on" not in page

    page = text(administrator.post(f"{HERE}/check/", {"do": "look"}))
    assert "1 update would be sent." in page
    assert "TRK-1" in page
    assert sent(shop, there) == []
    assert not Store.objects.get().enabled
    with django_capture_on_commit_callbacks(execute=True):
        administrator.post(f"{HERE}/check/", {"do": "switch-on"})
    assert Store.objects.get().enabled
    assert sent(shop, there) == [("ship", "TRK-1")]
    assert administrator.get(f"{HERE}/check/", follow=True).redirect_chain[-1] == ("/stores/first/", 302)


def test_a_store_is_switched_on_as_it_was_looked_at_and_not_otherwise(draft: Store, administrator: Client) -> None:
    administrator.post(f"{HERE}/check/", {"do": "switch-on"})
    assert not Store.objects.get().enabled
    administrator.post(f"{HERE}/check/", {"do": "look"})
    administrator.post(f"{HERE}/statuses/", {"status-5": "delivered"})
    administrator.post(f"{HERE}/check/", {"do": "switch-on"})
    assert not Store.objects.get().enabled


def test_of_several_stores_that_a_token_opens_one_is_chosen(
    shop: World, administrator: Client, address: str, feed: dict[str, str]
) -> None:
    """The token need not be typed again."""
    shop.sandbox.add_store(11, name="Outlet", token="sandbox-token")
    page = text(administrator.post("/first-day/", feed))
    assert "The token opens several stores." in page
    assert "Outlet (11)" in page
    assert not Store.objects.exists()
    administrator.post("/first-day/", feed | {"token": "", "kept": "token", "feed_store_id": "11"})
    assert Store.objects.get().feed_store_id == 11


def test_what_was_left_is_taken_up_where_it_was_left(
    shop: World, administrator: Client, address: str, feed: dict[str, str]
) -> None:
    administrator.post("/first-day/", feed)
    assert "This store is not fully set up yet: nothing is sent." in text(administrator.get("/"))
    assert "Continue the setup" in text(administrator.get("/stores/first/"))
    for later in ("", "statuses/", "mails/", "check/"):
        chain = administrator.get(f"{HERE}/{later}", follow=True).redirect_chain
        assert chain[-1] == (f"{HERE}/shop/", 302)
    assert administrator.get(f"{HERE}/elsewhere/").status_code == 404


def test_a_token_goes_to_no_other_host_unless_it_is_typed_again(draft: Store, administrator: Client) -> None:
    moved = {"token": "", "api_url": "https://elsewhere.example", "kept": ""}
    assert "enter it again to use it at another address" in text(administrator.post(f"{HERE}/feed/", moved))
    assert Store.objects.get().api_url == draft.api_url


def test_a_mail_server_that_is_not_there_is_said_and_stops_nobody(
    draft: Store, administrator: Client, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "sfsync.notify.smtp.NoServer"
    page = text(administrator.post(f"{HERE}/mails/", {"recipients": "me@example.com"}))
    assert "No mail server is set." in page
    assert "Save and continue anyway" in page
    administrator.post(f"{HERE}/mails/", {"recipients": "me@example.com", "do": "anyway"})
    assert Store.objects.get().recipients == ["me@example.com"]


def test_two_stores_of_one_shop_and_one_account_are_not_both_switched_on(
    draft: Store, administrator: Client, feed: dict[str, str], address: str
) -> None:
    administrator.post("/first-day/", feed | {"name": "second"})
    administrator.post("/stores/second/first-day/shop/", typed(address))
    administrator.post("/stores/second/first-day/statuses/", {"status-4": "shipped"})
    Store.objects.filter(name="first").update(enabled=True)
    administrator.post("/stores/second/first-day/check/", {"do": "look"})
    page = text(administrator.post("/stores/second/first-day/check/", {"do": "switch-on"}, follow=True))
    assert "everything would be sent twice" in page
    assert not Store.objects.get(name="second").enabled


def test_a_shop_that_falls_silent_is_said_at_the_end(draft: Store, administrator: Client) -> None:
    Store.objects.update(shop_secrets=draft.shop_secrets | {"url": "http://127.0.0.1:1/"})
    page = text(administrator.post(f"{HERE}/check/", {"do": "look"}))
    assert "http://127.0.0.1:1 does not answer" in page
    assert "Switch the store on" not in page


def test_who_did_it_is_on_record(draft: Store) -> None:
    names = set(SettingChange.objects.values_list("name", flat=True))
    assert {"store", "shop.url", "shop.key", "statuses"} <= names
    assert {each.who for each in SettingChange.objects.all()} == {"root"}


@pytest.mark.parametrize("url", ["/first-day/", *(f"{HERE}/{step}/" for step in ("feed", "shop", "statuses", "mails"))])
def test_no_step_needs_more_than_twelve_statements(
    draft: Store, administrator: Client, url: str, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    with django_assert_max_num_queries(12):
        text(administrator.get(url))
