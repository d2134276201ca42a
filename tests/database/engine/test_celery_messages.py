"""What Celery's messages may do while no worker, or a slow one, takes them (R7, R22)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery
from celery.signals import before_task_publish
from django.utils import timezone

from sfsync import tasks
from sfsync.models import Process, Store

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    """The headers of every message that leaves."""
    headers: list[dict[str, Any]] = []

    def note(**message: Any) -> None:
        headers.append(message["headers"])

    before_task_publish.connect(note, weak=False)
    with Celery(broker="memory://") as app:
        app.set_current()
        yield headers
    before_task_publish.disconnect(note)


def test_messages_that_nobody_takes_expire_before_they_pile_up(sent: list[dict[str, Any]]) -> None:
    store = Store.objects.create(name="main", feed_store_id=10)
    assert tasks.run_due_stores() == 1
    [message] = sent
    assert message["argsrepr"] == f"({store.pk},)"
    assert datetime.fromisoformat(message["expires"]) <= datetime.now(UTC) + timedelta(seconds=tasks.EXPIRES)


def test_a_message_that_comes_late_finds_the_store_done() -> None:
    """A second message of the same store, taken after the first one's run, does nothing."""
    store = Store.objects.create(name="main", feed_store_id=10)
    Process.objects.create(store=store, next_run_at=timezone.now() + timedelta(minutes=5))
    tasks.run_store(store.pk)
    assert Process.objects.get().started_at is None
