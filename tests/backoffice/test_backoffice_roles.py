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

from sfsync.models import Store
from sfsync.models.role import Level, Role, give
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
fleet                         302/302  403/403  403/403  200/200  200/200
fleet-act                     302/302  403/403  403/403  302/302  302/302
fleet-mails                   302/302  403/403  403/403  302/302  302/302
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
"""Of GET and POST, an empty form; a store of theirs, a person of its group. By column: `LEVELS`."""


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


WORDS = {
    "slug:form": "html",
    "slug:step": "feed",
    "str:key": "wrong-key",
    "str:secret": "made-up",
    "str:provider_id": "company",
    "int:pk": "1",
}


def path(route: str, world: World, person: User, store: str = "main") -> str:
    """The route with something that exists in each of its places."""
    order = str(world.shop.order_ids()[0])
    given = {**WORDS, "slug:store": store, "int:number": str(person.pk), "orderkey:key": order}
    route = route.replace("^(?P<provider_id>[^/]+)", "company")
    return "/" + re.sub(r"<([^>]+)>", lambda place: given[place[1]], route)


@pytest.fixture
def somebody(shop: World) -> User:
    """Whom an agency with this store may manage."""
    Store.objects.filter(pk=shop.store.pk).update(group="acme")
    return somebody_of("acme", "paul", shop.store)


def somebody_of(group: str, name: str, *stores: Store) -> User:
    person = User.objects.create_user(name, email=f"{name}@example.com")
    give(person, Level.MERCHANT, group)
    person.sfsync_stores.set(stores)  # type: ignore[attr-defined]
    return person


@pytest.fixture
def elsewhere(shop: World, somebody: User) -> User:
    """A person of another group, which has a store too; the third store is of no group."""
    common = {"shop_url": shop.shop.url}
    others = [shop.add_store(name, group=OTHERS[name], feed_store_id=n, **common) for n, name in enumerate(OTHERS, 11)]
    return somebody_of("rival", "stranger", *others)


OTHERS = {"rival-shop": "rival", "of-nobody": ""}


def visitor(level: str, *stores: Any) -> Client:
    client = Client()
    if level != "nobody":
        person = User.objects.create_user(f"a-{level}", password="x")
        give(person, level, "acme")
        person.sfsync_stores.set(stores)  # type: ignore[attr-defined]
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
    assert found == answers_to(level)


def answers_to(level: str) -> dict[str, str]:
    return {line.split()[0]: line.split()[1 + LEVELS.index(level)] for line in STATUSES.splitlines() if line}


@pytest.mark.parametrize("level", LEVELS[1:4])
def test_what_is_of_another_group_does_not_exist(shop: World, elsewhere: User, level: str) -> None:
    """Every address of a store or a person, although the store was given to them: not found, or 403 as at home."""
    client = visitor(level, *Store.objects.filter(name__in=OTHERS))
    at_home = answers_to(level)
    ours = [pair for pair in addresses(get_resolver().url_patterns) if pair[0] not in ("hook", "rows")]
    for name, route in (each for each in ours if "slug:store" in each[1] or "int:number" in each[1]):
        for other in OTHERS:
            url = path(route, shop, elsewhere, other)
            found = {client.get(url).status_code, client.post(url).status_code}
            assert found <= {404, 405, *([403] if at_home[name] == "403/403" else [])}, name


@pytest.mark.parametrize("level", LEVELS[1:4])
def test_no_page_names_what_is_of_another_group(shop: World, elsewhere: User, somebody: User, level: str) -> None:
    client = visitor(level, shop.store)
    User.objects.get(username=f"a-{level}").sfsync_stores.set(Store.objects.all())  # type: ignore[attr-defined]
    somebody.sfsync_stores.set(Store.objects.all())  # type: ignore[attr-defined]
    seen = 0
    for name, route in addresses(get_resolver().url_patterns):
        answer = client.get(path(route, shop, somebody))
        if answer.status_code == 200 and not answer.streaming:
            page = answer.content.decode()
            seen += "main" in page
            assert not re.search("rival|of-nobody|stranger", page), name
    assert seen > 15


def test_an_agency_without_a_group_sees_nothing(shop: World) -> None:
    agency = User.objects.create_user("lost")
    give(agency, Level.AGENCY)
    shop.store.members.add(agency)
    somebody_of("", "nobody", shop.store)
    client = Client()
    enter(client, agency)
    assert client.get("/stores/main/").status_code == 404
    assert "nobody" not in text(client.get("/people/"))


def test_an_agency_manages_the_people_of_its_group_alone(shop: World, somebody: User, elsewhere: User) -> None:
    agency = visitor(Level.AGENCY, shop.store)
    elsewhere.sfsync_stores.add(shop.store)  # type: ignore[attr-defined]
    root = User.objects.create_superuser("root")
    names = text(agency.get("/people/"))
    assert "paul" in names
    for person in (elsewhere, root, User.objects.get(username="a-agency")):
        assert agency.get(f"/people/{person.pk}/").status_code == 404
        assert agency.post(f"/people/{person.pk}/link/").status_code == 404


@pytest.mark.parametrize("more", [{"role": "administrator"}, {"stores": "rival-shop"}])
def test_an_agency_gives_nobody_more_than_it_has(shop: World, elsewhere: User, more: dict[str, str]) -> None:
    """Its own group, whatever it sends along."""
    agency = visitor(Level.AGENCY, shop.store)
    numbers: dict[str, int] = dict(Store.objects.values_list("name", "pk"))
    given = {"username": "new", "active": "on", "role": "merchant", "group": "rival", "stores": [shop.store.pk]}
    wrong = {**given, **{name: numbers.get(value, value) for name, value in more.items()}}
    assert "Nothing saved yet" in text(agency.post("/people/new/", wrong))
    assert not User.objects.filter(username="new").exists()
    link_in(agency.post("/people/new/", given))
    new = User.objects.get(username="new")
    assert list(new.sfsync_stores.all()) == [shop.store]  # type: ignore[attr-defined]
    assert Role.objects.get(user=new).group == "acme"


def test_an_agency_leaves_alone_what_it_does_not_see(shop: World, somebody: User, elsewhere: User) -> None:
    """A store that has left the group stays given to the person, for the day when it comes back."""
    somebody.sfsync_stores.set(Store.objects.all())  # type: ignore[attr-defined]
    agency = visitor(Level.AGENCY, shop.store)
    agency.post(f"/people/{somebody.pk}/", {"username": "paul", "active": "on", "role": "agency"})
    assert Role.objects.get(user=somebody).level == Level.AGENCY
    kept = somebody.sfsync_stores.values_list("name", flat=True)  # type: ignore[attr-defined]
    assert sorted(kept) == ["of-nobody", "rival-shop"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"role": "agency"}, "An agency needs a group."),
        ({"role": "merchant", "group": "rival"}, "Not in the group “rival”: main."),
        ({"role": "merchant", "group": "made-up"}, "Select a valid choice."),
    ],
)
def test_an_administrator_puts_people_into_the_groups_that_there_are(
    shop: World, elsewhere: User, given: dict[str, str], said: str
) -> None:
    root = visitor(Level.ADMINISTRATOR, shop.store)
    new = {"username": "new", "active": "on", "stores": [shop.store.pk]}
    assert said in text(root.post("/people/new/", {**new, **given}))
    link_in(root.post("/people/new/", {**new, "role": "agency", "group": "acme"}))
    client = Client()
    enter(client, User.objects.get(username="new"))
    assert client.get("/stores/main/").status_code == 200
    assert client.get("/stores/rival-shop/").status_code == 404


def test_the_form_says_who_needs_a_group_and_where_one_comes_from(shop: World, administrator: Client) -> None:
    assert "no store has a group yet" in text(administrator.get("/people/new/"))
    Store.objects.update(group="acme")
    assert "An agency needs one" in text(administrator.get("/people/new/"))


def test_a_merchants_stores_are_those_of_their_group(shop: World, somebody: User, elsewhere: User) -> None:
    """As soon as the store moves; without a group, what was given counts."""
    client = Client()
    enter(client, somebody)
    assert client.get("/stores/main/").status_code == 200
    Store.objects.filter(name="main").update(group="rival")
    assert client.get("/stores/main/").status_code == 404
    Role.objects.filter(user=somebody).delete()
    assert client.get("/stores/main/").status_code == 200


def test_who_may_only_look_changes_nothing(shop: World, somebody: User) -> None:
    reader = visitor(Level.READ_ONLY, shop.store)
    order = shop.ship(shop.order(), "T-1")
    assert reader.post("/stores/main/processes/run/").status_code == 403
    assert reader.post("/stores/main/settings/mails/", {"recipients": "eve@example.com"}).status_code == 403
    shop.store.refresh_from_db()
    assert shop.store.recipients == ["merchant@example.com"]
    assert shop.accepted(order) == []
