"""The first store, asked for piece by piece: each answer is tried at once, and the end is a dry run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sfsync_server.commands import shown


def register(app: typer.Typer) -> None:
    app.command()(init)


def init(
    name: Annotated[str, typer.Option("--name", help="What the store is called here.")] = "main",
    api_url: Annotated[str, typer.Option("--api-url", help="Of a sandbox; Shopping Feed itself if not given.")] = "",
) -> None:
    """Ask for a first store, and show what would be sent. Each answer is tried at once; nothing is sent.

    For a terminal; scripts write a file of stores and run `sfsync apply`.
    """
    from sfsync_server.commands.first_store import ask_for
    from sfsync_server.migrating import TablesError, bring_up_to_date
    from sfsync_server.settings import ENVIRONMENT

    if not sys.stdin.isatty():
        shown.stop(
            "sfsync init asks on a terminal. Without one, write a file of stores: sfsync apply FILE.", shown.USAGE
        )
    try:
        bring_up_to_date(ENVIRONMENT.lease_seconds)
    except TablesError as error:
        shown.stop(str(error), shown.USAGE)
    ask_for(name, api_url)
