"""The first day by the keyboard alone: every stop can be seen, and what a step came to is where the focus is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sfsync.backoffice.screens.welcome import code
from sfsync.shops.prestashop.sample_webservice.standin import KEY
from sfsync.testing import World
from tests.browser.conftest import PASSWORD
from tests.browser.test_browser_first_day import WORDS, outside
from tests.database.engine.test_feed_links import link, sent

__all__ = ["outside"]
pytestmark = pytest.mark.xdist_group("browser")
MOST_STOPS = 60

STOP = """() => {
  const at = document.activeElement, look = getComputedStyle(at), box = at.getBoundingClientRect();
  const label = (at.labels && at.labels[0] && at.labels[0].innerText) || "";
  return {
    name: at === document.body ? "" : (label || at.innerText || at.value || "").trim(),
    seen: (look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 1)
      && box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    read: (at.getAttribute("aria-describedby") || "").split(" ").map(
      (id) => (document.getElementById(id) || {}).innerText || "").join(" "),
    wrong: at.getAttribute("aria-invalid") === "true",
  };
}"""


class Keys:
    """A person who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def stop(self) -> Any:
        """Where the focus is: its name, whether it can be seen, and what is read out with it."""
        return self.page.evaluate(STOP)

    def to(self, name: str) -> None:
        """By Tab; whatever is passed on the way has to show that it has the focus."""
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            stop = self.stop
            assert stop["seen"], stop
            if stop["name"] == name:
                return
        raise AssertionError(f"{name} is not reached by Tab")

    def fill(self, name: str, text: str) -> None:
        self.to(name)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def press(self, name: str) -> None:
        self.to(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_first_day_is_walked_by_the_keyboard_alone(
    outside: tuple[World, str, str], open_page: Callable[..., Page], language: str
) -> None:
    (world, feed, shop), say, page = outside, WORDS[language], open_page(language)
    there = link(world, world.ship(world.order(), "TRK-1"))
    keys = Keys(page)
    page.goto("/welcome/")
    first = [page.locator(f"label[for=id_{name}]").inner_text() for name in ("code", "username", "password")]
    begin = page.locator("button.primary").inner_text()
    keys.fill(first[0], code())
    keys.fill(first[1], "claire")
    keys.fill(first[2], "12345678")
    keys.press(begin)

    stop = keys.stop
    assert (stop["name"], stop["wrong"]) == (first[2], True)
    assert page.locator("#id_password_error").inner_text() in stop["read"]
    page.keyboard.type(PASSWORD)
    keys.press(begin)

    keys.fill(say["token"], "no-such-token")
    keys.to(say["elsewhere"])
    page.keyboard.press("Enter")
    keys.fill(say["address"], feed)
    keys.press(say["next"])
    assert say["refused"] in keys.stop["name"]
    keys.fill(say["token"], "sandbox-token")
    keys.press(say["next"])

    keys.to({"en": "its database", "fr": "sa base de données"}[language])
    page.keyboard.press("ArrowDown")
    assert keys.stop["name"] == say["webservice"]
    keys.fill(say["key"], KEY)
    keys.fill(say["shop"], shop)
    keys.press(say["next"])
    keys.press(say["save"])
    keys.fill(say["recipients"], "claire@example.com")
    keys.press(say["next"])

    keys.press(say["look"])
    assert say["found"] in keys.stop["name"]
    keys.press(say["on"])
    expect(page.get_by_text(say["begun"])).to_be_visible()
    assert sent(world, there) == [("ship", "TRK-1")]
