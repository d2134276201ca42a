"""A merchant adds a passkey and signs in with it alone, with Chromium's virtual authenticator; and no page of it has an
obstacle."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from sfsync.testing import World
from tests.browser.conftest import PASSWORD
from tests.browser.test_browser_access import looked_at_once


def authenticator_of(page: Page) -> None:
    """A device with a fingerprint reader, whose owner always says yes."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    has = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options = {**has, "isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_merchant_signs_in_with_a_passkey(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    page = open_page()
    authenticator_of(page)
    sign_in(page, "claire")
    page.goto("/account/second-factor/keys/add/")
    page.locator("[name=passwordless]").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url("**/account/second-factor/codes/")
    assert Authenticator.objects.get(type="webauthn").wrap().is_passwordless
    page.locator(".who").click()
    page.locator("header form[action$='sign-out/'] button").click()
    page.locator("#passkey_login").click()
    expect(page.locator("header.top .who")).to_have_text("claire")
    page.goto("/account/sessions/")
    page.locator("[name=here]").click()
    expect(page.locator("#passkey_login")).to_be_visible()


SECURITY = ("", "app/activate/", "keys/add/", "keys/", "codes/generate/", "codes/")
PAGES = (
    *(f"/account/second-factor/{each}" for each in SECURITY),
    "/account/sessions/",
    "/account/password/",
    "/record/",
)


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("fr", 390)], ids=["english", "french"])
def test_no_page_of_signing_in_has_an_obstacle(
    shop: World, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None], language: str, width: int
) -> None:
    """With a passkey and recovery codes, in light on a desk and in dark on a phone; the page that asks again is one."""
    page = open_page(language, width, dark=width < 500)
    authenticator_of(page)
    sign_in(page, "root")
    page.goto("/account/confirm/?next=/account/second-factor/keys/add/")
    found = looked_at_once(page, width)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button.primary").click()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url("**/account/second-factor/codes/")
    for url in PAGES:
        page.goto(url)
        found += looked_at_once(page, width)
    assert found == []
