"""The `sfsync` command."""

from __future__ import annotations

import os
import sys

import typer

from sfsync_server.environment import SettingsError

app = typer.Typer(
    help="Keeps marketplaces in step with a shop, through Shopping Feed.", no_args_is_help=True, add_completion=False
)


def main() -> None:
    """The console script: a wrong setting is one sentence on stderr and status 2, never a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sfsync_server.settings")
    try:
        _set_up()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(2)
    app()


def _set_up() -> None:
    import django
    from django.utils import translation

    django.setup()
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "en"
    translation.activate("fr" if spoken.startswith("fr") else "en")


def _register() -> None:
    """Commands import Django's models late: they register themselves once the settings are known to be right."""
    from sfsync_server.commands import acting, local, looking, running, setting

    for module in (setting, running, looking, acting, local):
        module.register(app)


_register()
