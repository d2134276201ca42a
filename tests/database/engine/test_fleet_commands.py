"""Many stores in one go, and how they are doing together."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from typer.testing import CliRunner

from sfsync.engine.due import make_rows
from sfsync.engine.watch.fleet import fleet_of
from sfsync.engine.watch.health import scheduler_sign
from sfsync.models import Act, Process, SettingChange, Store, StoreState
from sfsync_server.cli import app

pytestmark = pytest.mark.django_db


@pytest.fixture
def stores() -> list[Store]:
    names = {"acme-fr": "acme", "acme-uk": "acme", "other": "rival"}
    made = [Store(name=name, group=group, feed_store_id=10) for name, group in names.items()]
    for each in made:
        each.save()
    make_rows()
    return made


def ran(*arguments: str, status: int = 0, **options: Any) -> str:
    result = CliRunner().invoke(app, [*arguments], **options)
    assert result.exit_code == status, result.output
    return result.output


def enabled() -> list[str]:
    return list(Store.objects.filter(enabled=True).values_list("name", flat=True))


def test_stores_are_paused_and_resumed_by_pattern_and_each_change_is_recorded(stores: list[Store]) -> None:
    assert "pause: 2 of 2 stores" in ran("fleet", "pause", "acme-*", "--yes")
    assert enabled() == ["other"]
    assert SettingChange.objects.filter(name="enabled", who__contains="command line").count() == 2
    assert "resume: 2 of 3 stores" in ran("fleet", "resume", "--all", "--yes")
    assert enabled() == ["acme-fr", "acme-uk", "other"]


def test_stores_are_chosen_by_group(stores: list[Store]) -> None:
    assert "pause: 1 of 1 store" in ran("fleet", "pause", "--group", "rival", "--yes")
    assert enabled() == ["acme-fr", "acme-uk"]
    on_record = Act.objects.get(what="fleet-act").details
    assert (on_record["act"], on_record["stores"]) == ("pause", ["other"])
    told = json.loads(ran("status", "--json"))
    assert {name: each["group"] for name, each in told.items()} == {"acme-fr": "acme", "acme-uk": "acme"}


def test_a_store_that_refuses_does_not_stop_the_others(stores: list[Store]) -> None:
    """Two stores of one shop and one account cannot both be switched on."""
    same = {"shop_secrets": {"url": "sqlite:////one/shop.sqlite3"}, "enabled": False}
    for store in stores[:2]:
        Store.objects.filter(pk=store.pk).update(**same)
    Store.objects.filter(pk=stores[2].pk).update(enabled=False)
    said = ran("fleet", "resume", "--all", "--yes", status=1)
    assert "resume: 2 of 3 stores" in said
    assert enabled() == ["acme-fr", "other"]


def test_stores_in_one_trouble_are_due_at_once_when_it_is_mended(stores: list[Store]) -> None:
    later = timezone.now() + timedelta(minutes=10)
    Process.objects.update(next_run_at=later, failures=4)
    StoreState.objects.filter(store=stores[1]).update(trouble="shop-unavailable")
    assert "run: 1 of 1 store" in ran("fleet", "run", "--trouble", "shop-unavailable", "--yes")
    assert list(Process.objects.filter(next_run_at__lt=later).values_list("store", flat=True)) == [stores[1].pk]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("stop", "--all"), "“stop” is none of pause, resume, run, retry."),
        (("pause",), "Name the stores, or give --trouble, --group or --all."),
        (("pause", "nobody-*"), "No store is called so, or is in that trouble or group."),
    ],
)
def test_what_makes_no_sense_changes_nothing(stores: list[Store], arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in ran("fleet", *arguments, "--yes", status=2)
    assert len(enabled()) == 3


def test_without_a_yes_nothing_is_done(stores: list[Store]) -> None:
    ran("fleet", "pause", "--all", status=1, input="n\n")
    assert len(enabled()) == 3


def test_all_stores_together_by_what_stops_them(stores: list[Store]) -> None:
    """The first has been due for two minutes; two are stopped by the same."""
    now = timezone.now()
    Process.objects.filter(store=stores[0]).update(next_run_at=now - timedelta(minutes=2))
    Process.objects.filter(store=stores[1]).update(
        holder="a-run", lease_until=now + timedelta(minutes=2), machine="elsewhere"
    )
    Process.objects.filter(store=stores[2]).update(next_run_at=now + timedelta(minutes=2), finished_at=now)
    StoreState.objects.filter(store__in=stores[1:]).update(trouble="shop-unavailable", trouble_since=now)
    assert "Nothing starts runs: " in ran("status", "--fleet")
    scheduler_sign("celery", now)
    told = json.loads(ran("status", "--fleet", "--json"))
    assert {name: told[name] for name in ("stores", "paused", "running", "due", "ran", "scheduled")} == {
        "stores": 3,
        "paused": 0,
        "running": 1,
        "due": 1,
        "ran": 1,
        "scheduled": True,
    }
    [stopped] = told["troubles"]
    assert (stopped["trouble"], stopped["stores"], stopped["names"]) == ("shop-unavailable", 2, ["acme-uk", "other"])
    said = ran("status", "--fleet")
    assert re.search(r"1 in progress, 1 due, the first for 1\d\d s, 1 in the last minute", said)
    assert "Nothing starts runs" not in said
    assert "shop-unavailable: 2 stores since" in said
    StoreState.objects.filter(store=stores[1]).update(trouble="")
    assert "shop-unavailable: 1 store since" in ran("status", "--fleet")


def test_a_fleet_costs_a_fixed_number_of_statements(stores: list[Store], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(5):
        fleet_of(timezone.now())


def test_a_store_that_never_ran_is_due(stores: list[Store]) -> None:
    """Nobody has woken it yet: on a first day, without workers, all are due and none is well."""
    Process.objects.all().delete()
    assert fleet_of(timezone.now()).due == 3


def test_what_is_told_of_all_stores_says_how_many_are_paused(stores: list[Store]) -> None:
    """`sfsync fleet pause --all` to look at what failed: an empty list is not to say that nothing did."""
    assert "paused" not in ran("tasks", "--failed")
    ran("fleet", "pause", "acme-*", "--yes")
    for command in (["tasks", "--failed"], ["retry", "--all-failed"], ["retry", "--reason", "carrier", "--yes"]):
        assert "Without 2 paused stores: --store NAME names one." in ran(*command)
    assert "paused" not in ran("tasks", "--failed", "--store", "acme-fr")
    ran("fleet", "pause", "other", "--yes")
    assert "No store is enabled: 3 stores paused. `sfsync fleet resume` switches them on." in ran("status")


def test_a_misspelt_store_is_answered_with_those_that_were_meant() -> None:
    """Not with the names of ten thousand."""
    Store.objects.bulk_create([Store(name=f"shop-{number:04}", feed_store_id=10) for number in range(50)])
    said = " ".join(ran("status", "--store", "shop-042", status=2).split())
    assert "Stores: shop-0042, " in said
    assert said.endswith(" and 30 more.")
