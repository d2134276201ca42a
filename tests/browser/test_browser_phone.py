"""A phone, 390 px wide, in French: the longest words on the narrowest screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from sfsync.testing import World

PAGES = ("orders/", "log/", "processes/", "marketplaces/", "settings/", "settings/sending/", "diagnostics/")
STICKING_OUT = """() => [...document.querySelectorAll("main .panel :is(input, select, textarea, button, .button)")]
    .filter((each) => each.getBoundingClientRect().width > 1 && !each.closest(".scroll"))
    .filter((each) => each.getBoundingClientRect().right > each.closest(".panel").getBoundingClientRect().right - 8)
    .map((each) => each.outerHTML)"""
HINT = """(strip) => ({
    goesOn: strip.scrollWidth > strip.clientWidth,
    attachments: getComputedStyle(strip).backgroundAttachment,
    layers: getComputedStyle(strip).backgroundImage.match(/linear-gradient/g).length,
})"""
SHADOWS = {"attachments": "local, local, scroll, scroll", "layers": 4}


@pytest.fixture
def phone(shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]) -> Callable[..., Page]:
    """Somebody signed in who has orders, and a log."""

    def make(dark: bool = False) -> Page:
        shop.ship(shop.order(), "TRK-1")
        shop.sync()
        page = open_page("fr", width=390, dark=dark)
        sign_in(page, "claire")
        return page

    return make


def test_nothing_sticks_out(phone: Callable[..., Page]) -> None:
    page = phone()
    for name in PAGES:
        page.goto(f"/stores/main/{name}")
        assert page.evaluate(STICKING_OUT) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") == 390, name


@pytest.mark.parametrize("dark", [False, True])
def test_what_goes_on_sideways_shows_it_at_its_edge(phone: Callable[..., Page], dark: bool) -> None:
    """The ways between the screens, the tabs of the settings, and a wide table."""
    page = phone(dark)
    for url, strip in (("settings/", ".side"), ("settings/", ".tabs"), ("marketplaces/", ".scroll >> nth=0")):
        page.goto(f"/stores/main/{url}")
        assert page.locator(strip).evaluate(HINT) == {"goesOn": True, **SHADOWS}


def test_the_name_of_a_row_stays_while_its_table_moves(phone: Callable[..., Page]) -> None:
    page = phone()
    page.goto("/stores/main/marketplaces/")
    table = page.locator(".scroll").first
    name = table.locator("tbody th").first
    before = name.bounding_box()
    table.evaluate("(each) => each.scrollLeft = 200")
    assert name.bounding_box() == before


def test_an_entry_of_the_log_is_a_short_card(phone: Callable[..., Page]) -> None:
    """R21: when, what kind and which order on one line; nothing where there is no order."""
    page = phone()
    page.goto("/stores/main/log/")
    tops = [each.bounding_box() for each in page.locator("table.log tr:has(a) >> nth=0").locator("td").all()]
    assert all(tops)
    assert len({round((box or {"y": 0})["y"] / 8) for box in tops[:3]}) <= 2
    assert page.locator("table.log td.none:visible").count() == 0
