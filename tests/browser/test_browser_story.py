"""A merchant who never saw a terminal sets up the mapping, finds out why an order is stuck, and fixes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from sfsync.models import MarketplaceOrder, Process, Store, Task
from sfsync.testing import REFUNDED, SHIPPED, World
from shoppingfeed.sandbox import Fault

pytestmark = pytest.mark.xdist_group("browser")
REFUSAL = "Unknown carrier"

WORDS = {
    "en": {
        "settings": "Settings",
        "effect": "Review changes",
        "save": "Save these changes",
        "saved": "Saved.",
        "shipped": "Shipped",
        "needs": "1 order needs attention: 1 failed.",
        "overview": "Overview",
        "refused": f"Amazon.fr rejected the shipment: “{REFUSAL}”",
        "retry": "Retry",
        "processes": "Syncs",
        "run": "Sync now",
        "confirmed": "Confirmed",
        "out": "Sign out",
    },
    "fr": {
        "settings": "Réglages",
        "effect": "Vérifier les changements",
        "save": "Enregistrer ces changements",
        "saved": "Enregistré.",
        "shipped": "Expédiée",
        "needs": "1 commande à traiter : 1 en échec.",
        "overview": "Vue d’ensemble",
        "refused": REFUSAL,
        "retry": "Relancer",
        "processes": "Synchronisations",
        "run": "Synchroniser maintenant",
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
    assert Store.objects.get().statuses == {"shipped": [str(SHIPPED)]}

    order = shop.ship(shop.order(), "TRK-1")
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
    expect(page.locator("[name=login]")).to_be_visible()


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
    expect(page.get_by_role("heading", name="Send these updates?")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    page.locator("[name=order]").check()
    page.locator("[name=act][value=give-up]").click()
    page.get_by_role("button", name="Dismiss these updates").click()
    expect(page.get_by_text("1 update dismissed.")).to_be_visible()


def test_carriers_appear_with_the_answer_that_asks_for_them(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    """R4: by the stylesheet alone."""
    page = open_page()
    page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    sign_in(page, "claire")
    page.goto("/stores/main/settings/sending/")
    expect(page.get_by_label("Click and collect (1)")).to_be_hidden()
    page.get_by_label("Only with these carriers").check()
    page.get_by_label("Click and collect (1)").check()
    page.get_by_role("button", name="Review changes").click()
    expect(page.locator("#effect ins")).to_have_text("only with Click and collect (1)")
    page.get_by_role("button", name="Save these changes").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert Store.objects.get().ship_without_tracking == ["1"]


def test_the_keyboard_is_enough(shop: World, open_page: Callable[..., Page]) -> None:
    """Sign in, map the statuses, choose an order that failed, look at it, try it again: not one click on the way."""
    order = failed(shop)
    page = open_page()
    page.goto("/")
    page.keyboard.type("claire")
    page.keyboard.press("Tab")
    page.keyboard.type("correct-horse-battery")
    page.keyboard.press("Enter")
    page.locator("header.top").wait_for()

    walk(page, "Skip to the content", most=1)
    page.keyboard.press("Enter")
    walk(page, "Sync now", most=1)
    page.reload()

    walk(page, "Settings")
    enter(page, "**/settings/")
    walk(page, "Processing in progress 3")
    page.keyboard.type("Deliv")
    walk(page, "Review changes")
    enter(page)
    expect(page.locator("#effect")).to_be_focused()
    walk(page, "Save these changes", most=1)
    enter(page)
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert "3" in Store.objects.get().statuses["delivered"]

    walk(page, "Orders")
    enter(page, "**/orders/")
    walk(page, f"Select order {order}")
    page.keyboard.press("Space")
    walk(page, "Review and send…", key="Shift+Tab")
    enter(page, "**/act/")
    expect(page.get_by_role("heading", name="Send these updates?")).to_be_visible()
    walk(page, "Back")
    enter(page, "**/orders/")
    walk(page, str(order))
    enter(page, f"**/orders/{order}/")
    walk(page, "Retry")
    enter(page)
    expect(page.locator(".note.success")).to_have_text("1 update is being retried.")
    assert len(shop.accepted(order)) == 2


def failed(shop: World) -> int:
    """An order that the marketplace refused: it needs a person."""
    Store.objects.update(tries=1)
    shop.store.refresh_from_db()
    order = shop.ship(shop.order(), "TRK-1")
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), message=REFUSAL))
    shop.sync(wait=10)
    return order


def enter(page: Page, url: str = "**") -> None:
    """Press Enter, and be on the page that comes."""
    with page.expect_navigation(url=url):
        page.keyboard.press("Enter")


def walk(page: Page, name: str, *, key: str = "Tab", most: int = 90) -> None:
    """Press `key` until this is focused; wherever the focus rests on the way, it can be seen."""
    passed = []
    for _ in range(most):
        page.keyboard.press(key)
        focus = page.evaluate(FOCUS)
        passed.append(focus["name"])
        assert focus["visible"], f"the focus cannot be seen on {focus['name']!r}"
        if focus["name"] == name:
            return
    raise AssertionError(f"{name!r} is not reached: {passed}")


FOCUS = """() => {
    const here = document.activeElement, style = getComputedStyle(here), place = here.getBoundingClientRect();
    const label = here.labels && here.labels[0] ? here.labels[0].textContent : here.textContent;
    const name = (here.getAttribute("aria-label") || label || here.name || "").replace(/\\s+/g, " ").trim();
    const outlined = style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2;
    const inside = place.bottom > 0 && place.top < innerHeight && place.right > 0 && place.left < innerWidth;
    return {name, visible: here !== document.body && outlined && inside};
}"""


def test_escape_closes_a_menu(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    page = open_page()
    sign_in(page, "claire")
    page.locator(".menu.right summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Sign-in and security")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Sign-in and security")).to_be_hidden()
    expect(page.locator(".menu.right summary")).to_be_focused()


def test_live_progress_is_followed_without_reloading(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    """R22."""
    shop.sync()
    until = shop.now() + timedelta(hours=1)
    Process.objects.update(
        holder="x", host="m", pid=1, born=0, lease_until=until, progress="settle", started_at=shop.now()
    )
    page = open_page()
    sign_in(page, "claire")
    page.goto("/stores/main/processes/")
    expect(page.get_by_text("reading the answers…")).to_be_visible()
    Process.objects.update(holder="", outcome="ok", finished_at=timezone.now())
    expect(page.get_by_text("succeeded last time")).to_be_visible()


def test_an_order_is_followed_without_reloading_and_the_focus_stays(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    """R19, R22: what was unfolded stays so, and a screen reader is told once."""
    order = shop.ship(shop.order(), "TRK-1")
    shop.sync()
    page = open_page()
    sign_in(page, "claire")
    page.goto(f"/stores/main/orders/{order}/")
    expect(page.locator(".now .chip")).to_have_text("Sent, awaiting confirmation")
    page.get_by_text("Data sent (carrier, number, link)").click()
    page.locator("#mapping").focus()
    page.evaluate("window.same = true")
    shop.sync(wait=10)
    expect(page.locator(".now .chip")).to_have_text("Confirmed")
    expect(page.locator("#told")).to_contain_text("Confirmed.")
    expect(page.locator("#mapping")).to_be_focused()
    expect(page.locator(".story pre")).to_be_visible()
    expect(page.get_by_role("link", name="Refresh")).to_have_count(0)
    assert page.evaluate("window.same")


def test_a_refund_that_nobody_takes_is_done_by_hand(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    """R9 as the merchant lives it."""
    order = shop.order()
    shop.sync()
    MarketplaceOrder.objects.filter(shop_orders__key=order).update(channel="amazon")
    shop.shop.set_status(order, REFUNDED)
    shop.sync(wait=10)
    page = open_page()
    sign_in(page, "claire")
    page.locator(".needing a").click()
    page.get_by_role("button", name="Mark as done…").click()
    page.get_by_role("button", name="I have done it").click()
    expect(page.get_by_text("1 order marked as done.")).to_be_visible()
    expect(page.locator(".now .chip")).to_have_text("Confirmed")


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
