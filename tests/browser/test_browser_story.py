"""A merchant who never saw a terminal sets up the mapping, finds out why an order is stuck, and fixes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from sfsync.models import Process, Store, Task
from sfsync.testing import SHIPPED, World
from shoppingfeed.sandbox import Fault

pytestmark = pytest.mark.xdist_group("browser")
REFUSAL = "Unknown carrier"

WORDS = {
    "en": {
        "settings": "Settings",
        "effect": "See the effect",
        "save": "Save these changes",
        "saved": "Saved.",
        "shipped": "Shipped",
        "needs": "1 order needs you.",
        "overview": "Overview",
        "refused": f"The marketplace refused “shipped”: {REFUSAL}",
        "retry": "Try again",
        "processes": "Processes",
        "run": "Run now",
        "confirmed": "Confirmed",
        "out": "Sign out",
    },
    "fr": {
        "settings": "Réglages",
        "effect": "Voir l’effet",
        "save": "Enregistrer ces changements",
        "saved": "Enregistré.",
        "shipped": "Expédiée",
        "needs": "1 commande a besoin de vous.",
        "overview": "Vue d’ensemble",
        "refused": REFUSAL,
        "retry": "Réessayer",
        "processes": "Processus",
        "run": "Lancer maintenant",
        "confirmed": "Confirmée",
        "out": "Se déconnecter",
    },
}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_map_the_statuses_see_an_order_fail_read_why_fix_it_and_see_it_confirmed(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None], language: str
) -> None:
    """R1, R14, R16, R20 as the merchant lives them."""
    say, page = WORDS[language], open_page(language)
    Store.objects.update(statuses={}, tries=1, language=language)
    sign_in(page, "claire")

    page.get_by_role("link", name=say["settings"], exact=True).click()
    page.locator(f"[name=status-{SHIPPED}]").select_option(label=say["shipped"])
    page.get_by_role("button", name=say["effect"]).click()
    page.get_by_role("button", name=say["save"]).click()
    expect(page.get_by_text(say["saved"])).to_be_visible()
    assert Store.objects.get().statuses == {"shipped": [SHIPPED]}

    order = shop.ship(shop.order(), "TRACK-1")
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), message=REFUSAL))
    run_twice(page, say, shop)
    page.get_by_role("link", name=say["overview"], exact=True).click()
    expect(page.get_by_text(say["needs"])).to_be_visible()

    page.locator(".needing a").click()
    expect(page.locator(".now")).to_contain_text(say["refused"])
    page.get_by_role("button", name=say["retry"]).click()
    run_twice(page, say, shop)

    page.goto(f"/stores/main/orders/{order}/")
    expect(page.locator(".now .chip")).to_have_text(say["confirmed"])
    assert shop.belief(order).status == "shipped"  # type: ignore[union-attr]
    page.locator(".menu.right summary").click()
    page.get_by_role("button", name=say["out"]).click()
    expect(page.locator("[name=username]")).to_be_visible()


def run_twice(page: Page, say: dict[str, str], shop: World) -> None:
    """The first run sends, the second one reads the ticket."""
    for _ in range(2):
        page.get_by_role("link", name=say["processes"], exact=True).click()
        page.get_by_role("button", name=say["run"]).click()
        expect(page.locator(".note.success")).to_be_visible()
        shop.advance(minutes=1)
        make_due()


def make_due() -> None:
    """A ticket is looked at two seconds after its send: let them pass."""
    Task.objects.update(update_at=timezone.now())


def test_everything_works_without_javascript(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    shop.ship(shop.order())
    shop.sync()
    shop.advance(minutes=10)
    shop.sync()
    page = open_page()
    page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    sign_in(page, "claire")
    page.goto("/stores/main/orders/?state=failed")
    page.locator("[name=order]").check()
    page.locator("[name=act][value=send]").click()
    expect(page.get_by_role("heading", name="Send now?")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    page.locator("[name=order]").check()
    page.locator("[name=act][value=give-up]").click()
    page.get_by_role("button", name="Give these updates up").click()
    expect(page.get_by_text("1 update was given up.")).to_be_visible()


def test_the_keyboard_is_enough(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    shop.ship(shop.order())
    shop.sync()
    page = open_page()
    page.goto("/")
    page.keyboard.type("claire")
    page.keyboard.press("Tab")
    page.keyboard.type("correct-horse-battery")
    page.keyboard.press("Enter")
    page.locator("header.top").wait_for()
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    for _ in range(12):
        if focused(page) == "Orders":
            break
        page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/")
    menu = page.locator(".menu.right summary")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Change password")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Change password")).to_be_hidden()


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def test_live_progress_is_followed_without_reloading(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    """R22."""
    shop.sync()
    until = shop.now() + timedelta(hours=1)
    Process.objects.update(holder="x", host="m", pid=1, lease_until=until, progress="settle", started_at=shop.now())
    page = open_page()
    sign_in(page, "claire")
    page.goto("/stores/main/processes/")
    expect(page.get_by_text("reading the answers…")).to_be_visible()
    Process.objects.update(holder="", outcome="ok", finished_at=timezone.now())
    expect(page.get_by_text("last run went well")).to_be_visible()


def test_the_report_is_copied_with_one_button(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, "claire")
    page.goto("/stores/main/diagnostics/")
    page.get_by_role("button", name="Copy the report").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "[ok] main: shop: PrestaShop" in page.evaluate("navigator.clipboard.readText()")
