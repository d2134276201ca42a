"""Other senders of the shop: takeover, give-back (R23)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from sfsync_server.commands import hidden, shown

if TYPE_CHECKING:
    from sfsync.models import Store
    from sfsync.shops.switches import Switch, Switches

VARIABLE = "SHOP_ACCOUNT"
StoreName = Annotated[str, typer.Argument(help="The store's name.")]
Sql = Annotated[
    bool,
    typer.Option(
        "--sql",
        help=f"By an account of the shop's database, asked for or read from {VARIABLE}; used once and not kept.",
    ),
]
AccountInput = Annotated[bool, typer.Option("--account-stdin", help="The same; read the account from the input.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether to go on.")]
Print = Annotated[bool, typer.Option("--print", help="Only print the statements, for who runs them by hand.")]


def register(app: typer.Typer) -> None:
    app.command()(shown.with_stamps(takeover))
    app.command("give-back")(shown.with_stamps(give_back))


def takeover(
    store: StoreName, sql: Sql = False, account_stdin: AccountInput = False, yes: Yes = False, print_only: Print = False
) -> None:
    """Switch off the shop's module that sends updates too. From then on sfsync alone sends.

    Shows first what will change. What was there is remembered: `sfsync give-back` restores it.
    """
    from sfsync.engine.people import takeover as acts

    named = _store(store)

    def look(switches: Switches) -> list[tuple[Switch, str]]:
        return [(each, each.off) for each in acts.sending(switches)]

    def act(switches: Switches) -> None:
        done = acts.take_over(named, switches, shown.person())
        shown.say(f"{len(done)} settings switched off. The next sync checks that it stays so.")

    _go(named, look, act, account=(sql, account_stdin, yes, print_only), nothing="Nothing in the shop is set to send.")


def give_back(
    store: StoreName, sql: Sql = False, account_stdin: AccountInput = False, yes: Yes = False, print_only: Print = False
) -> None:
    """Restore in the shop what `sfsync takeover` switched off. Nothing else is changed."""
    from sfsync.engine.people import takeover as acts

    named = _store(store)

    def look(switches: Switches) -> list[tuple[Switch, str]]:
        found = acts.returning(named, switches).switched
        return [(each, was.value) for each, was in zip(found, acts.former_values(named, found), strict=True)]

    def act(switches: Switches) -> None:
        done = acts.give_back(named, switches, shown.person())
        if done.switched:
            shown.say(f"{len(done.switched)} settings restored.")
        for name in done.left:
            shown.say(f"{name} was changed or removed since: left as it is.")

    _go(named, look, act, account=(sql, account_stdin, yes, print_only), nothing="There is nothing to restore.")


def _store(name: str) -> Store:
    [named] = shown.stores_named(name)
    return named


def _go(
    store: Store,
    look: Callable[[Switches], list[tuple[Switch, str]]],
    act: Callable[[Switches], None],
    *,
    account: tuple[bool, bool, bool, bool],
    nothing: str,
) -> None:
    """Show, ask, act. An act with nothing to change still ends what an earlier one left unfinished."""
    from sfsync.db.secrets import SecretUnreadable
    from sfsync.engine.people.takeover import switches_of
    from sfsync.shops.base import ShopError

    sql, from_input, yes, print_only = account
    try:
        with switches_of(store) as switches:
            changes = look(switches)
            if print_only:
                _print(switches, changes, nothing)
                return
        _show(changes, nothing)
        given = _account(from_input) if changes and (sql or from_input or VARIABLE in os.environ) else ""
        if changes and not yes and not typer.confirm("Go on?"):
            raise typer.Exit(1)
        with switches_of(store, given) as switches:
            act(switches)
    except (ShopError, SecretUnreadable) as error:
        shown.stop(f"{store.name}: {error}")


def _print(switches: Switches, changes: Sequence[tuple[Switch, str]], nothing: str) -> None:
    """And what undoes it: a change made by hand is not remembered here."""
    if not changes:
        shown.say(nothing)
        return
    for switch, value in changes:
        shown.say(switches.statement(switch, value))
    shown.say("-- to undo it:")
    for switch, _value in changes:
        shown.say(switches.statement(switch, switch.value))


def _show(changes: Sequence[tuple[Switch, str]], nothing: str) -> None:
    from django.utils.translation import gettext

    if not changes:
        shown.say(nothing)
        return
    shown.say("This will change in the shop's settings:")
    for switch, value in changes:
        scope = gettext(switch.scope) % {"number": switch.number}
        shown.say(f"  {switch.name} ({scope}): “{switch.value}” → “{value}”")


def _given_account() -> str:
    from sfsync_server.given_files import first_line

    try:
        return first_line(sys.stdin.buffer).strip()
    except ValueError:
        shown.stop("The first line of the input holds no address.", shown.USAGE)


def _account(from_input: bool) -> str:
    """Never from the command line, where every program of the machine could read it."""
    if from_input:
        return _given_account()
    if given := os.environ.get(VARIABLE, ""):
        return given
    if not sys.stdin.isatty():
        shown.stop(f"There is no terminal to ask for the account. Give it in {VARIABLE}, or with --account-stdin.", 2)
    asked = "Address with an account that may change it (mysql+pymysql://user:password@host/shop)"
    return hidden.ask(f"{asked}: ")
