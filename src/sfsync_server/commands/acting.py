"""What a person does about an update: retry, give-up, done."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from sfsync_server.commands import resending, shown
from sfsync_server.commands.looking import order_name, orders_named
from sfsync_server.commands.shown import JsonOption, StoreOption

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from sfsync.models import Order, Store


OperationOption = Annotated[str, typer.Option("--operation", help="Only this one, where an order has several.")]


SinceOption = Annotated[
    str, typer.Option("--since", help="Failed updates since then: 2026-11-27, 2026-11-27T18:00, or 90m, 6h, 2d ago.")
]
WaitOption = Annotated[
    float,
    shown.seconds("--wait", "Send them at once, and follow them for this many seconds."),
]


def register(app: typer.Typer) -> None:
    app.command()(shown.with_stamps(retry))
    app.command("give-up")(shown.with_stamps(give_up))
    app.command("done")(shown.with_stamps(done))
    app.command("release")(shown.with_stamps(release))


def retry(
    order: Annotated[str, typer.Argument(help="The order, as for `sfsync why`.")] = "",
    all_failed: Annotated[bool, typer.Option("--all-failed", help="Every failed update.")] = False,
    since: SinceOption = "",
    channel: Annotated[str, typer.Option("--channel", help="Failed updates of this marketplace.")] = "",
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            callback=shown.searched,
            help="Failed updates with this reason: words of the answer, or a code.",
        ),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not show first what will be sent, and ask.")] = False,
    wait: WaitOption = 0,
    operation: OperationOption = "",
    store: StoreOption = "",
    as_json: JsonOption = False,
) -> None:
    """Retry failed updates with the next sync. They have all their attempts again.

    With --since, --channel or --reason: shows first what will be sent.
    """
    from sfsync.engine.people import acts
    from sfsync.engine.people.resend import Wanted
    from sfsync.models import Order

    filtered = bool(since or channel or reason)
    if bool(order) + all_failed + filtered > 1:
        shown.stop("Give an order, or --all-failed, or --since, --channel and --reason, but not together.", shown.USAGE)
    if (yes or wait or as_json) and (order or all_failed):
        shown.stop("--yes, --wait and --json only go with --since, --channel or --reason.", shown.USAGE)
    if filtered:
        wanted = Wanted(resending.moment(since), channel, reason, operation)
        shown.say_left_out(store)
        resending.resend(shown.stores_named(store), wanted, sure=yes, wait=wait, as_json=as_json)
        return
    if not order and not all_failed:
        shown.stop("Say which order, or --all-failed, or which failures: --since, --channel, --reason.", shown.USAGE)
    if order:
        again = partial(acts.retry, operation=operation)
        _act(orders_named(order, store), again, "retried")
        return
    shown.say_left_out(store)
    count = acts.retry(Order.objects.filter(store__in=shown.stores_named(store)), shown.person(), operation=operation)
    shown.say(_counted("retried", count) if count else "Nothing has failed.")


def give_up(
    order: Annotated[str, typer.Argument(help="The order, as for `sfsync why`.")] = "",
    vanished: Annotated[
        bool, typer.Option("--vanished", help="Every order that the shop no longer has: they are really gone.")
    ] = False,
    operation: OperationOption = "",
    store: StoreOption = "",
) -> None:
    """Dismiss the pending update of an order: it is not sent. A later change of the order counts again."""
    from sfsync.engine.people import acts

    if bool(order) == vanished:
        shown.stop("Say which order, or --vanished.", shown.USAGE)
    if vanished:
        _let_go(shown.stores_named(store))
        return
    _act(orders_named(order, store), partial(acts.give_up, operation=operation), "dismissed")


def _let_go(stores: list[Store]) -> None:
    from sfsync.engine.kit.connections import Live
    from sfsync.engine.people.vanished import let_go
    from sfsync.shops.base import ShopError

    with closing(Live()) as connections:
        for store in stores:
            try:
                count = let_go(store, connections.shop(store), shown.person())
            except ShopError as error:
                shown.stop(f"{store.name}: {error}")
            shown.say(f"{store.name}: {_counted('dismissed', count) if count else 'The shop has them all.'}")


def done(
    order: Annotated[str, typer.Argument(help="The order, as for `sfsync why`.")], store: StoreOption = ""
) -> None:
    """Mark an update as done on the marketplace. For a refund or a cancellation that it does not take from sfsync."""
    from sfsync.engine.people import acts

    _act(orders_named(order, store), acts.done_by_hand, "done")


def release(
    channel: Annotated[str, typer.Argument(help="The marketplace, as `sfsync status` names it.")],
    store: StoreOption = "",
) -> None:
    """Send what was held back for a marketplace. All of it goes with the next sync."""
    from sfsync.engine.people.channels import release as let_go

    released = [let_go(each, channel, shown.person()) for each in shown.stores_named(store)]
    counts = [each for each in released if each is not None]
    shown.say(_counted("released", sum(counts)) if counts else f"Nothing is held back for “{channel}”.")


_COUNTED = {
    "retried": ("1 update will be retried by the next sync.", "{count} updates will be retried by the next sync."),
    "released": ("1 update will be sent by the next sync.", "{count} updates will be sent by the next sync."),
    "dismissed": ("1 update dismissed.", "{count} updates dismissed."),
    "done": ("1 order marked as done.", "{count} orders marked as done."),
}


def _counted(done: str, count: int) -> str:
    return _COUNTED[done][count != 1].format(count=count)


def _act(orders: list[Order], act: Callable[[QuerySet[Order], str], int], done: str) -> None:
    """Do it and say how many it was; where it was none, say why of each order."""
    from sfsync import texts
    from sfsync.engine.people.acts import why_not
    from sfsync.models import Order

    if count := act(Order.objects.filter(pk__in=[each.pk for each in orders]), shown.person()):
        shown.say(_counted(done, count))
        return
    for each in orders:
        shown.say(f"{texts.sentence('unchanged', {'order': order_name(each)})} {why_not(each)}")
