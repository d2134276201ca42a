"""A person's language: kept with them, on every machine they sign in on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from sfsync.models import Preference
from sfsync.testing import World
from tests.backoffice.conftest import PASSWORD
from tests.pages import text

COOKIE = settings.LANGUAGE_COOKIE_NAME
SignedIn = Callable[..., Client]


def machine(language: str = "en") -> Client:
    """A browser of somebody else's, that nobody has used yet."""
    return Client(headers={"accept-language": language})


def enter(browser: Client, name: str = "claire") -> str:
    return text(browser.post("/sign-in/", {"login": name, "password": PASSWORD}, follow=True))


def test_a_language_chosen_once_holds_on_the_next_machine(shop: World, merchant: Client) -> None:
    merchant.post("/language/", {"language": "fr", "next": "/"})
    other = machine("en")
    assert "Sign in" in text(other.get("/sign-in/"))
    assert "Vue d’ensemble" in enter(other)
    assert "Vue d’ensemble" in text(other.get("/stores/main/"))
    other.post("/sign-out/")
    assert "Se connecter" in text(other.get("/sign-in/")), "the pages before and after agree"


def test_who_has_not_chosen_reads_what_the_browser_speaks(shop: World, merchant: Client) -> None:
    browser = machine("fr")
    assert "Vue d’ensemble" in enter(browser)
    assert COOKIE not in browser.cookies
    assert not Preference.objects.exists()


def test_the_last_choice_counts(shop: World, merchant: Client) -> None:
    for code in ("fr", "en"):
        merchant.post("/language/", {"language": code, "next": "/"})
    assert [(kept.user.get_username(), kept.language) for kept in Preference.objects.all()] == [("claire", "en")]
    assert "Overview" in enter(machine("fr"))


def test_a_language_chosen_at_the_door_becomes_ones_own(shop: World, merchant: Client) -> None:
    """Somebody who switches the sign-in page to French and signs in must not be taken back to English."""
    Preference.objects.create(user=User.objects.get(username="claire"), language="en")
    door = machine("en")
    door.post("/language/", {"language": "fr", "next": "/sign-in/"})
    assert "Vue d’ensemble" in enter(door)
    assert Preference.objects.get().language == "fr"


def test_it_is_not_taken_for_the_choice_of_the_next_person(shop: World, sign_in: SignedIn) -> None:
    for name in ("claire", "paul"):
        sign_in(name, shop.store)
    desk = machine("en")
    desk.post("/language/", {"language": "fr", "next": "/sign-in/"})
    enter(desk, "claire")
    desk.post("/sign-out/")
    enter(desk, "paul")
    assert [kept.user.get_username() for kept in Preference.objects.all()] == ["claire"]


@pytest.mark.parametrize("code", ["de", "", "../fr", "f" * 300])
def test_a_language_that_the_pages_do_not_speak_is_not_kept(merchant: Client, code: str) -> None:
    merchant.post("/language/", {"language": code, "next": "/"})
    Client().post("/language/", {"language": code, "next": "/"})
    assert not Preference.objects.exists()
    assert "Overview" in text(merchant.get("/stores/main/"))


def test_a_language_is_chosen_by_a_form_only(merchant: Client) -> None:
    assert merchant.get("/language/", {"language": "fr"}).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/language/", {"language": "fr"}).status_code == 403
    assert not Preference.objects.exists()


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_way_back_stays_in_the_back_office(merchant: Client, elsewhere: str) -> None:
    answer = merchant.post("/language/", {"language": "fr", "next": elsewhere})
    assert answer["Location"] == "/"


def test_a_page_reads_nothing_to_know_the_language(
    shop: World, merchant: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    merchant.post("/language/", {"language": "fr", "next": "/"})
    with django_assert_max_num_queries(12) as seen:
        assert "Vue d’ensemble" in text(merchant.get("/stores/main/"))
    assert not any("sfsync_preference" in query["sql"] for query in seen.captured_queries)


def test_the_cookie_is_as_safe_as_the_others(shop: World, sign_in: SignedIn, settings: Any) -> None:
    settings.LANGUAGE_COOKIE_SECURE = True
    sign_in("claire", shop.store).post("/language/", {"language": "fr", "next": "/"})
    browser = machine()
    browser.post("/sign-in/", {"login": "claire", "password": PASSWORD}, follow=True)
    assert browser.cookies[COOKIE].value == "fr"
    assert browser.cookies[COOKIE]["secure"]
    assert int(browser.cookies[COOKIE]["max-age"]) == settings.LANGUAGE_COOKIE_AGE
