"""Settings that are right one by one and wrong together, and where this process found them (`sfsync doctor`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from django.db import DatabaseError, connection
from django.http.request import validate_host

from sfsync.domain.hosts import is_loopback
from sfsync_server.environment import Environment
from sfsync_server.own_database import SERVER, hosts, is_pooled, limits, unlimited
from sfsync_server.setting_texts import DOTENV


def contradictions(environment: Environment) -> Iterator[str]:
    """A sentence for each, in English, with no secret in it."""
    yield from _of_pages(environment)
    yield from _of_mails(environment)
    if environment.lease_seconds < 2 * environment.timeout:
        yield (
            f"SFSYNC_LEASE_SECONDS is {environment.lease_seconds} and SFSYNC_TIMEOUT {environment.timeout:g}: one slow "
            "answer, and another run takes the store over. Make the lease twice the time-out at least."
        )
    if environment.broker_url.get_secret_value() and not _is_server(environment):
        yield (
            "SFSYNC_BROKER_URL is set, and the database is an SQLite file: Celery's workers on another machine would "
            "each have a database of their own. Set SFSYNC_DATABASE_URL to a PostgreSQL."
        )


def _of_pages(environment: Environment) -> Iterator[str]:
    page = urlsplit(environment.url)
    allowed = [each.strip().lower() for each in environment.allowed_hosts.split(",")]
    if page.hostname and not validate_host(page.hostname, allowed):
        yield (
            f"SFSYNC_URL names {page.hostname}, and SFSYNC_ALLOWED_HOSTS does not: the pages refuse who comes by that "
            "address (400). Add it there."
        )
    if page.scheme == "http" and environment.https and "https" in environment.model_fields_set:
        yield "SFSYNC_URL begins with http://, and SFSYNC_HTTPS redirects it. Write https:// in SFSYNC_URL."
    if page.scheme == "https" and not environment.https:
        yield "SFSYNC_URL begins with https://, and SFSYNC_HTTPS is false: a session could go in clear. Set it to true."
    if "*" in environment.proxies:
        yield "SFSYNC_PROXIES believes everybody: whoever guesses passwords may call every try another address."


def _of_mails(environment: Environment) -> Iterator[str]:
    server = urlsplit(environment.smtp_url.get_secret_value())
    if not server.hostname or is_loopback(server.hostname):
        return
    if environment.mail_from.rpartition("@")[2].rstrip("> ") == "localhost":
        yield f"SFSYNC_MAIL_FROM is {environment.mail_from}, which many mail servers refuse. Set one of your domain."
    if server.username and server.scheme == "smtp" and environment.smtp_security == "none":
        yield "SFSYNC_SMTP_SECURITY is none: the password of SFSYNC_SMTP_URL goes over the network in clear."


def of_pool(environment: Environment) -> Iterator[str]:
    """A pool that shares connections out by transaction loses what was set for a session."""
    with suppress(DatabaseError):  # a database that does not answer is said elsewhere
        missing = unlimited(connection, limits(environment.lease_seconds)) if is_pooled(connection) else []
        if missing:
            yield (
                f"SFSYNC_DATABASE_URL leads through a pool, where {', '.join(missing)} may not hold. Run "
                "`sfsync migrate`, then have the pool renew its connections (PgBouncer: RECONNECT)."
            )


def places(environment: Environment) -> str:
    """A crontab that runs in another folder reads another .env, and maybe another database."""
    dotenv = f"the environment and {DOTENV.absolute()}" if DOTENV.is_file() else "the environment alone (no .env here)"
    return f"read from {dotenv}; home {environment.home.absolute()}; database {_database(environment)}"


def _database(environment: Environment) -> str:
    url = urlsplit(environment.database_url.get_secret_value())
    if _is_server(environment):
        return f"{url.path.lstrip('/')} at {hosts(environment.database_url.get_secret_value()) or 'this machine'}"
    return str(Path(url.path[1:] if url.scheme else environment.home / "sfsync.sqlite3").absolute())


def _is_server(environment: Environment) -> bool:
    return urlsplit(environment.database_url.get_secret_value()).scheme in SERVER
