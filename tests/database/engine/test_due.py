"""Whose turn it is, for the service and for Celery (R7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sfsync.engine.due import due_stores
from sfsync.models import Process, Store

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("settings", "process", "due"),
    [
        ({}, None, True),
        ({}, {"next_run_at": NOW + MINUTE}, False),
        ({}, {"next_run_at": NOW}, True),
        ({}, {"next_run_at": NOW + timedelta(days=1)}, False),
        ({}, {"next_run_at": NOW + timedelta(days=365)}, True),
        ({"mode": "realtime"}, {"next_run_at": NOW + MINUTE}, True),
        ({}, {"next_run_at": NOW + MINUTE, "started_at": NOW - MINUTE, "run_asked_at": NOW}, True),
        ({}, {"next_run_at": NOW + MINUTE, "started_at": NOW, "run_asked_at": NOW - MINUTE}, False),
        ({"enabled": False}, None, False),
        ({"enabled": False, "mode": "realtime"}, None, False),
    ],
)
def test_a_store_is_due(settings: dict[str, Any], process: dict[str, Any] | None, due: bool) -> None:
    """By its schedule, in real time always, or because a person asked after its last start; switched off never.

    A next run a year ahead was written by a clock that was set back since: it silences nobody.
    """
    store = Store.objects.create(name="main", feed_store_id=10, **settings)
    if process:
        Process.objects.create(store=store, **process)
    assert due_stores(NOW).filter(pk=store.pk).exists() is due
