"""After the story: the back office on its data, until the visitor leaves with Ctrl+C."""

from __future__ import annotations

import secrets
import sys
from datetime import date, datetime, timedelta

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import DateTimeField, F
from django.utils import timezone, translation

from sfsync import texts
from sfsync.models import DayFigure, LogEntry, Notice
from sfsync.models.figure import WITHIN
from sfsync_server.demo import run
from sfsync_server.demo.screen import Screen

VISITOR = "demo"
MOMENTS = texts.TIMES | {"retry_at"}
"""What is a time among the parameters of sentences and mails, as ISO text."""


def receive(screen: Screen, port: int, ahead: timedelta) -> int:
    """Serve the back office. `ahead` is how far the story's clock runs before the real one."""
    back_to_the_present(ahead)
    password = secrets.token_urlsafe(9)
    get_user_model().objects.create_superuser(VISITOR, "demo@example.com", password)
    screen.say()
    screen.say(
        f"The back office on this data: sign in as {VISITOR} with the password {password}. Ctrl+C ends it.", "bold"
    )
    command = [sys.executable, "-c", "from sfsync_server.cli import main; main()", "serve", f"--port={port}"]
    return run([*command, "--workers=1"])


def back_to_the_present(ahead: timedelta) -> None:
    """The story's days took seconds: all that it dated is moved back, so that no page shows the future.

    What was said of a time, or was to be said of one, is moved with the rest.
    """
    for model in apps.get_app_config("sfsync").get_models():
        fields = {field.name: field for field in model._meta.fields}
        dates = [name for name, field in fields.items() if isinstance(field, DateTimeField)]
        if dates:
            model._default_manager.update(**{name: F(name) - ahead for name in dates})
    _move_figures(timezone.localdate())
    for told in (LogEntry, Notice):
        for row in told._default_manager.exclude(params={}).select_related("store").iterator():
            _move_told(row, ahead)


def _move_figures(today: date) -> None:
    """Days have no time to be moved by: what the story counted after midnight was counted today."""
    for row in DayFigure.objects.filter(day__gt=today):
        key = {"store": row.store, "channel": row.channel, "operation": row.operation, "day": today}
        counts = {name: getattr(row, name) for name in ("sent", "confirmed", "failed", "refused", *WITHIN)}
        known, fresh = DayFigure.objects.get_or_create(**key, defaults=counts)
        if not fresh:
            DayFigure.objects.filter(pk=known.pk).update(**{name: F(name) + count for name, count in counts.items()})
        row.delete()


def _move_told(row: LogEntry | Notice, ahead: timedelta) -> None:
    earlier = {name: _earlier(str(row.params[name]), ahead) for name in MOMENTS & row.params.keys()}
    if not any(earlier.values()):
        return
    row.params |= earlier
    if isinstance(row, LogEntry) and row.store:
        with translation.override(row.store.language):
            row.message = texts.sentence(row.code, row.params)
    row.save()


def _earlier(iso: str, ahead: timedelta) -> str:
    return (datetime.fromisoformat(iso) - ahead).isoformat(timespec="seconds") if iso else ""
