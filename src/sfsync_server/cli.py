"""The `sfsync` command."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from sfsync_server import streams
from sfsync_server.errors import SettingsError, unusable
from sfsync_server.help_layout import Commands
from sfsync_server.unread_settings import ignored

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # a local variable may hold a secret
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sfsync {version('sfsync')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Keeps marketplaces in step with a shop, through Shopping Feed."""


def main() -> None:
    """The console script: what it cannot work with is one sentence on stderr and a status, never a traceback."""
    with streams.usable():
        _main()


def _main() -> None:
    if unreadable := [each for each in sys.argv[1:] if not _is_text(each)]:
        _stop(f"{unreadable[0]!a} is not UTF-8 text.", 2)
    if not _NEED_NOTHING.isdisjoint(sys.argv[1:2]) or "--help" in sys.argv:
        app()
    pages = _SERVE_NO_PAGE.isdisjoint(sys.argv[1:2])
    ours = f"sfsync_server.{'settings' if pages else 'worker_settings'}"
    os.environ[_SETTINGS] = os.environ.get(_SETTINGS) or ours
    try:
        _set_up()
    except SettingsError as error:
        _stop(error, 2)
    for sentence in [*ignored(), *_settled()]:
        streams.tell(sentence)
    from django.db import DatabaseError, InterfaceError

    try:
        app()
    except (DatabaseError, InterfaceError) as error:
        _stop(unusable(error), 1)


def _is_text(argument: str) -> bool:
    """A byte that is no UTF-8 arrives as half of a surrogate pair, which neither a database nor a terminal takes."""
    return not any("\ud800" <= each <= "\udfff" for each in argument)


_SETTINGS = "DJANGO_SETTINGS_MODULE"
_NEED_NOTHING = {"demo", "sandbox", "up", "--version"}
"""What runs without Django: it leaves no trace of itself on the machine, or starts others that do the work."""
_SERVE_NO_PAGE = {"run", "sync", "reconcile"}
"""What runs stores: it is smaller, and starts sooner, without what only pages need."""


def _settled() -> list[str]:
    """A restore that was killed in the middle, before anything works with what it left."""
    from sfsync_server.migrating import after_a_kill

    try:
        return after_a_kill()
    except OSError as error:
        _stop(f"A restore was cut off, and what it left cannot be put back: {error}.", 1)


def _stop(sentence: object, status: int) -> NoReturn:
    streams.tell(sentence)
    sys.exit(status)


def _set_up() -> None:
    """Raises `SettingsError` where a Django project's settings are none, or are not those of a project with sfsync."""
    import django
    from django.apps import apps
    from django.core.exceptions import ImproperlyConfigured
    from django.utils import translation

    named = f"{_SETTINGS} is “{os.environ[_SETTINGS]}”"
    try:
        django.setup()
    except (ImportError, SyntaxError, ImproperlyConfigured) as error:
        raise SettingsError(f"{named}: {error}.") from error
    if not apps.is_installed("sfsync"):
        raise SettingsError(f"{named}, whose INSTALLED_APPS do not have sfsync.")
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "en"
    translation.activate("fr" if spoken.startswith("fr") else "en")


def _register() -> None:
    """Commands import Django's models late: they register themselves once the settings are known to be right."""
    from sfsync_server.commands import (
        acting,
        auditing,
        fleet,
        keeping,
        local,
        looking,
        market,
        running,
        setting,
        starting,
        taking_over,
        web,
    )

    for module in (
        starting,
        setting,
        running,
        looking,
        fleet,
        acting,
        taking_over,
        market,
        keeping,
        local,
        web,
        auditing,
    ):
        module.register(app)


_register()
