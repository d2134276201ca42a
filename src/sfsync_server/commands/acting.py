"""Acting on updates that failed: retry, give-up."""

from __future__ import annotations

from typing import Annotated

import typer

from sfsync_server.commands import shown
from sfsync_server.commands.looking import orders_named
from sfsync_server.commands.shown import StoreOption


def register(app: typer.Typer) -> None:
    app.command()(retry)
    app.command("give-up")(give_up)


def retry(
    order: Annotated[str, typer.Argument(help="The order, as for `sfsync why`.")] = "",
    all_failed: Annotated[bool, typer.Option("--all-failed", help="Every failed update.")] = False,
    store: StoreOption = "",
) -> None:
    """Try failed updates again with the next run, with all their tries."""
    from sfsync.engine import persons
    from sfsync.models import Order

    if bool(order) == all_failed:
        shown.stop("Say which order, or --all-failed.", shown.USAGE)
    orders = Order.objects.filter(store__in=shown.stores_named(store))
    if order:
        orders = orders.filter(pk__in=[each.pk for each in orders_named(order, store)])
    shown.say(f"Updates that the next run tries again: {persons.retry(orders, shown.person())}.")


def give_up(
    order: Annotated[str, typer.Argument(help="The order, as for `sfsync why`.")], store: StoreOption = ""
) -> None:
    """Drop the waiting update of an order: it is not sent. A later change of the order counts again."""
    from sfsync.engine import persons
    from sfsync.models import Order

    orders = Order.objects.filter(pk__in=[each.pk for each in orders_named(order, store)])
    shown.say(f"Updates given up: {persons.give_up(orders, shown.person())}.")
