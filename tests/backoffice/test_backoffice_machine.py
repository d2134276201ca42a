"""Health, metrics and the CRON URL."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings
from time_machine import TimeMachineFixture

from sfsync.backoffice.kit import starting
from sfsync.domain.trouble import Trouble
from sfsync.engine.due import due, make_rows
from sfsync.engine.people.at_once import ask_runs
from sfsync.engine.watch.health import scheduler_leaves, scheduler_sign
from sfsync.models import Process, Store, StoreState
from sfsync.models.process import SYNC
from sfsync.testing import World
from shoppingfeed.sandbox import Fault

KEY = "a-key-of-more-than-twenty-characters"


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    settings.SFSYNC_CRON_KEY = settings.SFSYNC_METRICS_KEY = KEY


def test_health_asks_nothing_and_readiness_asks_the_database(client: Client, db: None) -> None:
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").json() == {"ready": True, "database": "ok"}


def test_metrics_are_for_key_holders_and_administrators(shop: World, merchant: Client, administrator: Client) -> None:
    assert Client().get("/metrics").status_code == 404
    assert merchant.get("/metrics").status_code == 404
    assert administrator.get("/metrics").status_code == 200
    assert Client().get("/metrics", headers={"authorization": f"Bearer {KEY}"}).status_code == 200


def test_without_keys_nothing_is_open(settings: Settings, shop: World) -> None:
    settings.SFSYNC_CRON_KEY = settings.SFSYNC_METRICS_KEY = ""
    assert Client().get("/metrics", headers={"authorization": "Bearer "}).status_code == 404
    assert Client().get("/cron/").status_code == 404


def test_metrics_tell_the_story_in_figures(shop: World, administrator: Client) -> None:
    shop.ship(shop.order(), "T-1")
    shop.ship(shop.order())
    shop.sync(wait=10)
    values = samples(administrator, "/metrics?store=main")
    assert values["sfsync_confirmed_total", "main", "ship"] == 1
    assert values["sfsync_updates", "main", "waiting"] == 1
    assert values["sfsync_updates", "by_hand", "main"] == 0
    assert values["sfsync_sent_total", "main", "ship"] == 1
    assert values["sfsync_api_requests_total", "200", "main"] >= 2
    assert ("sfsync_last_run_seconds", "main") in values


def test_metrics_are_of_all_stores_together_until_single_ones_are_asked_for(
    shop: World, administrator: Client, django_assert_max_num_queries: Callable[..., AbstractContextManager[Any]]
) -> None:
    """Of three stores: one sends, one never ran and is in trouble, one is switched off. A fourth is nobody's."""
    shop.ship(shop.order(), "T-1")
    shop.ship(shop.order())
    shop.sync(wait=10)
    hours_ago = timezone.now() - timedelta(hours=9)
    silent = shop.add_store("silent", feed_store_id=11, created_at=hours_ago)
    StoreState.objects.filter(pk=silent.pk).update(trouble=Trouble.SHOP_UNAVAILABLE)
    shop.add_store("off", feed_store_id=12, enabled=False, created_at=hours_ago)

    with django_assert_max_num_queries(19):
        values = samples(administrator, "/metrics")
    assert values["sfsync_stores", "on"] == 2
    assert values["sfsync_updates", "waiting"] == 1
    assert values["sfsync_confirmed_total", "ship"] == 1
    assert values["sfsync_api_requests_total", "200"] >= 2
    assert {name[1:]: value for name, value in values.items() if name[0] == "sfsync_alarms" and value} == {
        ("shop-unavailable",): 1,
        ("silent",): 1,
    }
    assert values["sfsync_seconds_since_last_run",] < 60

    single = samples(administrator, "/metrics?store=silent&store=off&store=nobody")
    assert single["sfsync_alarms", "shop-unavailable", "silent"] == 1
    stores = {word for name in single for word in name if name[0] == "sfsync_updates"}
    assert stores & {"main", "silent", "off", "nobody"} == {"silent", "off"}


def test_metrics_tell_what_the_runbook_watches(shop: World, administrator: Client) -> None:
    """Whether anything starts runs, how many stores wait, and for how long the first has."""
    two_minutes_ago = timezone.now() - timedelta(minutes=2)
    Process.objects.create(store=shop.store, name=SYNC, next_run_at=two_minutes_ago)
    values = samples(administrator, "/metrics")
    assert (values["sfsync_scheduled",], values["sfsync_runs", "due"], values["sfsync_runs", "ran"]) == (0, 1, 0)
    assert 120 <= values["sfsync_oldest_due_seconds",] < 180
    scheduler_sign("celery", timezone.now())
    shop.sync()
    values = samples(administrator, "/metrics")
    assert (values["sfsync_scheduled",], values["sfsync_runs", "due"], values["sfsync_runs", "ran"]) == (1, 0, 1)
    assert values["sfsync_oldest_due_seconds",] == 0


def samples(client: Client, address: str) -> dict[tuple[str, ...], float]:
    """By the name and the sorted values of the labels."""
    body = client.get(address).content.decode()
    families = text_string_to_metric_families(body)
    return {(each.name, *sorted(each.labels.values())): each.value for family in families for each in family.samples}


def test_requests_are_counted_by_the_status_of_their_answer(shop: World, administrator: Client) -> None:
    """A refused token, and a server that closes the connection: what an operator wants an alarm for."""
    shop.ship(shop.order(), "T-1")
    shop.sandbox.fault(Fault("status", status=429, times=2))
    shop.sandbox.fault(Fault("drop", when="before"))
    shop.sync(wait=10)
    values = samples(administrator, "/metrics")
    assert (values["sfsync_api_requests_total", "429"], values["sfsync_api_requests_total", "none"]) == (2, 1)
    values = samples(administrator, "/metrics?store=main")
    assert values["sfsync_api_requests_total", "429", "main"] == 2


@pytest.mark.parametrize("how", ["header", "path"])
def test_the_cron_url_says_now_please_and_answers_at_once(
    client: Client, db: None, how: str, django_assert_max_num_queries: Any, time_machine: TimeMachineFixture
) -> None:
    """As many statements for a thousand stores as for one; whatever starts runs takes them up, the oldest first. How
    long a busy machine takes for it is no part of the question."""
    time_machine.move_to(timezone.now(), tick=False)
    Store.objects.bulk_create(Store(name=f"s-{number}", feed_store_id=10) for number in range(1000))
    make_rows()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as PostgreSQL does by itself before long
    with django_assert_max_num_queries(4):
        if how == "header":
            answer = client.post("/cron/", headers={"x-sfsync-key": KEY})
        else:
            answer = client.get(f"/cron/{KEY}/")
    assert (answer.status_code, answer.json()) == (202, {"asked": 1000})
    assert due(timezone.now()).count() == 1000
    again = client.get(f"/cron/{KEY}/")
    assert (again.status_code, again.json()["asked"]) == (200, 0)


def test_the_cron_url_says_when_the_database_is_away(shop: World, client: Client) -> None:
    """It is no call that came too soon when the database is back."""

    def away(*_: Any) -> None:
        raise OperationalError("the connection is closed")

    with connection.execute_wrapper(away):
        answer = client.get(f"/cron/{KEY}/")
    assert (answer.status_code, "call again later" in answer.json()["error"]) == (503, True)
    assert client.get(f"/cron/{KEY}/").status_code == 202


def test_where_nothing_else_starts_runs_the_cron_url_does(shop: World) -> None:
    """A host that can only call addresses. With a service, or Celery's beat, they are theirs."""
    order = shop.ship(shop.order(), "TRK-1")
    jobs: list[Callable[[], None]] = []
    ask_runs()
    scheduler_sign("service", timezone.now())
    starting.run_due(jobs.append)
    assert jobs == []
    scheduler_leaves("service")
    starting.run_due(jobs.append)
    for job in jobs:  # each that ran a store brings the next one
        job()
    assert shop.accepted(order) == [("ship", "TRK-1")]
    assert len(jobs) == starting.AT_ONCE + 1


def test_guessing_the_cron_key_is_throttled(shop: World, client: Client) -> None:
    assert {client.get(f"/cron/guess-{number}/").status_code for number in range(10)} == {404}
    assert client.get("/cron/guess/").status_code == 429


def test_nobody_locks_out_the_right_key_by_guessing(shop: World, client: Client) -> None:
    """Behind a proxy everybody has one address."""
    for number in range(12):
        client.get(f"/cron/guess-{number}/")
    assert client.get(f"/cron/{KEY}/").status_code == 202


def test_no_key_of_the_cron_url_is_logged(shop: World, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the right one nor one that is nearly right, refused or locked out."""
    assert {client.get(f"/cron/{KEY}{number}/").status_code for number in range(11)} == {404, 429}
    assert client.get(f"/cron/{KEY}/").status_code == 202
    assert KEY not in caplog.text
