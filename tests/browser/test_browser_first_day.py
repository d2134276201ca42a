"""The first day in the browser: from the code in the log to an order that the marketplace has confirmed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect
from pytest_django import Settings

from sfsync.backoffice.screens.welcome import code
from sfsync.models import Store
from sfsync.shops.prestashop.sample_webservice.serving import served
from sfsync.shops.prestashop.sample_webservice.standin import KEY, Standin
from sfsync.testing import World
from tests.browser.conftest import PASSWORD
from tests.browser.test_browser_access import looked_at_once
from tests.database.engine.test_feed_links import link, sent

pytestmark = pytest.mark.xdist_group("browser")

WORDS = {
    "en": {
        "token": "Token",
        "elsewhere": "Shopping Feed at another address",
        "address": "Address of the Shopping Feed API",
        "next": "Test and continue",
        "refused": "Shopping Feed refused the token.",
        "webservice": "its web service",
        "shop": "Address of the shop",
        "key": "Key of the shop's web service",
        "save": "Save and continue",
        "recipients": "Recipients",
        "look": "Show what would be sent",
        "found": "1 update would be sent.",
        "on": "Switch the store on",
        "begun": "This store is switched on, and its first sync has begun.",
        "confirmed": "Confirmed",
    },
    "fr": {
        "token": "Clé d’API (token)",
        "elsewhere": "Shopping Feed à une autre adresse",
        "address": "Adresse de l’API Shopping Feed",
        "next": "Tester et continuer",
        "refused": "Shopping Feed a refusé la clé d’API.",
        "webservice": "son webservice",
        "shop": "Adresse de la boutique",
        "key": "Clé du webservice de la boutique",
        "save": "Enregistrer et continuer",
        "recipients": "Destinataires",
        "look": "Voir ce qui serait transmis",
        "found": "1 mise à jour serait transmise.",
        "on": "Activer la boutique",
        "begun": "La boutique est activée et sa première synchronisation a commencé.",
        "confirmed": "Confirmée",
    },
}


@pytest.fixture
def outside(transactional_db: None, tmp_path: Path, settings: Settings) -> Iterator[tuple[World, str, str]]:
    """A shop with a web service and a Shopping Feed, by their addresses; and nobody who can sign in."""
    settings.BACKOFFICE_STARTER = "sfsync.backoffice.kit.starting.at_once"
    cache.clear()
    world = World(tmp_path)
    Store.objects.all().delete()
    with world.sandbox.serve() as server, served(Standin(world.shop)) as shop:
        yield world, server.url, shop


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("fr", 390)], ids=["english", "french"])
def test_a_stranger_comes_from_the_code_to_a_confirmed_order(
    outside: tuple[World, str, str], open_page: Callable[..., Page], language: str, width: int
) -> None:
    """Without JavaScript, left once and taken up again; no page has an obstacle, or is wider than the screen."""
    (world, feed, shop), say, page = outside, WORDS[language], open_page(language, width, dark=width < 500)
    found: list[str] = []
    there = link(world, order := world.ship(world.order(), "TRK-1"))
    page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto("/welcome/")
    page.locator("[name=code]").fill(code())
    page.locator("[name=username]").fill("claire")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("button.primary").click()

    page.get_by_label(say["token"], exact=True).fill("no-such-token")
    page.get_by_text(say["elsewhere"]).click()
    page.get_by_label(say["address"]).fill(feed)
    found += looked_at_once(page, width)
    page.get_by_role("button", name=say["next"]).click()
    expect(page.get_by_text(say["refused"])).to_be_visible()
    page.get_by_label(say["token"], exact=True).fill("sandbox-token")
    page.get_by_role("button", name=say["next"]).click()

    page.get_by_label(say["webservice"]).check()
    found += looked_at_once(page, width)
    page.goto("/")
    page.locator(".card .primary").click()
    page.get_by_label(say["webservice"]).check()
    page.get_by_label(say["shop"], exact=True).fill(shop)
    page.get_by_label(say["key"]).fill(KEY)
    page.get_by_role("button", name=say["next"]).click()

    found += looked_at_once(page, width)
    page.get_by_role("button", name=say["save"]).click()
    found += looked_at_once(page, width)
    page.get_by_label(say["recipients"]).fill("claire@example.com")
    page.get_by_role("button", name=say["next"]).click()

    page.get_by_role("button", name=say["look"]).click()
    expect(page.get_by_text(say["found"])).to_be_visible()
    found += looked_at_once(page, width)
    assert sent(world, there) == []
    page.get_by_role("button", name=say["on"]).click()
    expect(page.get_by_text(say["begun"])).to_be_visible()
    page.goto(f"/stores/main/orders/{order}/")
    expect(page.locator(".now .chip")).to_have_text(say["confirmed"])
    assert sent(world, there) == [("ship", "TRK-1")]
    assert found == []
