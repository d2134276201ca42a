"""A company's own provider (OpenID Connect), one of the tests' own on a real port: who comes in, and as what."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from sfsync.backoffice.kit.invitations import invite
from sfsync.guard.groups import read_roles, role_of
from sfsync.models import Act, Role
from tests.backoffice.conftest import PASSWORD
from tests.pages import text
from tests.provider import Provider, offered

ROLES = {"it": "administrator", "partners": "agency:acme", "audit": "read-only", "shops": "merchant"}


@pytest.fixture
def provider(db: None, settings: Settings) -> Iterator[Provider]:
    with offered(settings) as server:
        settings.GUARD_GROUP_ROLES = ROLES
        yield server


def led_to(answer: Any) -> str:
    """Where the page goes by itself, and leads who does not want to wait."""
    [by_itself] = re.findall(r'http-equiv="refresh" content="0;url=([^"]+)"', answer.content.decode())
    assert f'href="{by_itself}"' in answer.content.decode()
    return unescape(by_itself)


def come(provider: Provider, **person: Any) -> tuple[Client, Any]:
    """A browser that takes the button of the sign-in page, and what it gets in the end."""
    provider.person = {"preferred_username": "claire", "email": "claire@example.com", **person}
    browser = Client(headers={"accept-language": "en"})
    way = led_to(browser.post("/sign-in/oidc/company/login/?process=login"))
    assert way.startswith(f"{provider.url}/authorization?")
    asked = parse_qs(urlsplit(way).query)
    assert asked["code_challenge_method"] == ["S256"]
    answer = browser.get("/sign-in/oidc/company/login/callback/", {"code": "one-time", "state": asked["state"][0]})
    return browser, answer


def test_the_sign_in_page_offers_the_provider(provider: Provider) -> None:
    assert "Sign in with Acme" in text(Client().get("/sign-in/"))


def test_an_agency_signs_in_with_its_own_provider(provider: Provider) -> None:
    browser, _answer = come(provider, sub="1", groups=["shops", "football"])
    person = User.objects.get(username="claire")
    assert not person.is_staff
    assert not person.has_usable_password()
    assert browser.get("/").status_code == 200
    assert browser.get("/people/").status_code == 403


def test_the_groups_of_today_make_the_role_of_today(provider: Provider) -> None:
    come(provider, sub="1", groups=["shops"])
    browser, _answer = come(provider, sub="1", groups=["shops", "it"])
    assert browser.get("/people/").status_code == 200
    come(provider, sub="1", groups=["shops"])
    assert browser.get("/people/").status_code == 403
    assert User.objects.count() == 1


def test_who_comes_by_the_provider_comes_in_by_nothing_else(provider: Provider) -> None:
    """Not by a password that they gave themselves: taken out of the group, they are out."""
    browser, _answer = come(provider, sub="1", groups=["shops"])
    browser.post("/account/password/set/", {"password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.get().has_usable_password()
    alone = Client(headers={"accept-language": "en"})
    answer = alone.post("/sign-in/", {"login": "claire", "password": PASSWORD})
    assert answer.status_code == 403
    assert "your company" in answer.content.decode()
    assert Act.objects.first().what == "sign-in-failed"  # type: ignore[union-attr]
    assert alone.get("/")["Location"].startswith("/sign-in/")
    back, _answer = come(provider, sub="1", groups=["shops"])
    assert back.get("/").status_code == 200


def test_whom_a_password_would_not_let_in_is_given_no_link(provider: Provider, administrator: Client) -> None:
    """Nor is anything of theirs ended by asking for one."""
    browser, _answer = come(provider, sub="1", groups=["shops"])
    theirs = f"/people/{User.objects.get(username='claire').pk}/"
    page = text(administrator.get(theirs))
    assert "signs in without a password" in page
    assert "Make a new link" not in page
    assert administrator.post(f"{theirs}link/")["Location"] == theirs
    assert browser.get("/").status_code == 200


def test_without_the_provider_its_people_come_in_by_a_link(provider: Provider, settings: Settings) -> None:
    come(provider, sub="1", groups=["shops"])
    settings.GUARD_GROUP_ROLES = {}
    link = f"/invitation/{invite(User.objects.get())}/"
    Client().post(link, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert Client().post("/sign-in/", {"login": "claire", "password": PASSWORD})["Location"] == "/"


def test_the_provider_may_name_the_group_of_stores(provider: Provider) -> None:
    """Where it names none, the person keeps the one that they have."""
    for groups in (["partners"], ["audit"]):
        come(provider, sub="1", groups=groups)
        kept = Role.objects.get(user__username="claire")
        assert (kept.level, kept.group) == ({"partners": "agency", "audit": "read-only"}[groups[0]], "acme")


@pytest.mark.parametrize("groups", [[], None, ["football"], "football", [{"it": 1}], "IT"])
def test_who_is_in_no_group_with_a_role_stays_out(provider: Provider, groups: Any) -> None:
    browser, answer = come(provider, sub="1", groups=groups)
    assert answer.status_code == 403
    assert "gives you no access" in answer.content.decode()
    assert browser.get("/").status_code == 302
    assert not User.objects.exists()


def test_a_name_or_an_address_that_is_somebodys_makes_nobody_them(provider: Provider) -> None:
    User.objects.create_superuser("claire", email="claire@example.com", password="a-good-password-9")
    browser, _answer = come(provider, sub="7", groups=["shops"])
    assert browser.get("/people/").status_code == 403
    assert User.objects.count() == 2


def test_an_account_is_not_joined_to_somebody_who_is_signed_in(provider: Provider) -> None:
    root = User.objects.create_superuser("root", password="a-good-password-9")
    provider.person = {"sub": "7", "groups": ["shops"]}
    browser = Client()
    browser.force_login(root)
    way = led_to(browser.post("/sign-in/oidc/company/login/?process=connect"))
    state = parse_qs(urlsplit(way).query)["state"][0]
    answer = browser.get("/sign-in/oidc/company/login/callback/", {"code": "one-time", "state": state})
    assert answer.status_code == 403


def test_who_has_no_password_says_again_who_they_are_at_the_provider(provider: Provider) -> None:
    browser, _answer = come(provider, sub="1", groups=["it"])
    assert browser.get("/people/new/").status_code == 200
    session = browser.session
    session["account_authentication_methods"] = [{"method": "socialaccount", "at": time.time() - 901}]
    session.save()
    assert browser.get("/people/new/")["Location"].startswith("/sign-in/oidc/company/login/?")


def test_a_callback_that_nobody_asked_for_opens_nothing(provider: Provider) -> None:
    provider.person = {"sub": "1", "groups": ["it"]}
    browser = Client()
    browser.get("/sign-in/oidc/company/login/callback/", {"code": "one-time", "state": "made-up"})
    assert browser.get("/").status_code == 302
    assert not User.objects.exists()


@pytest.mark.parametrize(("groups", "role"), [
    (["it", "shops"], "administrator"), (["shops", "it"], "administrator"), ("shops it", "administrator"),
    (["shops", "partners"], "agency:acme"), (["shops"], "merchant"),
    ("shops,football", "merchant"), ([], ""), (None, ""), ([1, ["it"]], ""),
])  # fmt: skip
def test_the_highest_of_the_groups_roles_counts(groups: Any, role: str) -> None:
    assert role_of(groups, ROLES) == role


def test_roles_are_written_group_by_group() -> None:
    assert read_roles("it=administrator, cn=shops=merchant,") == {"it": "administrator", "cn=shops": "merchant"}
    assert read_roles("partners=agency:acme") == {"partners": "agency:acme"}
    for wrong in ("it", "it=king", "=merchant", "it=administrator:acme", "it=agency:", "it=agency:a b"):
        with pytest.raises(ValueError, match="takes group=role"):
            read_roles(wrong)
