"""A store's connections: what is typed is tried before it is saved, and no secret comes back to the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from time_machine import TimeMachineFixture

from sfsync.db.secrets import Secret
from sfsync.engine.people.change_settings import change_settings
from sfsync.models import SettingChange, Store, StoreState, named_settings
from sfsync.testing import World
from shoppingfeed.sandbox import Fault
from tests.pages import markup as text

CONNECTION, TEST, NEW = "/stores/main/settings/connection/", "/stores/main/settings/connection/test/", "/new-store/"
NOWHERE = "mysql+pymysql://reader:hunter2secret@127.0.0.1:1/shop"
LATER = {"do": "anyway"}


def given(world: World, **changes: object) -> dict[str, object]:
    """The form as it is shown, with what was typed into it."""
    now = {
        "enabled": "on",
        "feed_store_id": 10,
        "api_url": world.store.api_url,
        "shop.prefix": "ps_",
        "shop.shop_id": 1,
    }
    return now | {"token": "", "shop.url": "", "kept": "", "do": "save"} | changes


def relied_on(page: str) -> str:
    """The secrets that the page says are kept."""
    [kept] = re.findall(r'<input type="hidden" name="kept" value="([^"]*)">', page)
    return str(kept)


def saved() -> Store:
    return Store.objects.get(name="main")


# --- tried, then saved ------------------------------------------------------------------------------------------------


def test_what_works_is_saved_and_said(shop: World, administrator: Client) -> None:
    page = text(administrator.post(CONNECTION, given(shop, api_url=f"{shop.store.api_url}/"), follow=True))
    assert "Saved. The shop answers: PrestaShop 8.2.1" in page
    assert "Shopping Feed accepts the token: store 10" in page
    assert saved().api_url.endswith("/")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"shop.url": NOWHERE}, "The shop does not answer."),
        ({"shop.prefix": "pz_"}, "The database holds no PrestaShop tables with this prefix."),
        ({"shop.shop_id": 7}, "The database has no shop of this number."),
        ({"token": "a-wrong-token-123"}, "Shopping Feed refused the token."),
        ({"feed_store_id": 99}, "The token does not open store 99; it opens: 10"),
        ({"api_url": "http://127.0.0.1:1", "token": "sandbox-token"}, "Shopping Feed cannot be reached"),
    ],
)
def test_what_does_not_work_replaces_nothing(
    shop: World, administrator: Client, typed: dict[str, object], sentence: str
) -> None:
    """The page says what and what to do, keeps what was typed, and offers to save it all the same."""
    before = saved()
    page = text(administrator.post(CONNECTION, given(shop, **typed)))
    assert sentence in page
    assert "Nothing was saved, because this does not work." in page
    assert "Save anyway" in page
    assert [named_settings.get(saved(), name) for name in typed] == [named_settings.get(before, name) for name in typed]
    assert all(f'value="{value}"' in page for name, value in typed.items() if name not in ("token", "shop.url"))
    assert SettingChange.objects.count() == 0


def test_a_shop_that_is_down_today_may_be_saved_anyway(shop: World, administrator: Client) -> None:
    administrator.post(CONNECTION, given(shop) | {"shop.prefix": "pz_"} | LATER)
    assert saved().shop_settings["prefix"] == "pz_"


def test_nobody_has_to_mend_a_store_to_switch_it_off(shop: World, administrator: Client) -> None:
    Store.objects.update(shop_settings={"prefix": "pz_"})
    administrator.post(CONNECTION, given(shop, enabled="") | {"shop.prefix": "pz_"})
    assert not saved().enabled


def test_a_merchants_token_is_tried_and_not_the_shop(shop: World, merchant: Client) -> None:
    page = text(merchant.post(CONNECTION, {"token": "a-wrong-token-123", "do": "save"}))
    assert "Shopping Feed refused the token." in page
    assert saved().token.reveal() == "sandbox-token"
    Store.objects.update(shop_settings={"prefix": "pz_"}, token="an-old-token")
    page = text(merchant.post(CONNECTION, {"token": "sandbox-token", "do": "save"}, follow=True))
    assert "Saved. Shopping Feed accepts the token" in page
    assert saved().token.reveal() == "sandbox-token"


# --- the test ---------------------------------------------------------------------------------------------------------


def test_the_test_tries_what_is_in_the_form_and_saves_nothing(shop: World, administrator: Client) -> None:
    page = text(administrator.post(TEST, given(shop, feed_store_id=99)))
    assert "The shop answers: PrestaShop 8.2.1" in page
    assert "The token does not open store 99" in page
    assert "Nothing was saved." in page
    assert "Save anyway" not in page
    assert saved().feed_store_id == 10
    assert "accepts the token" in text(administrator.post(TEST, given(shop)))
    assert "Enter a whole number." in text(administrator.post(TEST, given(shop, feed_store_id="ten")))
    assert SettingChange.objects.count() == 0


def test_empty_secrets_are_tried_as_they_are_saved(shop: World, merchant: Client) -> None:
    page = text(merchant.post(TEST))
    assert "The shop answers: PrestaShop 8.2.1" in page
    assert "Shopping Feed accepts the token: store 10" in page
    assert "Shopping Feed refused the token." in text(merchant.post(TEST, {"token": "a-wrong-token-123"}))


@pytest.mark.parametrize("page", [TEST, CONNECTION])
@pytest.mark.parametrize("address", ["https://[", "https://h:99999"])
@pytest.mark.parametrize("token", ["", "another-token-123"])
def test_what_is_no_address_is_neither_tried_nor_saved(
    shop: World, administrator: Client, page: str, address: str, token: str
) -> None:
    before = Store.objects.values().get()
    assert "That is not an address." in text(administrator.post(page, given(shop, api_url=address, token=token)))
    assert Store.objects.values().get() == before


# --- secrets that were typed ------------------------------------------------------------------------------------------


def test_a_typed_secret_is_kept_out_of_the_page_and_saved_when_asked_to(shop: World, administrator: Client) -> None:
    """And at rest it is encrypted."""
    page = text(administrator.post(CONNECTION, given(shop, token="a-wrong-token-123") | {"shop.url": NOWHERE}))
    assert "hunter2secret" not in page
    assert "a-wrong-token-123" not in page
    assert "What you typed is kept for 10 minutes and not shown" in page
    assert sorted(relied_on(page).split()) == ["shop.url", "token"]
    [session] = [each.get_decoded() for each in Session.objects.all()]
    assert "hunter2secret" not in str(session)
    administrator.post(CONNECTION, given(shop, kept=relied_on(page)) | LATER)
    assert (saved().token.reveal(), saved().shop_secrets["url"].reveal()) == ("a-wrong-token-123", NOWHERE)
    assert "typed:" not in str([each.get_decoded() for each in Session.objects.all()])


def test_a_secret_that_was_typed_again_counts(shop: World, administrator: Client) -> None:
    page = text(administrator.post(CONNECTION, given(shop, token="a-wrong-token-123")))
    assert "accepts the token" in text(
        administrator.post(TEST, given(shop, token="sandbox-token", kept=relied_on(page)))
    )
    page = text(administrator.post(TEST, given(shop, token="a b", kept=relied_on(page))))
    assert "The token has spaces or characters that no token has" in page


def test_a_secret_that_is_kept_no_longer_is_asked_for_and_not_lost_silently(
    shop: World, administrator: Client, time_machine: TimeMachineFixture
) -> None:
    page = text(administrator.post(CONNECTION, given(shop, token="a-wrong-token-123")))
    time_machine.move_to(timezone.now() + timedelta(minutes=11))
    page = text(administrator.post(CONNECTION, given(shop, kept=relied_on(page)) | LATER))
    assert "What you typed was kept for a few minutes only: please type it again." in page
    assert saved().token.reveal() == "sandbox-token"


def test_a_page_opened_anew_relies_on_nothing_that_was_typed(shop: World, administrator: Client) -> None:
    administrator.post(CONNECTION, given(shop, token="a-wrong-token-123"))
    assert relied_on(text(administrator.get(CONNECTION))) == ""
    assert "accepts the token" in text(administrator.post(TEST, given(shop)))


def test_empty_secrets_keep_what_is_there(shop: World, administrator: Client) -> None:
    administrator.post(CONNECTION, given(shop, api_url=f"{shop.store.api_url}/"))
    assert saved().api_url.endswith("/")
    assert (saved().token.reveal(), saved().shop_secrets["url"].reveal()) == ("sandbox-token", shop.shop.url)


@pytest.mark.parametrize("url", [CONNECTION, NEW])
def test_secrets_are_typed_unseen_and_no_browser_remembers_them(shop: World, administrator: Client, url: str) -> None:
    page = text(administrator.get(url))
    for name in ("token", "shop.url"):
        [field] = re.findall(rf'<input type="password" name="{name}"[^>]*>', page)
        assert 'autocomplete="off"' in field
        assert "value=" not in field


# --- files of the server ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["sqlite:////srv/shop.sqlite3", "SQLite:///x", " sqlite:///x", "sql\tite:///x"])
def test_no_file_of_the_server_is_opened_from_a_page(shop: World, administrator: Client, address: str) -> None:
    """A store that has one (the demo's) keeps it while the rest is changed: `given` types none."""
    for url in (CONNECTION, TEST, NEW):
        page = text(administrator.post(url, given(shop, name="x", token="sandbox-token") | {"shop.url": address}))
        assert "A file of the server can be given on its command line only." in page
    assert administrator.post(CONNECTION, given(shop) | {"shop.prefix": "PS_"} | LATER).status_code == 302
    assert (saved().shop_settings["prefix"], saved().shop_secrets["url"].reveal()) == ("PS_", shop.shop.url)


# --- troubles that are over -------------------------------------------------------------------------------------------


def test_a_trouble_that_was_mended_stands_no_longer(shop: World, administrator: Client, merchant: Client) -> None:
    """R22: the same thing has just answered; what the last run met stays in the record of the run."""
    shop.sync()
    shop.ship(shop.order(), "T-1")
    Store.objects.update(token="a-wrong-token-123")
    shop.sync(store=saved())
    assert saved().state.trouble == "token-refused"
    administrator.post(CONNECTION, given(shop, token="another-wrong-one"))
    administrator.post(CONNECTION, given(shop, token="another-wrong-one") | LATER)
    assert saved().state.trouble == "token-refused"
    assert "refused the token" in text(merchant.get("/stores/main/"))
    merchant.post(CONNECTION, {"token": "sandbox-token", "do": "save"})
    assert (saved().state.trouble, saved().state.trouble_text, saved().state.trouble_since) == ("", "", None)
    assert "refused the token" not in text(merchant.get("/stores/main/"))


@pytest.mark.parametrize(
    ("trouble", "left"),
    [
        *(("shop-unavailable", "shop-unavailable"), ("secret-unreadable", "secret-unreadable"), ("crashed", "crashed")),
        *(("store-unknown", ""), ("api-unavailable", ""), ("rate-limited", "")),
    ],
)
def test_only_what_was_tried_is_over(shop: World, merchant: Client, trouble: str, left: str) -> None:
    """A merchant's new token says nothing of the shop."""
    Store.objects.update(token="an-old-token")
    StoreState.objects.update(trouble=trouble, trouble_since=timezone.now())
    merchant.post(CONNECTION, {"token": "sandbox-token", "do": "save"})
    assert saved().state.trouble == left


# --- a new store ------------------------------------------------------------------------------------------------------


@pytest.fixture
def second(shop: World, mariadb_database: str, tmp_path: Path) -> Iterator[dict[str, object]]:
    """What an administrator types for another shop, on a real server."""
    other = World(tmp_path, orders=3, database=mariadb_database, name="other")
    Store.objects.filter(name="other").delete()
    yield given(shop, name="second", token=" sandbox-token\n") | {"shop.url": mariadb_database}
    other.shop.close()


def test_an_administrator_adds_a_store(shop: World, administrator: Client, second: dict[str, object]) -> None:
    answer = administrator.post(NEW, second)
    assert answer["Location"] == "/stores/second/settings/"
    assert Store.objects.get(name="second").token.reveal() == "sandbox-token"
    assert "Payment accepted" in text(administrator.get("/stores/second/settings/"))
    assert SettingChange.objects.get().name == "store"
    twin = text(administrator.post(NEW, second | {"name": "third"}))
    assert "the same shop and the same Shopping Feed account as “second”: everything would be sent twice." in twin


def test_a_new_store_is_tried_before_it_is_added(shop: World, administrator: Client) -> None:
    typed = given(shop, name="second", token="sandbox-token") | {"shop.url": NOWHERE}
    page = text(administrator.post(NEW, typed))
    assert "The shop does not answer." in page
    assert "Shopping Feed accepts the token: store 10" in page
    assert "hunter2secret" not in page
    assert not Store.objects.filter(name="second").exists()
    again = typed | {"token": "", "shop.url": "", "kept": relied_on(page)} | LATER
    assert administrator.post(NEW, again)["Location"] == "/stores/second/settings/"
    store = Store.objects.get(name="second")
    assert (store.token.reveal(), store.shop_secrets["url"].reveal()) == ("sandbox-token", NOWHERE)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"token": ""}, "Required."),
        ({"token": "sandbox token"}, "The token has spaces or characters that no token has"),
        ({"shop.url": "ftp://shop"}, "The shop&#x27;s address starts with mysql+pymysql://"),
        ({"shop.prefix": "ps; drop"}, "A table prefix has letters, digits and underscores only"),
        ({"name": "Ma boutique"}, "Only letters, digits and hyphens: no spaces and no accents."),
        ({"name": "main"}, "This name is already taken."),
        ({"name": ""}, "This field is required."),
    ],
)
def test_a_wrong_value_of_a_new_store_gets_a_sentence(
    shop: World, administrator: Client, typed: dict[str, object], sentence: str
) -> None:
    """Nothing is tried then: there is nothing to try yet."""
    fault = shop.sandbox.fault(Fault("unreachable", times=None))
    right = given(shop, name="second", token="sandbox-token") | {"shop.url": NOWHERE}
    page = text(administrator.post(NEW, right | typed))
    shop.sandbox.remove_fault(fault)
    assert sentence in page
    assert "cannot be reached" not in page
    assert not Store.objects.filter(name="second").exists()


def test_a_connection_that_would_send_everything_twice_is_refused(shop: World, administrator: Client) -> None:
    """The store that is switched off may be anything's twin."""
    shop.add_store("second", shop_url=shop.shop.url, feed_store_id=11, api_url=shop.store.api_url)
    url = "/stores/second/settings/connection/"
    twin = given(shop, api_url=f"{shop.store.api_url}/")
    assert "everything would be sent twice" in text(administrator.post(url, twin))
    assert Store.objects.get(name="second").feed_store_id == 11
    assert administrator.post(url, twin | {"enabled": ""}).status_code == 302
    assert Store.objects.get(name="second").feed_store_id == 10


# --- what is wrong in an address, or stands in the way ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("mysql+pymysql://reader:long-p@sswOrd@127.0.0.1:3306/shop", "In a password write @ as %40"),
        ("mysql+pymysql://reader:sswOrd@127.0.0.1:1/shop?charset=utf-8", "is not one that can be used"),
    ],
)
def test_a_wrong_address_is_explained_and_shows_no_password(
    shop: World, administrator: Client, address: str, sentence: str
) -> None:
    """What follows an @ in a password would be taken for the server's name, and stand in every error."""
    for url in (CONNECTION, TEST):
        page = text(administrator.post(url, given(shop) | {"shop.url": address}))
        assert sentence in page
        assert "sswOrd" not in page
    assert saved().shop_secrets["url"].reveal() == shop.shop.url


def test_a_connection_is_tried_without_waiting_for_a_rate_limit(shop: World, merchant: Client) -> None:
    """A page answers soon: the API's "wait for a minute" is told, not waited for. Each of the two questions is asked
    once: which orders of the shop it knows, and whether the token is right."""
    shop.sandbox.fault(Fault("status", status=429, seconds=60, times=None))
    page = text(merchant.post(TEST, given(shop, token="another-token")))
    assert "Nothing was saved" in page
    assert sum(standing.struck for standing in shop.sandbox.faults.all()) == 2


def test_a_refused_value_is_named_and_the_page_shows_what_is_saved(shop: World, administrator: Client) -> None:
    """A rule that another setting breaks: nothing is saved, and nothing looks as if it were."""
    Store.objects.filter(pk=shop.store.pk).update(tries=99)
    page = text(administrator.post(CONNECTION, given(shop, feed_store_id=77, token="another-token-WXYZ") | LATER))
    assert "Attempts: Ensure this value is less than or equal to 20." in page
    assert '<dd class="mono">10</dd>' in page
    assert "WXYZ" not in page


def test_a_store_that_is_switched_off_is_added_untried(shop: World, administrator: Client) -> None:
    fields = given(shop, name="later", token="another-token") | {"shop.url": NOWHERE}
    del fields["enabled"]
    assert administrator.post(NEW, fields).status_code == 302
    assert not Store.objects.get(name="later").enabled


def test_what_was_typed_is_forgotten_after_a_while_by_looking_at_the_page(
    shop: World, administrator: Client, time_machine: TimeMachineFixture
) -> None:
    """Encrypted, and for ten minutes only."""
    time_machine.move_to(timezone.now())
    text(administrator.post(CONNECTION, given(shop) | {"shop.url": NOWHERE}))
    assert "typed:main" in administrator.session
    time_machine.shift(timedelta(minutes=11))
    text(administrator.get(CONNECTION))
    assert "typed:main" not in administrator.session


def test_the_names_of_a_former_shop_are_not_shown(shop: World, administrator: Client) -> None:
    """However the shop came to be another one."""
    assert "Shipped" in text(administrator.get("/stores/main/settings/"))
    change_settings(saved(), {"shop.url": Secret(NOWHERE)}, "apply")
    page = text(administrator.get("/stores/main/settings/"))
    assert "Processing in progress" not in page
