"""The page of the fleet: all stores of somebody who looks after many, the worst first, acted on together."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sfsync.backoffice.kit.starting import Job
from sfsync.backoffice.screens.fleet import called, in_background
from sfsync.engine.due import make_rows
from sfsync.engine.people.fleet import Act as Bulk
from sfsync.engine.watch import fleet_list
from sfsync.engine.watch.fleet_health import fleet_health
from sfsync.engine.watch.health import scheduler_sign
from sfsync.models import (
    Act,
    Action,
    MarketplaceOrder,
    Order,
    Preference,
    Process,
    SettingChange,
    Store,
    StoreState,
    Task,
)
from sfsync.models.role import Level, give
from tests.backoffice.conftest import enter
from tests.pages import text

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(sign_in: Callable[..., Client]) -> Client:
    return sign_in("root", administrator=True)


def made(*names: str, group: str = "") -> None:
    """Stores that have just run well."""
    for number, name in enumerate(names, Store.objects.count() + 1):
        Store(name=name, group=group, feed_store_id=number).save()
    make_rows()
    Process.objects.update(finished_at=timezone.now(), next_run_at=timezone.now() + timedelta(minutes=5))


def troubled(name: str, trouble: str, hours: float = 1) -> None:
    since = timezone.now() - timedelta(hours=hours)
    StoreState.objects.filter(store__name=name).update(trouble=trouble, trouble_since=since)


def failed(name: str) -> None:
    now, store = timezone.now(), Store.objects.get(name=name)
    order = MarketplaceOrder.objects.create(store=store, feed_id=store.pk, reference="R", created_at=now)
    Order.objects.create(store=store, marketplace_order=order, key="1", created_at=now)
    aside = {"action": Action.ASIDE, "operation": "ship", "failure": "ignored"}
    Task.objects.create(store=store, order=order, failed_at=now, **aside)


def of_all_kinds() -> None:
    made("paused", "well", "unmailed", "failed", "silent", "away-1", "away-3", "refused")
    Store.objects.filter(name="paused").update(enabled=False)
    StoreState.objects.filter(store__name="unmailed").update(mail_trouble="refused")
    failed("failed")
    Process.objects.filter(store__name="silent").update(finished_at=timezone.now() - timedelta(hours=3))
    troubled("away-1", "shop-unavailable", 1)
    troubled("away-3", "shop-unavailable", 3)
    troubled("refused", "token-refused", 1)


def names(page: Any) -> list[str]:
    return re.findall(r'<a href="/stores/([^/]+)/"\s+class="long">', page.content.decode())


def test_the_worst_stand_first_and_those_longest_so(root: Client) -> None:
    of_all_kinds()
    page = root.get("/fleet/")
    assert names(page) == ["refused", "away-3", "away-1", "silent", "failed", "unmailed", "well", "paused"]
    assert re.search(r'<span class="chip failed">2</span>\s+<a href="\?trouble=shop-unavailable">', text(page))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("trouble=shop-unavailable", ["away-3", "away-1"]),
        ("trouble=failed", ["failed"]),
        ("q=AWAY", ["away-3", "away-1"]),
        ("q=away&trouble=silent", []),
        ("group=acme", ["unmailed", "well"]),
        ("trouble=made-up&group=made-up&page=99", [8]),
    ],
)
def test_stores_are_found_by_name_group_and_trouble(root: Client, query: str, shown: list[Any]) -> None:
    """What makes no sense filters nothing."""
    of_all_kinds()
    Store.objects.filter(name__in=["well", "unmailed"]).update(group="acme")
    Store.objects.filter(name="failed").update(group="rival")
    found = names(root.get(f"/fleet/?{query}"))
    assert found == shown or [len(found)] == shown


def test_a_store_is_silent_here_where_its_alarm_says_so(root: Client) -> None:
    """Three times its own schedule, where that is longer than an hour."""
    made("often", "seldom", "daily", "never")
    Store.objects.filter(name="seldom").update(every_minutes=60)
    Store.objects.filter(name="daily").update(every_minutes=1440)
    Store.objects.filter(name="never").update(created_at=timezone.now() - timedelta(hours=9))
    for hours, silent in ((0.5, 1), (2, 2), (4, 3)):
        Process.objects.update(finished_at=timezone.now() - timedelta(hours=hours))
        Process.objects.filter(store__name="never").update(finished_at=None)
        assert len(names(root.get("/fleet/?trouble=silent"))) == silent
        assert fleet_health(timezone.now()).alarms["silent"] == silent


def test_the_page_says_that_nothing_starts_runs(root: Client) -> None:
    """R22: all stores look well for an hour after the last worker went."""
    made("one", "two")
    assert "No automatic sync is set up." in text(root.get("/fleet/"))
    scheduler_sign("celery", timezone.now())
    assert "No automatic sync is set up." not in text(root.get("/fleet/"))


def test_of_two_thousand_stores_one_page_is_read_in_twelve_statements(root: Client) -> None:
    stores = Store.objects.bulk_create(Store(name=f"s-{n:04}", feed_store_id=n) for n in range(1, 2001))
    StoreState.objects.bulk_create(StoreState(store=each) for each in stores)
    make_rows()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = root.get("/fleet/?page=2")
    assert len(names(page)) == 50
    assert "Page 2 of 40" in text(page)
    assert len(asked) <= 12
    reading = [each["sql"] for each in asked if "sfsync_store" in each["sql"] and "COUNT(" not in each["sql"]]
    assert [each for each in reading if "LIMIT" not in each and "DISTINCT" not in each] == []


def asked_for(client: Client, act: str, **given: Any) -> tuple[Any, dict[str, str]]:
    """The page that asks, and what its form sends."""
    page = client.post("/fleet/act/", {"act": act, **given})
    return page, dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text(page)))


def test_selected_stores_are_paused_and_resumed_once_it_was_shown(root: Client) -> None:
    made("one", "two", "three")
    chosen = list(Store.objects.exclude(name="three").values_list("pk", flat=True))
    page, form = asked_for(root, "pause", store=chosen)
    assert "Pause these stores?" in text(page)
    assert "one, two" in text(page)
    assert Store.objects.filter(enabled=True).count() == 3
    root.post("/fleet/act/", form | {"store": chosen})
    assert list(Store.objects.filter(enabled=True).values_list("name", flat=True)) == ["three"]
    assert SettingChange.objects.filter(name="enabled", who="root").count() == 2
    told = Act.objects.get(what="fleet-act")
    assert (told.who, told.details["act"], told.details["stores"]) == ("root", "pause", ["one", "two"])
    assert "2 stores resumed." in text(root.post("/fleet/act/", {"act": "resume", "all": 1, "sure": 2}, follow=True))


def test_all_that_the_filter_finds_are_due_now(root: Client) -> None:
    of_all_kinds()
    _page, form = asked_for(root, "run", all="1", trouble="shop-unavailable")
    root.post("/fleet/act/", form)
    asked = Process.objects.exclude(run_asked_at=None).values_list("store__name", flat=True)
    assert sorted(asked) == ["away-1", "away-3"]


def test_what_failed_is_tried_again_where_there_is_something(root: Client) -> None:
    of_all_kinds()
    _page, form = asked_for(root, "retry", all="1")
    assert form["sure"] == "1"
    root.post("/fleet/act/", form)
    assert not Task.objects.parked().exists()


def test_never_more_is_done_than_was_shown(root: Client) -> None:
    made("one", "two")
    _page, form = asked_for(root, "pause", all="1")
    made("three")
    assert "3 stores" in text(root.post("/fleet/act/", form))
    assert Store.objects.filter(enabled=True).count() == 3


@pytest.mark.parametrize("given", [{"act": "pause"}, {"act": "resume", "all": 1}, {"act": "explode", "all": 1}, {}])
def test_what_there_is_nothing_to_do_for_changes_nothing(root: Client, given: dict[str, Any]) -> None:
    made("one")
    assert root.post("/fleet/act/", given).status_code == 302
    assert not Act.objects.filter(what="fleet-act").exists()


def test_an_agency_sees_and_acts_on_its_group_alone(root: Client) -> None:
    made("ours-1", "ours-2", group="acme")
    made("theirs", group="rival")
    person = User.objects.create_user("ada")
    give(person, Level.AGENCY, "acme")
    agency = Client()
    enter(agency, person)
    page = agency.get("/fleet/?group=rival")
    assert names(page) == ["ours-1", "ours-2"]
    assert not re.search("theirs|rival<", text(page))
    everything = list(Store.objects.values_list("pk", flat=True))
    for chosen in ({"store": everything}, {"all": 1, "group": "rival"}):
        agency.post("/fleet/act/", {"act": "pause", "sure": 99, **chosen})
        assert list(Store.objects.filter(enabled=True).values_list("name", flat=True)) == ["theirs"]
        Store.objects.update(enabled=True)


def test_many_are_changed_in_the_background_and_who_refuses_is_on_record(db: None) -> None:
    made("one", "two")
    same = {"shop_secrets": {"url": "sqlite:////one/shop.sqlite3"}, "enabled": False, "feed_store_id": 10}
    for store in Store.objects.all():
        Store.objects.filter(pk=store.pk).update(**same)
    jobs: list[Job] = []
    in_background(Bulk.RESUME, Store.objects.values_list("pk", flat=True), "root", jobs.append)
    assert not Store.objects.filter(enabled=True).exists()
    jobs[0]()
    assert Store.objects.filter(enabled=True).count() == 1
    assert Act.objects.get(what="fleet-refused").details["count"] == 1


def test_somebody_asks_for_one_mail_a_class_of_trouble(root: Client) -> None:
    User.objects.update(email="root@example.com")
    assert "one email to root@example.com" in text(root.get("/fleet/"))
    root.post("/fleet/mails/", {"together": "on"})
    assert Preference.objects.get().shared_alarms
    assert re.search(r'id="together"\s+checked', text(root.get("/fleet/")))
    root.post("/fleet/mails/")
    assert not Preference.objects.get().shared_alarms


def test_the_overview_of_many_stores_leads_to_the_fleet(root: Client) -> None:
    made(*(f"store-{number}" for number in range(6)))
    assert text(root.get("/")).count("/fleet/") == 2


def test_every_state_that_can_be_looked_for_has_words(db: None) -> None:
    assert [code for code in fleet_list.CODES if called(code) == code] == []
