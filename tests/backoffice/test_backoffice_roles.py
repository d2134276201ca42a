"""Every address of the product as nobody and as each role: a line for each, and no address without one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from sfsync.models.role import Level, give
from sfsync.testing import World
from tests.backoffice.conftest import enter, link_in
from tests.pages import text

LEVELS = ("nobody", Level.READ_ONLY, Level.MERCHANT, Level.AGENCY, Level.ADMINISTRATOR)
STATUSES = """
None                          302/302  403/403  403/403  403/403  302/200
rows                          302/302  302/302  302/302  302/302  200/200
welcome                       404/404  404/404  404/404  404/404  404/404
healthz                       200/405  200/405  200/405  200/405  200/405
readyz                        200/405  200/405  200/405  200/405  200/405
metrics                       404/405  404/405  404/405  404/405  200/405
cron                          404/404  404/404  404/404  404/404  404/404
cron-key                      404/404  404/404  404/404  404/404  404/404
hook                          405/401  405/401  405/401  405/401  405/401
account_login                 200/200  302/302  302/302  302/302  302/302
mfa_authenticate              302/302  302/302  302/302  302/302  302/302
socialaccount_login_cancelled 200/405  200/405  200/405  200/405  200/405
socialaccount_login_error     401/405  401/405  401/405  401/405  401/405
account_inactive              200/405  200/405  200/405  200/405  200/405
account_logout                302/302  200/302  200/302  200/302  200/302
account_reauthenticate        302/302  200/200  200/200  200/200  200/200
mfa_reauthenticate            302/302  302/302  302/302  302/302  302/302
account_change_password       302/302  200/200  200/200  200/200  200/200
account_set_password          302/302  302/302  302/302  302/302  302/302
mfa_index                     302/302  200/405  200/405  200/405  200/405
mfa_activate_totp             302/302  200/200  200/200  200/200  200/200
mfa_deactivate_totp           302/302  404/404  404/404  404/404  404/404
mfa_list_webauthn             302/302  200/405  200/405  200/405  200/405
mfa_add_webauthn              302/302  200/200  200/200  200/200  200/200
mfa_reauthenticate_webauthn   302/302  302/302  302/302  302/302  302/302
mfa_remove_webauthn           302/302  404/404  404/404  404/404  404/404
mfa_edit_webauthn             302/302  404/404  404/404  404/404  404/404
mfa_login_webauthn            302/302  302/302  302/302  302/302  302/302
mfa_view_recovery_codes       302/302  404/405  404/405  404/405  404/405
mfa_generate_recovery_codes   302/302  200/200  200/200  200/200  200/200
mfa_download_recovery_codes   302/302  404/404  404/404  404/404  404/404
usersessions_list             302/302  200/302  200/302  200/302  200/302
openid_connect_login          404/404  404/404  404/404  404/404  404/404
openid_connect_callback       404/404  404/404  404/404  404/404  404/404
overview                      302/302  302/302  302/302  302/302  200/200
sign-out                      405/302  405/302  405/302  405/302  405/302
language                      405/302  405/302  405/302  405/302  405/302
users                         302/302  403/403  403/403  200/200  200/200
new-user                      302/302  403/403  403/403  200/200  200/200
user                          302/302  403/403  403/403  200/200  200/200
new-link                      302/302  403/403  403/403  405/200  405/200
invitation                    410/410  410/410  410/410  410/410  410/410
record                        302/302  403/403  403/403  403/403  200/200
record-export                 302/302  403/403  403/403  403/403  200/200
everything                    302/302  403/403  403/403  403/403  200/200
new-store                     302/302  403/403  403/403  403/403  200/200
first-day                     302/302  403/403  403/403  403/403  200/200
store                         302/302  200/403  200/200  200/200  200/200
orders                        302/302  200/403  200/200  200/200  200/200
orders-export                 302/302  200/403  200/200  200/200  200/200
resend                        302/302  200/403  200/302  200/302  200/302
act                           302/302  302/403  302/302  302/302  302/302
order                         302/302  404/403  404/404  404/404  404/404
evidence                      302/302  404/403  404/404  404/404  404/404
log                           302/302  200/403  200/200  200/200  200/200
log-export                    302/302  200/403  200/200  200/200  200/200
monitor                       302/302  200/403  200/200  200/200  200/200
run-now                       302/302  302/403  302/302  302/302  302/302
differences                   302/302  200/403  200/200  200/200  200/200
differences-act               302/302  302/403  302/302  302/302  302/302
marketplaces                  302/302  200/403  200/200  200/200  200/200
release                       302/302  302/403  302/302  302/302  302/302
settings                      302/302  200/403  200/200  200/200  200/200
sending                       302/302  200/403  200/200  200/200  200/200
carriers                      302/302  200/403  200/200  200/200  200/200
deadlines                     302/302  200/403  200/200  200/200  200/200
mails                         302/302  200/403  200/200  200/200  200/200
connection                    302/302  200/403  200/302  200/302  200/200
test-connection               302/302  302/403  302/200  302/200  302/200
bridge                        302/302  302/403  302/302  302/302  302/302
history                       302/302  200/403  200/200  200/200  200/200
first-day-on                  302/302  403/403  403/403  403/403  302/302
first-day-step                302/302  403/403  403/403  403/403  302/302
rehearsal                     302/302  200/403  200/200  200/200  200/200
takeover                      302/302  200/403  200/302  200/302  200/302
diagnostics                   302/302  200/403  200/200  200/200  200/200
"""
"""Of GET and POST, an empty form; a store of theirs, a person who sees it alone. By column: `LEVELS`."""


def addresses(patterns: list[Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Name and route of each; the stock admin, which asks for an administrator everywhere, as one."""
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and pattern.app_name != "admin":
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield str(pattern.name), route
        else:
            yield "rows", route


WORDS = {"slug:form": "html", "slug:step": "feed", "str:key": "wrong-key", "str:secret": "made-up", "int:pk": "1"}


def path(route: str, world: World, person: User) -> str:
    """The route with something that exists in each of its places."""
    order = str(world.shop.order_ids()[0])
    given = {**WORDS, "slug:store": "main", "int:number": str(person.pk), "orderkey:key": order}
    route = route.replace("^(?P<provider_id>[^/]+)", "company")
    return "/" + re.sub(r"<([^>]+)>", lambda place: given[place[1]], route)


@pytest.fixture
def somebody(shop: World) -> User:
    """Whom an agency with this store may manage."""
    person = User.objects.create_user("paul")
    person.sfsync_stores.add(shop.store)  # type: ignore[attr-defined]
    return person


def visitor(level: str, store: Any) -> Client:
    client = Client()
    if level != "nobody":
        person = User.objects.create_user(f"a-{level}", password="x")
        give(person, level)
        person.sfsync_stores.add(store)  # type: ignore[attr-defined]
        enter(client, person)
    return client


@pytest.mark.parametrize("level", LEVELS)
def test_every_address_answers_each_role_as_the_table_says(shop: World, somebody: User, level: str) -> None:
    client = visitor(level, shop.store)
    kept = client.cookies.copy()
    found = {}
    for name, route in addresses(get_resolver().url_patterns):
        url = path(route, shop, somebody)
        answers = []
        for method in (client.get, client.post):
            with transaction.atomic():
                answers.append(str(method(url).status_code))
                transaction.set_rollback(True)
            client.cookies = kept.copy()
        found[name] = "/".join(answers)
    expected = {line.split()[0]: line.split()[1 + LEVELS.index(level)] for line in STATUSES.splitlines() if line}
    assert found == expected


def test_an_agency_manages_people_who_see_its_stores_alone(shop: World, somebody: User) -> None:
    other = shop.add_store("other", shop_url=shop.shop.url)
    agency = visitor(Level.AGENCY, shop.store)
    elsewhere = User.objects.create_user("elsewhere")
    elsewhere.sfsync_stores.set([shop.store, other])  # type: ignore[attr-defined]
    root = User.objects.create_superuser("root")
    names = text(agency.get("/people/"))
    assert "paul" in names
    assert "elsewhere" not in names
    for person in (elsewhere, root, User.objects.get(username="a-agency")):
        assert agency.get(f"/people/{person.pk}/").status_code == 404
        assert agency.post(f"/people/{person.pk}/link/").status_code == 404


@pytest.mark.parametrize(
    "more", [{"role": "administrator"}, {"role": "agency"}, {"stores": "other"}, {"stores": "none"}]
)
def test_an_agency_gives_nobody_more_than_it_has(shop: World, more: dict[str, str]) -> None:
    stores = {"other": [shop.add_store("other", shop_url=shop.shop.url).pk], "none": []}
    agency = visitor(Level.AGENCY, shop.store)
    given = {"username": "new", "active": "on", "role": "merchant", "stores": [shop.store.pk]}
    wrong = {**given, **{name: stores.get(value, value) for name, value in more.items()}}
    assert "Nothing saved yet" in text(agency.post("/people/new/", wrong))
    assert not User.objects.filter(username="new").exists()
    link_in(agency.post("/people/new/", given))
    assert list(User.objects.get(username="new").sfsync_stores.all()) == [shop.store]  # type: ignore[attr-defined]


def test_who_may_only_look_changes_nothing(shop: World) -> None:
    reader = visitor(Level.READ_ONLY, shop.store)
    order = shop.ship(shop.order(), "T-1")
    assert reader.post("/stores/main/processes/run/").status_code == 403
    assert reader.post("/stores/main/settings/mails/", {"recipients": "eve@example.com"}).status_code == 403
    shop.store.refresh_from_db()
    assert shop.store.recipients == ["merchant@example.com"]
    assert shop.accepted(order) == []
