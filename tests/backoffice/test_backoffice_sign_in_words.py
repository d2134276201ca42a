"""Every page of signing in, in both languages: what it says is in our own catalogue, allauth's sentences too."""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import allauth
import django
import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, resolve
from django.utils import translation
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData
from pytest_django import Settings

from sfsync.guard import throttle, urls
from sfsync.guard.words import SENTENCES
from sfsync.testing import World
from sfsync_server.derived import providers
from sfsync_server.environment import Environment
from tests.backoffice.conftest import PASSWORD
from tests.backoffice.test_backoffice_second_factor import set_up_app
from tests.unit.test_project import catalogues, translated

FACTORS = "/account/second-factor/"
KEYS = f"{FACTORS}keys/"
NO_PAGE = {"mfa_login_webauthn", "mfa_download_recovery_codes", "openid_connect_callback"}
READ = ("title", "placeholder", "alt", "aria-label", "data-label")
"""Attributes that somebody reads or hears."""
TITLE = re.compile(r"(?:Error:|Erreur\xa0:)?\s*(.*) · sfsync")
HOLE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
DATA = re.compile(
    r"[^a-zà-ÿ]*|claire|sfsync|main|phone|desk|EN|FR|English|Français|[A-Z2-7]{32}|([a-z0-9]{8}\s?)+", re.I
)
"""What is nobody's sentence: figures, names, addresses, codes."""


class Sentences(HTMLParser):
    """What a person reads or hears of a page."""

    def __init__(self, page: Any) -> None:
        super().__init__()
        self.said: set[str] = set()
        self.shown = True
        self.feed(page.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shown = tag not in ("script", "style")
        self.said |= {_plain(value or "") for name, value in attrs if name in READ}

    def handle_endtag(self, tag: str) -> None:
        self.shown = True

    def handle_data(self, data: str) -> None:
        if self.shown:
            self.said.add(_plain(data))


def _plain(text: str) -> str:
    return TITLE.sub(r"\1", re.sub(r"[ \n\t]+", " ", text).strip(" "))


@pytest.fixture(scope="module")
def in_french() -> re.Pattern[str]:
    """One or several sentences of our French catalogue; of Django's, what it says of forms and passwords."""
    texts = {text for path in catalogues("fr") for key, text in translated(path).items() if key}
    for place in ("conf", "contrib/auth"):
        django_says = gettext.translation("django", Path(django.__path__[0], place, "locale"), ["fr"])
        texts |= set(vars(django_says)["_catalog"].values())
    parts = "|".join(_pattern(text) for text in texts if re.search("[a-zà-ÿ]{2}", HOLE.sub("", text)))
    return re.compile(rf"(?:{parts})(?: (?:{parts}))*")


def _pattern(text: str) -> str:
    return r"\S+(?: \S+)?".join(map(re.escape, HOLE.split(re.sub(r"<[^>]*>", "", text))))


@pytest.fixture
def company(settings: Settings) -> None:
    given = Environment(
        oidc_url="http://127.0.0.1:1", oidc_name="Acme", oidc_client_id="sfsync", oidc_roles="it=administrator"
    )
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": providers(given)}}


def at_the_door(door: Client) -> Iterator[Any]:
    yield from map(door.get, ("/sign-in/", "/sign-in/cancelled/", "/sign-in/failed/", "/account/inactive/"))
    yield door.get("/sign-in/oidc/company/login/")
    yield door.post("/sign-in/", {})
    for _try in range(throttle.FREE_TO_A_PAIR + 1):
        yield door.post("/sign-in/", {"login": "claire", "password": "wrong"})
    yield door.post(f"{KEYS}login/", {"credential": "{}"}, follow=True)


def before_any_factor(claire: Client) -> Iterator[Any]:
    yield from (claire.get(f"/account/{each}/") for each in ("sessions", "password", "sign-out", "confirm"))
    yield from (
        claire.get(f"{FACTORS}{each}") for each in ("", "app/activate/", "keys/", "keys/add/", "codes/generate/")
    )
    yield claire.post(f"{FACTORS}app/activate/", {"code": "000000"})
    yield claire.post(f"{KEYS}add/", {"name": "", "credential": "{}"})
    yield claire.post(f"{FACTORS}codes/generate/")
    yield claire.post("/account/confirm/", {"password": "wrong"})
    yield claire.post("/account/password/", {})
    for old, new, again in (("wrong", "12345678", "12345678"), (PASSWORD, "claire1", "other"), (PASSWORD,) * 3):
        yield claire.post("/account/password/", {"oldpassword": old, "password1": new, "password2": again}, follow=True)
    yield claire.post("/account/sessions/", follow=True)


def with_factors(claire: Client, person: User) -> Iterator[Any]:
    set_up_app(claire)
    first = [passkey(person, "phone", True), passkey(person, "desk", False)][0]
    Authenticator.objects.filter(pk=first.pk).update(last_used_at=first.created_at)
    yield from (
        claire.get(f"{FACTORS}{each}") for each in ("", "keys/", "codes/", "codes/generate/", "app/deactivate/")
    )
    yield claire.get("/account/confirm/")
    for url in ("/account/confirm/second-factor/", f"{KEYS}reauthenticate/"):
        yield claire.get(url)
        yield claire.post(url, {"code": "000000", "credential": "{}"}, follow=True)
    for url in (f"{KEYS}keys/{first.pk}/edit/", f"{KEYS}keys/{first.pk}/remove/"):
        yield claire.get(url)
        yield claire.post(url, follow=True)
    yield claire.post(f"{FACTORS}codes/generate/", follow=True)


def at_the_second_factor(door: Client) -> Iterator[Any]:
    yield door.post("/sign-in/", {"login": "claire", "password": PASSWORD}, follow=True)
    for _try in range(7):
        yield door.post("/sign-in/second-factor/", {"code": "000000"})


def without_factors_again(claire: Client, person: User) -> Iterator[Any]:
    yield claire.post(f"{FACTORS}app/deactivate/", follow=True)
    person.set_unusable_password()
    person.save()
    claire.force_login(person)
    yield claire.get("/account/password/set/", follow=True)


def passkey(person: User, name: str, alone: bool) -> Authenticator:
    """One as a browser registers it; `alone`: whether it signs in without the password."""
    curve = ES256({1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32})
    key = AttestedCredentialData.create(b"\0" * 16, name.encode(), curve)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    attested = AttestationObject.create("none", AuthenticatorData.create(b"h" * 32, flags, 0, key), {})
    told = b'{"type": "webauthn.create", "challenge": "AA", "origin": "http://testserver"}'
    credential = {
        "id": websafe_encode(name.encode()),
        "rawId": websafe_encode(name.encode()),
        "type": "public-key",
        "response": {"clientDataJSON": websafe_encode(told), "attestationObject": websafe_encode(bytes(attested))},
        "clientExtensionResults": {"credProps": {"rk": alone}},
    }
    return Authenticator.objects.create(user=person, type="webauthn", data={"name": name, "credential": credential})


@pytest.fixture
def walk(shop: World, sign_in: Callable[..., Client], company: None) -> Callable[[str], list[Any]]:
    """Every page, in each state that says something else."""

    def through(language: str) -> list[Any]:
        claire, door = sign_in("claire", shop.store, language=language), Client(headers={"accept-language": language})
        person = User.objects.get()
        return [
            *at_the_door(door),
            *before_any_factor(claire),
            *with_factors(claire, person),
            *at_the_second_factor(Client(headers={"accept-language": language}, REMOTE_ADDR="192.0.2.1")),
            *without_factors_again(claire, person),
        ]

    return through


def names(patterns: Any) -> Iterator[str]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from names(each.url_patterns)
        elif isinstance(each, URLPattern) and each.name:
            yield each.name


def test_every_sentence_is_of_our_french_catalogue(
    walk: Callable[[str], list[Any]], in_french: re.Pattern[str]
) -> None:
    pages = walk("fr")
    walked = {resolve(page.request["PATH_INFO"]).url_name for page in pages}
    assert set(names(urls.urlpatterns)) - NO_PAGE <= walked
    foreign = {
        (text, page.request["PATH_INFO"])
        for page in pages
        for text in Sentences(page).said
        if not in_french.fullmatch(text) and not DATA.fullmatch(text)
    }
    assert foreign == set()


def test_a_passkey_has_one_name(walk: Callable[[str], list[Any]]) -> None:
    said = {text for page in walk("en") for text in Sentences(page).said}
    assert "Passkeys" in said
    assert [text for text in said if re.search("security key|two-factor", text, re.I)] == []


def test_what_we_say_in_allauths_place_is_still_said_there() -> None:
    """A sentence that a newer allauth has changed would be in allauth's words again."""
    theirs = gettext.translation("django", Path(allauth.__path__[0], "locale"), ["fr"])
    known = set(vars(theirs)["_catalog"])
    assert set(SENTENCES) - known == set()
    assert {key for path in catalogues("en") for key in translated(path) if key} - known == set()


def test_a_button_is_no_noun_in_french() -> None:
    """What takes back, and what marketplaces are told: one word in English."""
    with translation.override("fr"):
        assert [translation.gettext(each) for each in ("Cancel", "Cancellation")] == ["Annuler", "Annulation"]
