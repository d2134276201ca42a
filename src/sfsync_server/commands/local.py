"""Without any account: a local Shopping Feed (sandbox), and the whole story on one machine (demo)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from sfsync_server.commands import shown


def register(app: typer.Typer) -> None:
    app.command()(sandbox)
    app.command()(demo)


def sandbox(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 picks a free one.")] = 8800,
    token: Annotated[str, typer.Option("--token", help="The token that opens the store.")] = "sandbox-token",
    store: Annotated[int, typer.Option("--store", min=1, help="The store's id.")] = 10,
    ticket_seconds: Annotated[
        float, typer.Option("--ticket-seconds", min=0, help="How many seconds a ticket takes.")
    ] = 0,
    rate_limit: Annotated[bool, typer.Option(help="Limit to 10 requests every 2 seconds, like the real API.")] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Ignore orders that were never added.")] = False,
    samples: Annotated[bool, typer.Option("--samples", help="Begin with the packaged sample orders.")] = False,
    shop: Annotated[
        Path | None,
        typer.Option(
            "--shop",
            dir_okay=False,
            help="Serve a sample shop beside it, on the next port: this SQLite file, made if there is none.",
        ),
    ] = None,
    old_module: Annotated[
        bool, typer.Option("--old-module", help="The orders of a new --shop came through shoppingfluxexport.")
    ] = False,
) -> None:
    """A Shopping Feed, and a shop, on this machine to try with. With the contract of the real one, faults on demand,
    and a page that shows its ledger."""
    from shoppingfeed.sandbox import run_server

    try:
        with contextlib.ExitStack() as open_until_the_end:
            orders = open_until_the_end.enter_context(_shop_beside(shop, port, old_module)) if shop else ()
            run_server(
                port=port,
                token=token,
                store=store,
                ticket_seconds=ticket_seconds,
                rate_limit=(10, 2) if rate_limit else None,
                strict=strict,
                samples=samples,
                orders=orders,
            )
    except OSError as error:
        shown.stop(error.strerror or error)


@contextlib.contextmanager
def _shop_beside(file: Path, port: int, old_module: bool) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yields its orders, as the sandbox is to know them."""
    from sqlalchemy.exc import SQLAlchemyError

    from sfsync_server.demo.sample_shop import beside, its_shop

    if file.exists() and not file.is_file():
        shown.stop(f"{file} is no file.")
    try:
        opened = its_shop(file, old_module=old_module)
    except SQLAlchemyError:
        shown.stop(f"{file} is no sample shop, or cannot be made there: name another file. It is left as it is.")
    with beside(opened, port + 1 if port else 0, linked=not old_module) as its:
        for line in its.greeting:
            typer.echo(line)
        yield its.orders


def demo(
    serve: Annotated[bool, typer.Option("--serve", help="Then open the back office on the story's data.")] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Of the back office; 0 picks a free one.")
    ] = 8000,
) -> None:
    """Show the whole story without any account or network. A SQLite shop, the sandbox, mail caught on this machine."""
    from sfsync_server.demo import tell

    raise typer.Exit(tell(port if serve else None))
