"""Setting up: migrate, apply, doctor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sfsync_server.commands import shown
from sfsync_server.commands.shown import JsonOption, StoreOption

if TYPE_CHECKING:
    from sfsync.engine.watch.finding import Finding


def register(app: typer.Typer) -> None:
    app.command()(migrate)
    app.command()(apply)
    app.command()(shown.with_stamps(doctor))
    app.command()(bridge)


def migrate(
    announce: Annotated[bool, typer.Option("--announce", hidden=True, help="Tell the first visitor's code.")] = False,
) -> None:
    """Create or update sfsync's own tables. Safe to run again; run it after every upgrade."""
    from sfsync_server.first_visit import announcement
    from sfsync_server.migrating import TablesError, bring_up_to_date
    from sfsync_server.settings import ENVIRONMENT

    if announce:
        _await_database()
    try:
        warnings = bring_up_to_date(ENVIRONMENT.lease_seconds)
    except TablesError as error:
        shown.stop(str(error), shown.USAGE)
    except OSError as error:
        shown.stop(f"{error.filename or ENVIRONMENT.home} cannot be written: {error.strerror}.")
    shown.say("The tables are up to date.")
    for sentence in warnings:
        shown.warn(sentence)
    if announce and (sentence := announcement()):
        shown.say(sentence)


def _await_database() -> None:
    """For `sfsync up`, which is told where nothing is to be waited for."""
    from django.db import OperationalError

    from sfsync_server.database_awaited import await_database
    from sfsync_server.errors import unusable
    from sfsync_server.tree import REFUSED

    try:
        if not await_database(shown.warn):
            raise typer.Exit(1)
    except OperationalError as error:
        shown.stop(unusable(error), REFUSED)


def apply(file: Annotated[Path, typer.Argument(help="A TOML file of stores (docs/stores.md).")]) -> None:
    """Create and change stores as FILE describes. What changed is printed; a wrong line changes nothing."""
    from sfsync.engine.kit.connections import Live
    from sfsync_server import stores_file

    try:
        with closing(Live()) as connections:
            applied = stores_file.apply(file, who=shown.person(), connections=connections)
    except stores_file.StoresFileError as error:
        shown.stop(f"{error}\nNothing was changed.", shown.USAGE)
    for each in applied:
        shown.say(f"{each.store}: {'created' if each.created else 'changed' if each.changes else 'unchanged'}")
        for change in each.changes:
            shown.say(f"  {change}")
        if each.unasked:
            shown.warn(f"{each.store}: the shop could not be asked whether it has these carriers: {each.unasked}")


_STYLES = {"ok": "green", "warning": "yellow", "wrong": "bold red"}


def doctor(
    store: StoreOption = "",
    problems: Annotated[bool, typer.Option("--problems", help="Leave out what is well.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check everything that can be set wrong. Database, shop, token, mapping, email: each line says what to do.

    Status 1 when something is wrong.
    """
    from sfsync.engine.kit.connections import Live
    from sfsync.engine.watch.doctor import examine
    from sfsync.engine.watch.finding import Verdict
    from sfsync.questions import question

    if store:
        shown.stores_named(store)  # or it stops, with those that were meant
    findings = []
    for finding in chain(_of_settings(), examine(Live(), named=store)):
        if problems and finding.verdict is Verdict.OK:
            continue
        findings.append(finding)
        if not as_json:
            _say_finding(finding)
    if as_json:
        shown.print_json([finding.as_dict() for finding in findings])
    elif not findings:
        shown.say(question("all-well"), _STYLES["ok"])
    if any(finding.verdict is Verdict.WRONG for finding in findings):
        raise typer.Exit(1)


def _of_settings() -> Iterator[Finding]:
    """What contradicts itself, what nobody reads, and from where they came."""
    from sfsync.engine.watch.finding import Finding, Verdict
    from sfsync_server.backups import daily
    from sfsync_server.consistency import contradictions, of_pool, places
    from sfsync_server.settings import ENVIRONMENT
    from sfsync_server.unread_settings import ignored

    missed = daily.missed(ENVIRONMENT, datetime.now(UTC))
    for each in chain(ignored(), contradictions(ENVIRONMENT), of_pool(ENVIRONMENT), missed):
        yield Finding("settings", Verdict.WARNING, "setting-doubtful", {"message": each})
    yield Finding("settings", Verdict.OK, "settings-read", {"message": places(ENVIRONMENT)})


def _say_finding(finding: Finding) -> None:
    from sfsync.questions import question

    line = f"{finding.verdict:<8} {finding.subject}{question('colon')}{finding.text}"
    shown.say(line, _STYLES[finding.verdict])
    if finding.advice:
        shown.say(f"         → {finding.advice}")


def bridge(
    store: Annotated[str, typer.Argument(help="The store's name.")],
    file: Annotated[Path, typer.Argument(help="Where to write the module.")] = Path("sfsyncbridge.zip"),
    renew: Annotated[
        bool, typer.Option("--renew", help="With a new secret: the module already in the shop no longer works.")
    ] = False,
) -> None:
    """Write the module by which a shop tells of changes at once. Upload it in the shop, and keep the file secret."""
    from sfsync import texts
    from sfsync.db.secrets import SecretUnreadable
    from sfsync.engine.people import bridges
    from sfsync_server.private_files import write_private

    [named] = shown.stores_named(store)
    try:
        content = bridges.write(named, shown.person(), renew=renew)
        write_private(file, content)
    except bridges.NoBridge as why:
        shown.stop(texts.joined(texts.sentence(str(why), {}), texts.advice(str(why))))
    except SecretUnreadable:
        shown.stop("The secret of the bridge cannot be read any more: write it with a new one (--renew).")
    except OSError as error:
        shown.stop(f"{file} cannot be written: {error.strerror}.")
    shown.say(
        f"{file} is written, for {bridges.address(named)}. In the shop: Modules › Module Manager › Upload a module."
    )
