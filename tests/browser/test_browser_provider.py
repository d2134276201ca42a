"""Somebody signs in at their company's provider, which is on another site than the pages are."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from pytest_django import Settings

from sfsync.testing import World
from tests.provider import offered


def test_a_company_signs_in_at_its_own_site(shop: World, open_page: Callable[..., Page], settings: Settings) -> None:
    """Chromium follows no redirect to there that answers a form."""
    page = open_page()
    settings.GUARD_GROUP_ROLES = {"shops": "merchant"}
    with offered(settings) as provider:
        provider.person = {"sub": "1", "preferred_username": "marie", "groups": ["shops"]}
        page.goto("/sign-in/")
        page.get_by_role("button", name="Sign in with Acme").click()
        expect(page.locator("header.top .who")).to_have_text("marie")
