"""Second factors, sessions, and saying again who one is."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time
from collections.abc import Callable

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from sfsync.db.secrets import decrypt
from sfsync.db.stored_secrets import StoredSecrets
from sfsync.testing import World
from tests.backoffice.conftest import PASSWORD, link_in
from tests.pages import text

ACTIVATE = "/account/second-factor/app/activate/"
CODES = "/account/second-factor/codes/"


def app_code(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def set_up_app(person: Client) -> str:
    """The secret that the app keeps."""
    found = re.search(r"[A-Z2-7]{32}", text(person.get(ACTIVATE)))
    assert found
    answer = person.post(ACTIVATE, {"code": app_code(found[0])})
    assert answer["Location"] == CODES
    return found[0]


def by_password(name: str = "claire") -> Client:
    client = Client(headers={"accept-language": "en"})
    client.post("/sign-in/", {"login": name, "password": PASSWORD})
    return client


def test_a_code_of_the_app_follows_the_password(shop: World, merchant: Client) -> None:
    with time_machine.travel("2026-03-02 10:00:05Z", tick=False) as clock:
        secret = set_up_app(merchant)
        clock.shift(60)
        door = by_password()
        assert door.get("/stores/main/")["Location"].startswith("/sign-in/")
        assert "code" in text(door.get("/sign-in/second-factor/"))
        assert door.post("/sign-in/second-factor/", {"code": "000000"}).status_code == 200
        assert door.get("/stores/main/").status_code == 302
        assert door.post("/sign-in/second-factor/", {"code": app_code(secret)}).status_code == 302
        assert door.get("/stores/main/").status_code == 200


def test_a_recovery_code_opens_once(shop: World, merchant: Client) -> None:
    set_up_app(merchant)
    code = re.findall(r"\b[0-9a-z]{8}\b|\b\d{8}\b", text(merchant.get(f"{CODES}download/")))[0]
    first, second = by_password(), by_password()
    first.post("/sign-in/second-factor/", {"code": code})
    second.post("/sign-in/second-factor/", {"code": code})
    assert (first.get("/stores/main/").status_code, second.get("/stores/main/").status_code) == (200, 302)


def test_guesses_at_a_code_are_slowed_from_whatever_session(shop: World, merchant: Client) -> None:
    """Of a million codes three are right at a time: after a few, not even the right one is listened to."""
    with time_machine.travel("2026-03-02 10:00:05Z", tick=False) as clock:
        secret = set_up_app(merchant)
        clock.shift(60)
        for guess in range(12):
            by_password().post("/sign-in/second-factor/", {"code": f"{guess:06}"})
        door = by_password()
        door.post("/sign-in/second-factor/", {"code": app_code(secret)})
        assert door.get("/stores/main/").status_code == 302
        clock.shift(3600)
        door = by_password()
        door.post("/sign-in/second-factor/", {"code": app_code(secret)})
        assert door.get("/stores/main/").status_code == 200


def test_the_secret_of_the_app_is_encrypted_and_encrypted_again_with_a_new_key(shop: World, merchant: Client) -> None:
    secret = set_up_app(merchant)
    assert Authenticator.objects.count() == 2
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))

    with transaction.atomic():
        assert StoredSecrets().encrypt_again() > 2
    assert decrypt(Authenticator.objects.get(type="totp").data["secret"]) == secret


@pytest.mark.parametrize(("wanted", "merchants", "administrators"), [
    ("optional", 200, 200), ("administrators", 200, 302), ("everybody", 302, 302),
])  # fmt: skip
def test_a_deployment_insists_on_second_factors(
    shop: World,
    merchant: Client,
    administrator: Client,
    settings: Settings,
    wanted: str,
    merchants: int,
    administrators: int,
) -> None:
    settings.GUARD_SECOND_FACTOR = wanted
    assert merchant.get("/stores/main/").status_code == merchants
    assert administrator.get("/stores/main/").status_code == administrators


def test_who_must_set_one_up_sees_that_page_alone_and_then_all(
    shop: World, merchant: Client, settings: Settings
) -> None:
    settings.GUARD_SECOND_FACTOR = "everybody"
    page = text(merchant.get("/stores/main/orders/", follow=True))
    assert "set one up to go on" in page
    assert merchant.post("/stores/main/processes/run/")["Location"] == "/account/second-factor/"
    set_up_app(merchant)
    assert merchant.get("/stores/main/orders/").status_code == 200


def test_signing_out_everywhere_ends_every_session(shop: World, merchant: Client) -> None:
    """Of this person, and of nobody else."""
    phone, desk, other = by_password(), by_password(), by_password()
    assert text(desk.get("/account/sessions/")).count("127.0.0.1") == 3
    assert desk.post("/account/sessions/", {"here": "too"})["Location"] == "/sign-in/"
    assert "You are signed out everywhere." in text(desk.get("/sign-in/"))
    assert {each.get("/stores/main/").status_code for each in (phone, desk, other)} == {302}


def test_signing_out_elsewhere_leaves_this_session(shop: World, merchant: Client) -> None:
    phone, desk = by_password(), by_password()
    desk.post("/account/sessions/")
    assert (desk.get("/stores/main/").status_code, phone.get("/stores/main/").status_code) == (200, 302)


ASKED = (
    "/people/new/",
    "/new-store/",
    "/stores/main/settings/connection/",
    "/stores/main/settings/connection/test/",
    "/stores/main/settings/connection/bridge/",
    "/stores/main/orders/export/",
    "/stores/main/log/export/",
    "/stores/main/orders/1/evidence.html",
    "/stores/main/orders/1/evidence.json",
)
SECOND_FACTORS = (ACTIVATE, "/account/second-factor/keys/add/")


def test_what_matters_most_asks_again_who_one_is(shop: World, sign_in: Callable[..., Client]) -> None:
    """The token, the shop's address, people and exports; looking at orders does not."""
    root = by_password(sign_in_name(sign_in))
    with time_machine.travel(time.time() + 901, tick=True):
        for url in ASKED:
            assert root.get(url)["Location"].startswith("/account/confirm/?next="), url
            assert root.post(url, {"token": "typed-token"})["Location"].startswith("/account/confirm/?next="), url
        assert "typed-token" not in str(dict(root.session))
        assert root.get("/stores/main/orders/").status_code == 200
        answer = root.post("/account/confirm/?next=/people/new/", {"password": PASSWORD})
        assert answer["Location"] == "/people/new/"
        assert {root.get(url).status_code for url in ASKED} == {200, 302, 404}
        assert root.get("/people/new/").status_code == 200


def test_who_signed_in_lately_sets_up_a_second_factor_at_once(shop: World, sign_in: Callable[..., Client]) -> None:
    """And is asked again afterwards, as for the rest."""
    root = by_password(sign_in_name(sign_in))
    assert [root.get(url).status_code for url in SECOND_FACTORS] == [200, 200]
    set_up_app(root)
    assert root.get(CODES).status_code == 200
    with time_machine.travel(time.time() + 901, tick=True):
        for url in (*SECOND_FACTORS[1:], CODES):
            assert root.get(url)["Location"].startswith("/account/confirm/"), url


def sign_in_name(sign_in: Callable[..., Client]) -> str:
    sign_in("root", administrator=True)
    return "root"


def test_nobody_signs_up(shop: World, administrator: Client) -> None:
    for url in ("/signup/", "/sign-up/", "/account/signup/", "/accounts/signup/", "/password/reset/"):
        assert Client().get(url).status_code == 404
    assert "sign up" not in text(Client().get("/sign-in/")).lower()


def test_an_invitation_works_once_for_two_days(administrator: Client) -> None:
    with time_machine.travel("2026-03-02 10:00Z", tick=False) as clock:
        link = link_in(administrator.post("/people/new/", {"username": "paul", "active": "on", "role": "merchant"}))
        clock.shift(48 * 3600 - 1)
        assert Client().get(link).status_code == 200
        good = {"new_password1": "a-good-password-9", "new_password2": "a-good-password-9"}
        weak = {"new_password1": "12345678", "new_password2": "12345678"}
        assert "too common" in text(Client().post(link, weak))
        assert Client().post(link, good)["Location"] == "/sign-in/"
        assert Client().get(link).status_code == Client().post(link, good).status_code == 410
        assert Client().post("/sign-in/", {"login": "paul", "password": "a-good-password-9"}).status_code == 302


def test_an_invitation_that_is_too_old_or_was_replaced_is_over(administrator: Client) -> None:
    with time_machine.travel("2026-03-02 10:00Z", tick=False) as clock:
        first = link_in(administrator.post("/people/new/", {"username": "paul", "active": "on", "role": "merchant"}))
        paul = User.objects.get(username="paul")
        second = link_in(administrator.post(f"/people/{paul.pk}/link/"))
        assert (Client().get(first).status_code, Client().get(second).status_code) == (410, 200)
        clock.shift(48 * 3600 + 1)
        assert Client().get(second).status_code == 410
        assert Client().get("/invitation/anything/").status_code == 410


def test_a_new_link_ends_the_password_and_the_sessions(administrator: Client, merchant: Client) -> None:
    """And the second factors where the administrator says so."""
    set_up_app(merchant)
    claire = User.objects.get(username="claire")
    link_in(administrator.post(f"/people/{claire.pk}/link/"))
    assert merchant.get("/stores/main/").status_code == 302
    assert Client().post("/sign-in/", {"login": "claire", "password": PASSWORD}).status_code == 200
    assert Authenticator.objects.filter(user=claire).exists()
    link_in(administrator.post(f"/people/{claire.pk}/link/", {"factors": "on"}))
    assert not Authenticator.objects.filter(user=claire).exists()


def test_without_the_password_form_a_password_opens_nothing(shop: World, merchant: Client, settings: Settings) -> None:
    settings.GUARD_PASSWORD_FORM = False
    assert 'name="password"' not in text(Client().get("/sign-in/"))
    assert Client().post("/sign-in/", {"login": "claire", "password": PASSWORD}).status_code == 403


def test_without_the_password_form_nobody_is_invited_to_choose_one(administrator: Client, settings: Settings) -> None:
    settings.GUARD_PASSWORD_FORM = False
    assert "has no way to sign in" in text(administrator.get("/people/new/"))
    new = {"username": "paul", "active": "on", "role": "merchant"}
    assert "/invitation/" not in text(administrator.post("/people/new/", new, follow=True))
    assert not User.objects.get(username="paul").has_usable_password()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_pages_of_signing_in_speak_the_readers_language(
    shop: World, sign_in: Callable[..., Client], language: str
) -> None:
    person = sign_in("claire", shop.store, language=language)
    page = text(person.get("/account/second-factor/"))
    assert f'lang="{language}"' in page
    assert ("Double authentification" in page) == (language == "fr")
