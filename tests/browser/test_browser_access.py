"""Every page on every width, in both colours: axe-core finds nothing serious, nothing is wider than the screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from sfsync.testing import World
from shoppingfeed.sandbox import Fault

pytestmark = pytest.mark.xdist_group("browser")
STORE = ("", "orders/", "log/", "processes/", "marketplaces/", "settings/", "settings/sending/", "settings/mails/")
STORE += ("settings/connection/", "settings/history/", "diagnostics/", "orders/?state=failed", "orders/?q=nothing")
PAGES = ("/", "/people/", "/people/new/", "/new-store/", "/password/", "/diagnostics/")


@pytest.fixture
def busy(shop: World) -> World:
    """Something of everything: confirmed, refused, waiting, in flight, long texts, a second store."""
    for number in range(4):
        shop.ship(shop.order(), f"TRACK-{number}")
    refused = shop.ship(shop.order(), "A-VERY-LONG-TRACKING-NUMBER-WITHOUT-ANY-SPACE-0123456789-0123456789")
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(refused), message="no such carrier " * 20, times=None))
    shop.sync(wait=10)
    shop.ship(shop.order())
    shop.ship(shop.order(), "TRACK-9")
    shop.sync()
    shop.add_store("a-second-store-with-quite-a-long-name", shop_url=shop.shop.url, statuses={})
    return shop


@pytest.mark.parametrize(("width", "dark", "language"), [(1280, False, "en"), (390, True, "fr")])
def test_no_page_has_a_serious_obstacle_or_a_horizontal_scroll_bar(
    busy: World,
    open_page: Callable[..., Page],
    sign_in: Callable[[Page, str], None],
    width: int,
    dark: bool,
    language: str,
) -> None:
    page = open_page(language, width, dark)
    page.goto("/sign-in/")
    found = obstacles(page)
    sign_in(page, "root")
    refused = busy.shop.order_ids()[4]
    urls = [*PAGES, *(f"/stores/main/{name}" for name in STORE), f"/stores/main/orders/{refused}/"]
    for url in urls:
        page.goto(url)
        found += [f"{url}: {each}" for each in obstacles(page)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{url}: wider than {width} pixels")
    assert found == []


def obstacles(page: Page) -> list[str]:
    """What axe-core calls serious or critical, contrast included."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{each['id']} at {node['target']}"
        for each in violations
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
