"""Every page in both colours and both languages, on a desk and on a phone: axe-core finds nothing serious, nothing is
wider than the screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Page

from sfsync.models import MarketplaceOrder, Order
from sfsync.testing import World
from shoppingfeed.sandbox import Fault

pytestmark = pytest.mark.xdist_group("browser")
STORE: tuple[str, ...] = (
    "",
    "orders/",
    "log/",
    "processes/",
    "marketplaces/",
    "settings/",
    "settings/sending/",
    "settings/mails/",
)
STORE += ("settings/connection/", "settings/history/", "diagnostics/", "orders/?state=failed", "orders/?q=nothing")
AWAY = ("", "orders/", "log/", "processes/", "settings/", "settings/sending/", "diagnostics/")
PAGES = ("/", "/fleet/", "/people/", "/people/new/", "/new-store/", "/account/password/", "/diagnostics/")


@pytest.fixture
def busy(shop: World) -> World:
    """Something of everything: confirmed, refused, waiting, in flight, long texts, a store without anything, and one
    whose shop does not answer."""
    for number in range(4):
        shop.ship(shop.order(), f"TRK-{number}")
    refused = shop.ship(shop.order(), "A-VERY-LONG-TRACKING-NUMBER-WITHOUT-ANY-SPACE-0123456789-0123456789")
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(refused), message="no such carrier " * 20, times=None))
    shop.sync(wait=10)
    shop.ship(shop.order())
    shop.ship(shop.order(), "TRK-9")
    shop.sync()
    Order.objects.filter(key=refused).update(shop_reference="S" * 64)
    there = MarketplaceOrder.objects.filter(shop_orders__key=refused)
    there.update(reference="R" * 128, channel="AMarketplaceWithALongNameAndNoSpace")
    shop.add_store("a-second-store-with-quite-a-long-name", shop_url=shop.shop.url, statuses={})
    away = shop.add_store("away", shop_url="mysql+pymysql://reader:pw@127.0.0.1:1/shop", feed_store_id=11)
    shop.sync(store=away)
    return shop


@pytest.mark.parametrize(
    ("language", "light", "dark"), [("en", 1280, 390), ("fr", 390, 1280)], ids=["english", "french"]
)
def test_no_page_has_a_serious_obstacle_or_a_horizontal_scroll_bar(
    busy: World,
    open_page: Callable[..., Page],
    sign_in: Callable[[Page, str], None],
    language: str,
    light: int,
    dark: int,
) -> None:
    """Every page is loaded once a language, and looked at in light on one width and in dark on the other one."""
    page = open_page(language, light)
    page.goto("/sign-in/")
    found = looked_at(page, light, dark)
    sign_in(page, "root")
    refused, waiting = busy.shop.order_ids()[4:6]
    orders = [f"/stores/main/orders/{each}/" for each in (refused, waiting)]
    person = f"/people/{User.objects.get(username='claire').pk}/"
    for url in [
        *PAGES,
        person,
        *(f"/stores/main/{name}" for name in STORE),
        *(f"/stores/away/{name}" for name in AWAY),
    ]:
        page.goto(url)
        found += looked_at(page, light, dark)
    for url, act in zip(orders, ("send", "give-up"), strict=True):
        page.goto(url)
        found += looked_at(page, light, dark)
        page.locator(f"[name=act][value={act}]").click()
        found += looked_at(page, light, dark)
    page.goto("/fleet/?q=a")
    page.locator("[name=store]").first.check()
    page.locator("[name=act][value=pause]").click()
    found += looked_at(page, light, dark)
    page.goto("/stores/main/settings/sending/")
    page.locator("[name=without][value=some]").check()
    found += looked_at(page, light, dark)
    page.locator("[name=carriers]").first.check()
    page.locator("[name=do]").click()
    page.locator("#effect").wait_for()
    found += looked_at(page, light, dark)
    assert found == []


def looked_at(page: Page, light: int, dark: int) -> list[str]:
    """What stands in somebody's way on this page, with everything that can be unfolded open."""
    page.evaluate("document.querySelectorAll('details:not(.menu)').forEach((each) => { each.open = true; })")
    found = []
    for scheme, width in (("light", light), ("dark", dark)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 844})
        where = f"{page.url}, {scheme}, {width} pixels"
        found += [f"{where}: {each}" for each in obstacles(page)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{where}: wider than the screen")
    return found


def looked_at_once(page: Page, width: int) -> list[str]:
    """The same on a page as it is shown now."""
    wide = page.evaluate("document.documentElement.scrollWidth") > width
    return [
        *(f"{page.url}: {each}" for each in obstacles(page)),
        *([f"{page.url}: wider than the screen"] if wide else []),
    ]


def obstacles(page: Page) -> list[str]:
    """What axe-core calls serious or critical, contrast included."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{each['id']} at {node['target']}"
        for each in violations
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
