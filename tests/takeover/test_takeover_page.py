"""The page on which a person decides who sends: shown first, then done, by who may (R23)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from sfsync.models import Takeover
from sfsync.testing import World
from tests.pages import text
from tests.takeover.test_takeover import CANCELED, SHIPPED, Place, place_by_key

PAGE, DIAGNOSTICS = "/stores/main/takeover/", "/stores/main/diagnostics/"


@pytest.fixture(autouse=True)
def at_once(settings: Settings) -> None:
    settings.BACKOFFICE_STARTER = f"{__name__}.leave_it"
    cache.clear()


def leave_it(store_id: int) -> None:
    """No sync: the page is what is looked at."""


@pytest.fixture
def somebody(db: None) -> Callable[..., Client]:
    def make(place: Place, *, administrator: bool = False) -> Client:
        user = User.objects.create_user("claire", password="correct-horse-battery", is_staff=administrator)
        place.store.members.add(user)
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def by_database(db: None, tmp_path: Path, mariadb_database: str) -> Place:
    world = World(tmp_path, database=mariadb_database)
    world.shop.install_old_module()
    return Place(world, world.shop.url)


def post(client: Client, do: str, account: str = "") -> str:
    """As the form that the page shows."""
    page = client.get(PAGE).content.decode()
    seen = re.findall(r'name="seen"\s+value="([^"]*)"', page)
    assert len(seen) == 1
    return text(client.post(PAGE, {"do": do, "seen": seen[0], "account": account}, follow=True))


def test_an_administrator_takes_over_with_an_account_and_gives_back(
    by_database: Place, somebody: Callable[..., Client]
) -> None:
    before = by_database.rows()
    client = somebody(by_database, administrator=True)
    assert "Decide who sends" in text(client.get(DIAGNOSTICS))
    assert f"{SHIPPED}</span> (all shops) – “checked” → “”" in text(client.get(PAGE))
    assert "Done: sfsync alone sends now." in post(client, "take", by_database.account)
    assert (by_database.set_to(SHIPPED), by_database.set_to(CANCELED)) == ([""], [""])
    page = client.get(PAGE)
    assert f"{SHIPPED}</span> (all shops) – “” → “checked”" in text(page)
    assert by_database.account not in page.content.decode()
    assert "as they were" in post(client, "give", by_database.account)
    assert by_database.rows() == before


def test_a_file_of_the_server_is_no_account(by_database: Place, somebody: Callable[..., Client]) -> None:
    client = somebody(by_database, administrator=True)
    assert "A file of the server can be given" in post(client, "take", "sqlite:////tmp/some.sqlite3")
    assert by_database.set_to(SHIPPED) == ["checked"]


def test_without_an_account_nothing_changes_and_the_page_says_why(
    by_database: Place, somebody: Callable[..., Client]
) -> None:
    before = by_database.rows()
    assert "needs an account of its database" in post(somebody(by_database, administrator=True), "take")
    assert by_database.rows() == before


def test_a_merchant_names_no_host_of_his_own(by_database: Place, somebody: Callable[..., Client]) -> None:
    """Only an administrator gives an account; what a merchant sends in its place is not used."""
    client, before = somebody(by_database), by_database.rows()
    page = client.get(PAGE).content.decode()
    assert "which an administrator gives" in page
    assert 'name="account"' not in page
    rows = [row for row in before if row[1] in (SHIPPED, CANCELED)]
    seen = " ".join(f"{row[0]}={row[2]}" for row in rows)
    answer = client.post(PAGE, {"do": "take", "seen": seen, "account": by_database.account}, follow=True)
    assert "needs an account of its database" in text(answer)
    assert by_database.rows() == before


def test_a_merchant_takes_over_through_the_web_service(
    db: None, tmp_path: Path, somebody: Callable[..., Client]
) -> None:
    for place in place_by_key(tmp_path):
        client = somebody(place)
        assert "Done: sfsync alone sends now." in post(client, "take")
        assert (place.set_to(SHIPPED), Takeover.objects.get().who) == ([""], "claire")


def test_what_is_not_what_was_shown_is_shown_again(by_database: Place, somebody: Callable[..., Client]) -> None:
    client = somebody(by_database, administrator=True)
    given = {"do": "take", "seen": "1=other", "account": by_database.account}
    assert "have changed meanwhile" in text(client.post(PAGE, given, follow=True))
    assert by_database.set_to(SHIPPED) == ["checked"]


def test_somebody_elses_store_is_unknown(by_database: Place) -> None:
    client = Client()
    client.force_login(User.objects.create_user("eve", password="correct-horse-battery"))
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, {"do": "take"}).status_code == 404
