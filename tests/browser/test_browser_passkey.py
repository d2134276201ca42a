"""A merchant adds a passkey and signs in with it alone, with Chromium's virtual authenticator."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from sfsync.testing import World
from tests.browser.conftest import PASSWORD


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
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button.primary").click()
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
