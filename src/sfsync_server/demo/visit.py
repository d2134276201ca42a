"""After the story: the back office on its data, until the visitor leaves with Ctrl+C."""

from __future__ import annotations

import secrets
import subprocess
import sys
from datetime import timedelta

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import DateTimeField, F

from sfsync_server.demo.screen import Screen

VISITOR = "demo"


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
    return subprocess.run([*command, "--workers=1"], check=False).returncode  # noqa: S603  our own command


def back_to_the_present(ahead: timedelta) -> None:
    """The story's days took seconds: everything it dated is moved back, so that no page shows the future."""
    for model in apps.get_app_config("sfsync").get_models():
        dates = [field.name for field in model._meta.fields if isinstance(field, DateTimeField)]
        if dates:
            model._default_manager.update(**{name: F(name) - ahead for name in dates})
