"""Headers, cookies, forms, throttling, and secrets that never reach a page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from sfsync.models import LogEntry
from sfsync.testing import World
from tests.backoffice.conftest import PASSWORD, link_in

PAGES = (
    "/",
    "/sign-in/",
    "/people/",
    "/account/second-factor/",
    "/account/second-factor/app/activate/",
    "/account/second-factor/keys/add/",
    "/account/password/",
    "/account/sessions/",
    "/account/confirm/",
    "/diagnostics/",
    "/stores/main/",
    "/stores/main/orders/",
    "/stores/main/log/",
    "/stores/main/processes/",
    "/stores/main/marketplaces/",
    "/stores/main/settings/",
    "/stores/main/settings/sending/",
    "/stores/main/settings/mails/",
    "/stores/main/settings/connection/",
    "/stores/main/settings/history/",
    "/stores/main/diagnostics/",
)


@pytest.mark.parametrize("url", PAGES)
def test_every_page_refuses_inline_scripts_frames_and_strangers(shop: World, administrator: Client, url: str) -> None:
    response = administrator.get(url)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    html = response.content.decode()
    for forbidden in (" style=", " onclick=", "<style", "javascript:", "https://"):
        assert forbidden not in html.replace('value="https://', "").replace("https://shop.example/", ""), forbidden


@pytest.mark.parametrize("url", PAGES)
def test_no_page_shows_a_secret(shop: World, administrator: Client, url: str) -> None:
    shop.add_store("far", shop_url="mysql+pymysql://reader:hunter2secret@127.0.0.1:1/shop", token="far-away-token-9876")
    pages = [url, url.replace("/main/", "/far/")]
    shown = "".join(administrator.get(page).content.decode() for page in pages)
    for secret in ("sandbox-token", "hunter2secret", "far-away-token-9876", shop.shop.url):
        assert secret not in shown


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\u200b", "\ufeff"])
def test_what_cannot_be_seen_shows_as_a_mark(shop: World, administrator: Client, mark: str) -> None:
    LogEntry.objects.create(store=shop.store, level=30, process="sync", message=f"refused {mark}gpj.exe")
    page = administrator.get("/stores/main/log/").content.decode()
    assert "refused �gpj.exe" in page
    assert mark not in page


def test_a_form_without_its_token_changes_nothing(shop: World) -> None:
    user = User.objects.create_user("claire", password="x")
    shop.store.members.add(user)
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "fr"})
    client.force_login(user)
    response = client.post("/stores/main/settings/mails/", {"recipients": "eve@example.com", "language": "fr"})
    assert response.status_code == 403
    shop.store.refresh_from_db()
    assert shop.store.recipients == ["merchant@example.com"]


def test_guessing_passwords_is_throttled(db: None) -> None:
    User.objects.create_user("claire", password="right-password-1")
    client = Client()
    for _ in range(6):
        answer = client.post("/sign-in/", {"login": "claire", "password": "wrong"})
    assert answer.status_code == 429
    assert "Too many failed attempts" in answer.content.decode()
    assert client.post("/sign-in/", {"login": "claire", "password": "right-password-1"}).status_code == 429
    User.objects.create_user("paul", password="right-password-2")
    assert client.post("/sign-in/", {"login": "paul", "password": "right-password-2"}).status_code == 302


def test_a_new_link_from_an_administrator_opens_a_locked_account(db: None, administrator: Client) -> None:
    user = User.objects.create_user("claire", password="right-password-1")
    client = Client()
    for _ in range(6):
        client.post("/sign-in/", {"login": "claire", "password": "wrong"})
    link = link_in(administrator.post(f"/people/{user.pk}/link/"))
    client.post(link, {"new_password1": "a-new-password-9", "new_password2": "a-new-password-9"})
    assert client.post("/sign-in/", {"login": "claire", "password": "a-new-password-9"}).status_code == 302


def test_sign_in_leads_nowhere_else(db: None) -> None:
    User.objects.create_user("claire", password="right-password-1")
    given = {"login": "claire", "password": "right-password-1", "next": "https://evil.example/"}
    assert Client().post("/sign-in/", given)["Location"] == "/"


def test_an_action_leads_back_to_our_own_pages_only(shop: World, merchant: Client) -> None:
    answer = merchant.post("/stores/main/orders/act/", {"act": "retry", "next": "https://evil.example/"})
    assert answer["Location"] == "/stores/main/orders/"


def deploy_check(tmp_path: Path, **given: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SFSYNC_", "DJANGO_"))}
    environment |= {"SFSYNC_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "sfsync_server.settings", **given}
    command = [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )


def test_the_shipped_settings_pass_the_deployment_check(tmp_path: Path) -> None:
    result = deploy_check(tmp_path)
    assert result.returncode == 0, result.stderr
    assert "2 silenced" in result.stdout + result.stderr


ELSEWHERE = (
    *("//evil.example/", "https://evil.example/", "///evil.example", "/\\evil.example", "https:evil.example"),
    "javascript:alert(1)",
    # whatever else answers on this machine, or under one of its names
    *(
        "http://testserver:8443/",
        "https://testserver/",
        "http://localhost/",
        "http://127.0.0.1:9000/",
        "//localhost:80/",
    ),
)


@pytest.mark.parametrize("there", ELSEWHERE)
def test_no_way_of_signing_in_leads_to_another_site(
    shop: World, merchant: Client, there: str, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
    for person, page, form in (
        (Client(), "/sign-in/", {"login": "claire", "password": PASSWORD}),
        (Client(), "/language/", {"language": "fr"}),
        (merchant, "/account/confirm/", {"password": PASSWORD}),
    ):
        assert person.post(page, form | {"next": there}, query_params={"next": there})["Location"] == "/"


@pytest.mark.parametrize("there", ["null", "undefined", "0", "stores/main/", "backoffice:overview", "?x=1", "#", "é"])
def test_what_is_no_address_leads_to_no_error(shop: World, merchant: Client, there: str) -> None:
    """Nor to a page that is not there."""
    form = {"login": "claire", "password": PASSWORD, "next": there}
    assert Client().post("/sign-in/", form, query_params={"next": there})["Location"] == "/"
    assert merchant.post("/language/", {"language": "fr", "next": there})["Location"] == "/"
    assert merchant.post("/stores/main/orders/act/", {"next": there})["Location"] == "/stores/main/orders/"


def test_a_page_of_this_very_origin_is_led_back_to(shop: World, merchant: Client) -> None:
    for there in ("/stores/main/", "http://testserver/stores/main/"):
        form = {"login": "claire", "password": PASSWORD, "next": there}
        assert Client().post("/sign-in/", form)["Location"] == there
        assert merchant.post("/language/", {"language": "fr", "next": there})["Location"] == there


REFUSED = """
import django
django.setup()
from django.core.exceptions import BadRequest, DisallowedHost, PermissionDenied
from django.core.handlers.exception import response_for_exception
from django.http import Http404
from django.test import RequestFactory

def answered(error):
    try:
        raise error
    except Exception as raised:
        request = RequestFactory().get("/invitation/the-link/")
        request.user = None
        try:
            return response_for_exception(request, raised).status_code
        except Exception as shown:
            return repr(shown)

kinds = [PermissionDenied("x"), DisallowedHost("evil"), BadRequest("x"), Http404("x"), ZeroDivisionError("x")]
print([answered(each) for each in kinds])
"""


def refused(home: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "SFSYNC_HOME": str(home)}
    environment["DJANGO_SETTINGS_MODULE"] = "sfsync_server.settings"
    command = [sys.executable, "-c", REFUSED]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True, cwd=home)


def test_a_refusal_is_one_line_and_a_fault_has_its_traceback(tmp_path: Path) -> None:
    done = refused(tmp_path)
    assert done.stdout == "[403, 400, 400, 404, 500]\n"
    refusals, _, fault = done.stderr.partition("Internal Server Error")
    assert len(refusals.splitlines()) == 4, refusals  # with the beginning of the fault's
    assert "Traceback" in fault


def test_no_line_shows_the_link_of_an_invitation(tmp_path: Path) -> None:
    """It may still open what it is for: a form that was refused (cookies are off) does not use it up."""
    told = refused(tmp_path).stderr
    assert "Internal Server Error: /invitation/…/" in told
    assert "the-link" not in told


def test_a_session_that_was_there_before_opens_nothing(shop: World, merchant: Client) -> None:
    """Whoever gave somebody a cookie is not signed in with them."""
    planted = Client()
    planted.get("/sign-in/")
    planted.session.save()
    victim = Client()
    victim.cookies["sessionid"] = before = planted.session.session_key
    victim.post("/sign-in/", {"login": "claire", "password": PASSWORD})
    assert victim.get("/stores/main/").status_code == 200
    planted.cookies["sessionid"] = before
    assert planted.get("/stores/main/").status_code == 302


def test_pages_answer_to_their_own_names_alone(shop: World, merchant: Client) -> None:
    assert merchant.get("/stores/main/", headers={"host": "evil.example"}).status_code == 400
    answer = Client().get("/stores/main/", headers={"x-forwarded-host": "evil.example"})
    assert answer["Location"] == "/sign-in/?next=/stores/main/"
