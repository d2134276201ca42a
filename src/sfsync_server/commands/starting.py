"""The first store, asked for piece by piece: each answer is tried at once, and the end is a dry run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync_server.commands import hidden, rehearsing, shown

if TYPE_CHECKING:
    from sfsync.engine.kit.connections import Connections
    from sfsync.engine.watch.finding import Finding
    from sfsync.models import Store
    from sfsync.shops.base import Status
    from sfsync.shops.setting import Setting


def register(app: typer.Typer) -> None:
    app.command()(init)


def init(
    name: Annotated[str, typer.Option("--name", help="What the store is called here.")] = "main",
    api_url: Annotated[str, typer.Option("--api-url", help="Of a sandbox; Shopping Feed itself if not given.")] = "",
) -> None:
    """Ask for a first store, try each answer at once, and show what would be sent. Nothing is sent.

    For a terminal; scripts write a file of stores and run `sfsync apply`.
    """
    from sfsync.engine.kit.connections import Live
    from sfsync.engine.people.change_settings import add_store
    from sfsync.models import Store
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
    if Store.objects.filter(name=name).exists():
        shown.stop(f"There is a store “{name}” already. Give another name with --name.", shown.USAGE)
    language = "fr" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("fr") else "en"
    store = Store(name=name, language=language, **({"api_url": api_url} if api_url else {}))
    connections = Live()
    _ask_feed(store, connections)
    _ask_shop(store, connections)
    _ask_statuses(store, connections)
    _ask_recipients(store)
    _check_beside_others(store)
    add_store(store, shown.person())
    shown.say(f"The store “{name}” is saved. This is what its first sync would send:")
    rehearsing.show([store], connections, as_json=False)
    shown.say("Next: `sfsync up` runs everything; `sfsync sync` sends once; `sfsync doctor` checks the rest.")


def _ask_shop(store: Store, connections: Connections) -> None:
    """Until the shop answers. What usually is as it always is, is asked only when it did not."""
    from sfsync.engine.watch.connection_tests import try_shop

    shown.say("2. How is the shop reached?")
    _until_well(store, lambda again: _ask_settings(store, everything=again), lambda: try_shop(store, connections))


def _ask_settings(store: Store, *, everything: bool) -> None:
    from sfsync.db.secrets import Secret
    from sfsync.engine.people.first_day import needed
    from sfsync.models import named_settings

    asked = needed(store.kind)
    for key, setting in store.kind.settings.items():
        usual = setting.type is str and not setting.choices
        if (key in asked or (everything and usual)) and key in named_settings.counting(store):
            given = _ask(setting)
            named_settings.put(store, {f"shop.{key}": Secret(given) if setting.secret else given})


def _ask(setting: Setting) -> str:
    """A key is not shown; an address is, even with a password in it: nobody gets a long one right unseen."""
    if setting.help:
        shown.say(f"   {setting.help}")
    label = f"   {setting.label}"
    if setting.choices:
        return _choose(label, list(setting.choices.items()), str(setting.default))
    return hidden.ask(label) if setting.goes_to else str(typer.prompt(label, default=setting.default)).strip()


def _choose(label: str, choices: Sequence[tuple[str, str]], default: str) -> str:
    for number, (_value, meant) in enumerate(choices, 1):
        shown.say(f"     {number}  {meant}")
    usual = next((number for number, (value, _meant) in enumerate(choices, 1) if value == default), 1)
    picked: int = typer.prompt(label, default=usual, type=int)
    while not 1 <= picked <= len(choices):
        picked = typer.prompt(label, default=usual, type=int)
    return choices[picked - 1][0]


def _until_well(store: Store, ask: Callable[[bool], None], attempt: Callable[[], Finding]) -> None:
    from sfsync.engine.watch.finding import Verdict
    from sfsync.models import named_settings
    from sfsync.texts import joined

    again = False
    while True:
        ask(again)
        again = True
        if wrong := named_settings.mistakes(store):
            shown.say(
                "   " + " ".join(sentence for each in wrong.values() for error in each for sentence in error.messages)
            )
            continue
        found = attempt()
        shown.say(f"   {joined(found.text, found.advice)}", "green" if found.verdict is Verdict.OK else "yellow")
        if found.verdict is not Verdict.WRONG or typer.confirm("   Go on all the same?", default=False):
            return


def _ask_feed(store: Store, connections: Connections) -> None:
    from sfsync.db.secrets import Secret
    from sfsync.engine.watch.connection_tests import try_token

    def ask(_again: bool) -> None:
        store.token = Secret(hidden.ask("   Token"))
        store.feed_store_id = 0

    def attempt() -> Finding:
        found = try_token(store, connections)
        if names := found.params.get("names"):
            choices = [(str(number), f"{name} ({number})") for number, name in names.items()]
            store.feed_store_id = int(_choose("   Store", choices, ""))
            found = try_token(store, connections)
        store.feed_store_id = found.params.get("store", 0)
        return found

    shown.say("1. The token of Shopping Feed, and the store that it opens.")
    _until_well(store, ask, attempt)


def _ask_statuses(store: Store, connections: Connections) -> None:
    """The proposal is shown with the shop's own names; each meaning can be given other ids."""
    from sfsync.domain.operations import meanings
    from sfsync.domain.proposed_statuses import propose

    shown.say("3. What do the shop's statuses mean?")
    statuses = [each for each in connections.shop(store).reader.statuses(store.language) if not each.deleted]
    store.statuses = propose(statuses)
    _show_statuses(statuses, store.statuses)
    if typer.confirm("   Is that right?", default=True):
        return
    known = {str(each.status_id) for each in statuses}
    for meaning in meanings():
        usual = ",".join(map(str, store.statuses.get(meaning, [])))
        store.statuses[meaning] = _ask_numbers(meaning, usual or "-", known)


def _ask_numbers(meaning: str, usual: str, known: set[str]) -> list[str]:
    """Until the shop has them all."""
    while True:
        given = typer.prompt(f"   {meaning}: the numbers, separated by commas; - for none", default=usual)
        numbers = [each for each in map(str.strip, given.split(",")) if each not in ("", "-")]
        unknown = [each for each in numbers if each not in known]
        if not unknown:
            return numbers
        shown.say(f"   The shop has no status {', '.join(unknown)}.", "yellow")


def _show_statuses(statuses: Sequence[Status], proposed: dict[str, list[Any]]) -> None:
    meant = {key: meaning for meaning, keys in proposed.items() for key in keys}
    rows = [(each.status_id, each.name, meant.get(each.status_id, "")) for each in statuses]
    shown.print_table(["number", "status", "means"], rows, empty="")


def _check_beside_others(store: Store) -> None:
    from django.core.exceptions import ValidationError

    try:
        store.clean()
    except ValidationError as error:
        shown.stop(" ".join(error.messages))


def _ask_recipients(store: Store) -> None:
    from django.core.exceptions import ValidationError

    shown.say("4. Who is told of orders that need a person?")
    while True:
        given = typer.prompt("   Email addresses, separated by commas (none)", default="", show_default=False)
        store.recipients = [each.strip() for each in given.split(",") if each.strip()]
        try:
            return store.clean_fields()
        except ValidationError as error:
            shown.say(f"   {' '.join(error.messages)}", "yellow")
