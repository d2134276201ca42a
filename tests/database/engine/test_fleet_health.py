"""The figures of all stores together are the sums of what each is said to be."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from sfsync.engine.watch.fleet_health import fleet_health
from sfsync.engine.watch.health import health_of
from sfsync.models import ChannelTrouble, Cursor, Finding, MarketplaceOrder, Order, Process, Store, StoreState, Task
from sfsync.models.process import SYNC

NOW = timezone.now()
TROUBLES = ("", "", "shop-unavailable", "token-refused")
pytestmark = pytest.mark.django_db


def a_fleet(many: int) -> list[Store]:
    """Of many kinds: seldom and often run, long ago or never, in trouble or a part of them, with orders that wait."""
    made = Store.objects.bulk_create(
        Store(
            name=f"store-{number:03}",
            feed_store_id=number,
            recipients=["agency@example.com"],
            enabled=number % 11 != 0,
            every_minutes=(5, 90, 600)[number % 3],
            deadline_steps=([], [4], [48, 4])[number % 3],
            created_at=NOW - timedelta(hours=12),
        )
        for number in range(many)
    )
    for number, store in enumerate(made):
        trouble = TROUBLES[number % len(TROUBLES)]
        StoreState.objects.create(store=store, trouble=trouble, mail_trouble="busy" if number % 7 == 0 else "")
        if number % 5:
            ended = NOW - timedelta(minutes=13) * number
            Process.objects.create(store=store, name=SYNC, started_at=ended - timedelta(seconds=9), finished_at=ended)
        if number % 4 in (1, 2):
            for source in ("history", "table"):
                Cursor.objects.create(store=store, name=source, trouble="shop-unavailable")
        if number % 6 == 0:
            ChannelTrouble.objects.create(store=store, channel="Amazon", answer="No", since=NOW, held_at=NOW)
        an_order(store, number)
    return made


def an_order(store: Store, number: int) -> None:
    """Waiting since then, and to be shipped soon, or not so soon."""
    given = {"feed_id": number + 1, "reference": f"R-{number}", "channel": "Amazon", "created_at": NOW}
    order = MarketplaceOrder.objects.create(store=store, ship_by=NOW + timedelta(hours=number % 60 - 5), **given)
    Order.objects.create(store=store, marketplace_order=order, key=str(number), ordinal=number, created_at=NOW)
    if number % 8 == 1:
        Finding.objects.create(store=store, order=order, kind="not-seen", since=NOW, found_at=NOW)
    if number % 3:
        due = NOW + timedelta(minutes=number % 2)
        since = NOW - timedelta(hours=number)
        Task.objects.create(store=store, order=order, lane="order", update_at=due, since=since)


def test_all_together_is_the_sum_of_each() -> None:
    stores = a_fleet(70)
    fleet, each = fleet_health(NOW), health_of(stores, NOW)
    alarms = Counter(code for health in each for code in {alarm.code for alarm in health.alarms})
    assert {code: number for code, number in fleet.alarms.items() if number} == alarms
    assert len(alarms) == 7
    for name in ("queued", "waiting", "in_flight", "failed"):
        assert fleet.updates[name] == sum(getattr(health, name) for health in each), name
    assert min(fleet.updates["queued"], fleet.updates["waiting"]) > 0
    assert fleet.updates["differs"] == sum(health.differences for health in each) > 0
    assert fleet.to_ship == {
        "late": sum(health.late for health in each),
        "at risk": sum(health.at_risk for health in each),
    }
    assert fleet.oldest_waiting == min(health.oldest_waiting for health in each if health.oldest_waiting)
