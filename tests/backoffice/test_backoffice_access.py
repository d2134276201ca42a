"""Nobody sees or does what was not given to them: every address, as nobody, the wrong merchant, the merchant, an
administrator."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, reverse

from sfsync.backoffice import urls
from sfsync.db.secrets import Secret
from sfsync.models import SettingChange, Store
from sfsync.testing import World
from tests.backoffice.conftest import link_in

OPEN = {"sign-out", "language", "invitation"}
ANYBODY = {"overview"}
ADMINISTRATORS = {"users", "new-user", "user", "new-link", "everything", "new-store", "record", "record-export"}
ADMINISTRATORS |= {"fleet", "fleet-act", "fleet-mails", "first-day"}
SETTING_UP = {"first-day-on", "first-day-step"}
"""Of one store, and an administrator's."""
POST_ONLY = {"new-link", "act", "fleet-act", "bridge", "differences-act", "release", "run-now", "test-connection"}
COME_BACK = SETTING_UP | {"act", "fleet-act", "fleet-mails", "bridge", "differences-act", "release", "run-now"}
"""They lead back to a page."""
NAMES = [str(pattern.name) for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)]


def address(name: str, world: World) -> str:
    person = User.objects.order_by("pk").first()
    arguments = {
        "user": [person.pk if person else 1],
        "new-link": [person.pk if person else 1],
        "order": [world.store.name, str(world.shop.order_ids()[0])],
        "first-day-step": [world.store.name, "feed"],
        "evidence": [world.store.name, str(world.shop.order_ids()[0]), "html"],
    }
    plain = OPEN | ANYBODY | ADMINISTRATORS
    return reverse(f"backoffice:{name}", args=arguments.get(name, [] if name in plain else [world.store.name]))


def request(client: Client, name: str, world: World) -> int:
    url = address(name, world)
    response = client.post(url) if name in POST_ONLY else client.get(url)
    return response.status_code


def of_a_store() -> Iterator[str]:
    yield from (name for name in NAMES if name not in OPEN | ANYBODY | ADMINISTRATORS)


@pytest.fixture
def known(shop: World) -> World:
    """Every order is known."""
    shop.ship(shop.order(), "TRK-1")
    shop.sync(wait=10)
    return shop


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OPEN])
def test_nobody_is_sent_to_the_sign_in_page(known: World, name: str) -> None:
    url = address(name, known)
    for response in (Client().get(url), Client().post(url)):
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("name", list(of_a_store()))
def test_another_merchants_store_is_unknown(known: World, sign_in: Callable[..., Client], name: str) -> None:
    stranger = sign_in("stranger", known.add_store("other", shop_url=known.shop.url))
    url = address(name, known)
    assert {stranger.get(url).status_code, stranger.post(url).status_code} == {404}


@pytest.mark.parametrize("name", sorted(ADMINISTRATORS | SETTING_UP))
def test_a_merchant_is_no_administrator(known: World, merchant: Client, name: str) -> None:
    url = address(name, known)
    assert {merchant.get(url).status_code, merchant.post(url).status_code} == {403}


@pytest.mark.parametrize("name", [name for name in of_a_store() if name not in SETTING_UP])
def test_the_merchant_sees_and_acts_on_their_store(known: World, merchant: Client, name: str) -> None:
    assert request(merchant, name, known) in ({302} if name in COME_BACK else {200})


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OPEN])
def test_an_administrator_sees_everything(known: World, administrator: Client, name: str) -> None:
    assert request(administrator, name, known) in ({302} if name in COME_BACK else {200})


def test_a_merchant_of_one_store_lands_on_it(shop: World, merchant: Client) -> None:
    assert merchant.get("/")["Location"] == "/stores/main/"


def test_the_raw_rows_are_for_administrators_and_show_no_secret(
    known: World, merchant: Client, administrator: Client
) -> None:
    assert merchant.get("/rows/").status_code == 302
    shown = {each._meta.model_name for each in admin.site._registry if each._meta.app_label == "sfsync"}
    assert {"store", "order", "task", "hint", "takeover", "channeltrouble", "logentry"} <= shown
    for model in shown:
        assert administrator.get(f"/rows/sfsync/{model}/").status_code == 200
    Store.objects.update(bridge_secret=Secret("whsec_c2VjcmV0"))
    page = administrator.get(f"/rows/sfsync/store/{known.store.pk}/change/").content.decode()
    assert "sandbox-token" not in page
    assert "whsec_" not in page
    assert known.shop.url not in page


def test_the_raw_rows_hold_nobodys_password_factors_or_sessions(known: World, administrator: Client) -> None:
    """Those are changed where one is asked again who one is, and where it is put on record."""
    shown = re.findall(r'href="/rows/(\w+)/', administrator.get("/rows/").content.decode())
    assert set(shown) == {"sfsync", "password_change"}
    for page in (
        "auth/user/",
        "auth/group/",
        "mfa/authenticator/",
        "usersessions/usersession/",
        "account/emailaddress/",
    ):
        assert administrator.get(f"/rows/{page}").status_code == 404
    assert administrator.post("/rows/password_change/", {})["Location"] == "/account/password/"


def test_a_merchant_replaces_the_token_and_nothing_else_of_the_connection(shop: World, merchant: Client) -> None:
    given = {
        "token": "another-token-1234",
        "api_url": "http://elsewhere.example",
        "feed_store_id": "99",
        "do": "anyway",
    }
    merchant.post("/stores/main/settings/connection/", given)
    store = Store.objects.get(pk=shop.store.pk)
    assert store.token.reveal() == "another-token-1234"
    assert (store.api_url, store.feed_store_id) == (shop.store.api_url, 10)
    change = SettingChange.objects.get(store=store)
    assert (change.who, change.name, change.before, change.after) == (
        "claire",
        "token",
        {"secret": "…oken"},
        {"secret": "…1234"},
    )


def test_administrators_give_stores_to_people(shop: World, administrator: Client) -> None:
    given = {"username": "claire", "active": "on", "role": "merchant", "stores": [shop.store.pk]}
    assert link_in(administrator.post("/people/new/", given))
    client = Client()
    client.force_login(User.objects.get(username="claire"))
    assert client.get("/stores/main/").status_code == 200
    assert SettingChange.objects.get(name="members").after == "claire"


def test_there_is_always_an_administrator(administrator: Client) -> None:
    me = User.objects.get(username="root")
    page = administrator.post(f"/people/{me.pk}/", {"username": "root", "active": "on", "role": "merchant"})
    assert "There must be one administrator who can sign in." in page.content.decode()
    me.refresh_from_db()
    assert me.is_staff


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/stores/main/orders/act/", "/stores/main/orders/"),
        ("/stores/main/settings/connection/test/", "/stores/main/settings/connection/"),
        ("/stores/main/processes/run/", "/stores/main/processes/"),
    ],
)
def test_who_comes_to_an_action_by_its_address_is_sent_to_its_page(merchant: Client, address: str, page: str) -> None:
    """The language was changed on what the action had shown, or a page reloaded: no blank page, and nothing done."""
    answer = merchant.get(address)
    assert (answer.status_code, answer["Location"]) == (302, page)
