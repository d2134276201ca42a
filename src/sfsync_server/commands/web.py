"""The web: up (everything), serve (the back office), createuser, rotate-key."""

from __future__ import annotations

import os
import socket
import sys
from typing import Annotated

import typer

from sfsync_server.commands import shown

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(serve)
    app.command("createuser")(create_user)
    app.command("rotate-key")(rotate_key)


PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 picks a free one.")]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes.")]
ThreadsOption = Annotated[int, typer.Option("--threads", min=1, max=64, help="Threads of each process.")]


def serve(
    port: PortOption = 8000,
    host: Annotated[str, typer.Option("--host", help="The address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    workers: WorkersOption = 2,
    threads: ThreadsOption = 4,
) -> None:
    """The back office in the browser. Stops cleanly on SIGTERM or Ctrl+C.

    On this machine alone it speaks plain HTTP unless SFSYNC_HTTPS says otherwise; elsewhere put it behind TLS.
    """
    from sfsync_server.database_awaited import await_database
    from sfsync_server.first_visit import announcement

    if not await_database(shown.warn):
        return
    command = _pages(host, port, workers, threads)
    _check_tables()
    if sentence := announcement():
        shown.say(sentence)
    os.execv(sys.executable, command)  # noqa: S606  the same interpreter, no shell


def up(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, envvar="PORT", help="0 picks a free one.")] = 8000,
    host: Annotated[
        str, typer.Option("--host", help="The address to listen on; 127.0.0.1, or all of them where PORT is set.")
    ] = "",
    workers: WorkersOption = 2,
    threads: ThreadsOption = 4,
    service: Annotated[bool, typer.Option(help="Without it, Celery's workers or a crontab do the syncs.")] = True,
) -> None:
    """Run everything: the back office and the service. The tables are brought up to date first; SIGTERM or Ctrl+C
    ends it.

    What dies is started again. Several may start at once: one brings the tables up to date, the others wait. Status 2
    where the settings are wrong or the database is that of a newer sfsync.
    """
    from sfsync_server.tree import Part, Tree

    pages = _pages(host or ("0.0.0.0" if "PORT" in os.environ else "127.0.0.1"), port, workers, threads)  # noqa: S104
    ours = [sys.executable, "-m", "sfsync_server"]
    syncs = [Part("The service", [*ours, "run"])] if service else []
    tables = Part("The update of the tables", [*ours, "migrate", "--announce"], then=syncs, step=True)
    raise typer.Exit(Tree([Part("The back office", pages), tables], shown.warn).run())


def _pages(host: str, port: int, workers: int, threads: int) -> list[str]:
    """The command that serves them, announced; its settings are in the environment."""
    from sfsync_server.environment import load
    from sfsync_server.front import both_forms

    environment = load()
    plain = host in LOOPBACK and "https" not in environment.model_fields_set
    if plain:
        os.environ["SFSYNC_HTTPS"] = "false"
    port = _free_port(host, port)
    shown.say(f"The back office: http://{'localhost' if host in LOOPBACK | EVERYWHERE else host}:{port}/")
    if plain:
        shown.say("Plain HTTP, for this machine only. Behind a proxy with TLS, set SFSYNC_HTTPS=true.")
    elif environment.https and host not in LOOPBACK:
        shown.say("Every page leads to https: put a proxy with TLS in front, or set SFSYNC_HTTPS=false.")
    command = [sys.executable, "-m", "gunicorn", "sfsync_server.wsgi", f"--bind={_bound(host, port)}"]
    command += [f"--workers={workers}", f"--threads={threads}", "--preload", "--worker-connections=500"]
    command += ["--worker-class=sfsync_server.web_worker.WholeRequests"]
    command += [f"--forwarded-allow-ips={both_forms(environment.proxies)}", "--timeout=120", "--log-level=warning"]
    return [*command, "--forwarder-headers=", "--no-control-socket"]


def _free_port(host: str, port: int) -> int:
    """The port, or any free one for 0; a sentence where another program has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family) as server:
            return int(server.getsockname()[1])
    except OSError as error:
        shown.stop(f"Port {port} of {host} cannot be used: {error.strerror}. Choose another one with --port.")


def _check_tables() -> None:
    from sfsync.engine.kit.connections import Live
    from sfsync.engine.watch.doctor import examine
    from sfsync.engine.watch.finding import Verdict
    from sfsync.texts import joined

    database = next(examine(Live()))
    if database.verdict is Verdict.WRONG:
        shown.stop(f"{database.subject}: {joined(database.text, database.advice)}")


def _bound(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def create_user(
    name: Annotated[str, typer.Argument(help="The name to sign in with.")],
    admin: Annotated[bool, typer.Option("--admin", help="Sees every store, adds stores and people.")] = False,
    store: Annotated[
        list[str] | None, typer.Option("--store", help="A store to see and act on; may be repeated.")
    ] = None,
    group: Annotated[str, typer.Option("--group", help="Only stores of this group.")] = "",
    agency: Annotated[
        bool, typer.Option("--agency", help="Every store of --group, and gives people access to them.")
    ] = False,
    email: Annotated[str, typer.Option("--email", help="The person's email address.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of the input.")
    ] = False,
) -> None:
    """Create a user who can sign in to the back office.

    Asks for the password on the terminal, or reads it with --password-stdin.
    """
    from django.contrib.auth import get_user_model
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.db import transaction

    from sfsync.models.act import note
    from sfsync.models.role import Level, Role, give

    if agency and (admin or store or not group):
        shown.stop("--agency takes --group, and neither --admin nor --store.", shown.USAGE)
    people = get_user_model()
    if people.objects.filter(username__iexact=name).exists():
        shown.stop(f"The name “{name}” is already taken.", shown.USAGE)
    stores = [each for chosen in store or [] for each in shown.stores_named(chosen)]
    password = _read_password() if password_stdin else _ask_password()
    user = people(username=name, email=email)
    try:
        validate_password(password, user)
        user.set_password(password)
        user.full_clean()
        Role(group=group).clean_fields(exclude=["user", "level"])
    except ValidationError as error:
        shown.stop(" ".join(error.messages), shown.USAGE)
    role = Level.ADMINISTRATOR if admin else Level.AGENCY if agency else Level.MERCHANT
    names = [each.name for each in stores]
    with transaction.atomic():
        give(user, role, group)
        user.sfsync_stores.set(stores)
        note(shown.person(), "person-saved", person=name, role=role, group=group, active=True, stores=names)
    seen = f"agency; stores: all of {group}" if agency else f"user; stores: {', '.join(names) or 'none yet'}"
    shown.say(f"Created {name} ({'administrator' if admin else seen}).")


def _read_password() -> str:
    from sfsync_server.given_files import first_line

    try:
        password = first_line(sys.stdin.buffer)
    except UnicodeDecodeError:
        shown.stop("The password on the input is not UTF-8 text.", shown.USAGE)
    except ValueError as error:
        shown.stop(str(error), shown.USAGE)
    if not password:
        shown.stop("The first line of the input holds no password.", shown.USAGE)
    return password


def _ask_password() -> str:
    if not sys.stdin.isatty():
        shown.stop(
            "There is no terminal to ask for the password. Give it on the input, with --password-stdin: "
            "sfsync createuser NAME --password-stdin < a-file-that-holds-it",
            shown.USAGE,
        )
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def rotate_key() -> None:
    """Encrypt every stored secret with a new key. The former key still decrypts until the next time.

    What runs goes on: it reads the new key when it needs it. With a key of your own (SFSYNC_SECRET_KEY), first put the
    new one there and the old one into SFSYNC_FORMER_SECRET_KEYS. Whatever goes wrong, no secret is lost: run it again.
    """
    from django.db import transaction

    from sfsync.db.secrets import SecretUnreadable
    from sfsync.db.stored_secrets import StoredSecrets
    from sfsync.models.act import note, renew_seal, sealed_with
    from sfsync_server import environment, rotation
    from sfsync_server.errors import SettingsError

    settings = environment.load()
    try:
        with rotation.alone(settings), transaction.atomic():
            secrets = StoredSecrets()
            secrets.check()
            renewed = rotation.renew_secret_key(settings, lambda key: secrets.need(key) or sealed_with(key))
            count = secrets.encrypt_again()
            note(shown.person(), "key-changed", count=count)
            renew_seal()
    except (SecretUnreadable, SettingsError) as error:
        shown.stop(str(error))
    shown.say(f"Secrets encrypted with the {'new' if renewed else 'current'} key: {count}.")
