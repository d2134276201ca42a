"""The Celery app: `celery -A sfsync_server.celery worker --beat` runs a fleet of stores on SFSYNC_BROKER_URL."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sfsync_server.worker_settings")

app = Celery("sfsync")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def wake(store_id: int) -> None:
    """As `sfsync.tasks.wake`, in a process that has no app of its own: the one that serves the pages."""
    from sfsync.tasks import wake as tell

    app.set_default()
    tell(store_id)
