"""The deployment's settings: environment variables `SFSYNC_*`, a `.env` file, or a file for each secret (`…_FILE`)."""

from __future__ import annotations

import io
import logging
import os
import re
import secrets
from collections.abc import Iterator
from difflib import get_close_matches
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import SplitResult, unquote, urlsplit

from dotenv.parser import parse_stream
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from sfsync.conf import PAGE_ADDRESS, is_page_address
from sfsync.guard.groups import read_roles
from sfsync_server.errors import SettingsError
from sfsync_server.front import are_proxies
from sfsync_server.outgoing_proxy import check_proxy
from sfsync_server.own_database import NOT_AN_ADDRESS, check_database
from sfsync_server.private_files import write_private_once

logging.getLogger("dotenv").setLevel(logging.ERROR)  # a line of .env that means nothing is told by name (`ignored`)
MOST_SHOWN = 60
"""Characters of a wrong value that are repeated."""
_HOST = re.compile(r"\*?|\.?[^\s/:@]+|\[[0-9a-f:.]+\]", re.IGNORECASE)
CLOSE = 0.8
"""How alike a misspelt name and the right one are, from 0 to 1."""


def _home() -> Path:
    """A container may run as an account that the machine does not know, and without HOME."""
    try:
        return Path.home() / ".sfsync"
    except RuntimeError:
        raise SettingsError(
            f"This account ({os.getuid()}) has no home folder: set SFSYNC_HOME to a folder that it may write in."
        ) from None


class Environment(BaseSettings):
    """What one machine needs to know. Everything about a store lives in the database (`sfsync apply`)."""

    model_config = SettingsConfigDict(env_prefix="SFSYNC_", env_file=".env", extra="ignore")

    home: Path = Field(default_factory=_home, description="Where the database and the key live")
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="sqlite:///path or postgresql://user:password@host/name; SQLite in home if empty",
    )
    secret_key: SecretStr = Field(
        default=SecretStr(""), description="Encrypts tokens and signs sessions; made on first use in home if empty"
    )
    former_secret_keys: SecretStr = Field(
        default=SecretStr(""), description="Earlier keys, comma separated, still able to decrypt while keys rotate"
    )
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="smtp://user:password@host:587, or smtps://host:465 for TLS from the start; no mail if empty",
    )
    smtp_security: Literal["auto", "starttls", "tls", "none"] = Field(
        default="auto", description="auto encrypts wherever the server can, and sends no password in clear"
    )
    mail_from: str = Field(default="sfsync@localhost", description="The sender of the digest mails")
    timeout: float = Field(default=30.0, ge=1, le=60, description="Seconds that any outside call may take")
    lease_seconds: int = Field(
        default=180, ge=5, le=3600, description="After so long without a sign a run counts as dead"
    )
    turn_seconds: float = Field(
        default=30.0, ge=1, le=3600, description="A run ends early after so long when others may wait for their turn"
    )
    workers: int = Field(default=4, ge=1, le=64, description="Stores that the service runs side by side")
    ticket_lag_seconds: float = Field(
        default=15.0, ge=0, le=3600, description="How late the ticket list may be: before that, absent proves nothing"
    )
    poll_seconds: float = Field(
        default=1.0, ge=0.05, le=3600, description="The service looks at real-time shops so often"
    )
    concurrency: int = Field(default=4, ge=1, le=10, description="Requests to Shopping Feed at once")
    paced: bool = Field(default=True, description="Keep under the rate limit by waiting before requests")
    silence_minutes: int = Field(default=60, ge=1, le=525_600, description="No run for so long is an alarm")
    patience_hours: int = Field(default=24, ge=1, le=8760, description="An update unsent for so long is an alarm")
    sweep_days: int = Field(default=90, ge=1, le=3650, description="Orders older than this are final")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="WARNING", description="What goes to stderr"
    )
    url: str = Field(
        default="", description="The back office's own address, like https://sync.example.com; mails link to it"
    )
    allowed_hosts: str = Field(default="localhost,127.0.0.1,[::1]", description="Host names the web pages answer to")
    https: bool = Field(
        default=True, description="The pages are behind TLS: secure cookies, HSTS, plain HTTP redirected"
    )
    plain_http_hosts: str = Field(
        default="", description="Hosts besides this machine to which a token may go without TLS, comma separated"
    )
    outgoing_proxy: SecretStr = Field(
        default=SecretStr(""), description="http://host:port of a proxy for requests to Shopping Feed"
    )
    hsts_subdomains: bool = Field(
        default=False, description="HSTS holds for every subdomain too: all of them must be behind TLS"
    )
    hsts_preload: bool = Field(
        default=False, description="HSTS asks browsers to ship with this rule, which takes months to undo"
    )
    proxies: str = Field(
        default="127.0.0.1,::1", description="Addresses of the proxies whose X-Forwarded-* headers are believed"
    )
    cron_key: SecretStr = Field(
        default=SecretStr(""), description="Opens the CRON URL /cron/; at least 20 characters; off if empty"
    )
    metrics_key: SecretStr = Field(
        default=SecretStr(""), description="Opens /metrics as a bearer token; administrators only if empty"
    )
    second_factor: Literal["optional", "administrators", "everybody"] = Field(
        default="optional", description="Who must set up a second factor (an authenticator app or a passkey)"
    )
    password_form: bool = Field(
        default=True, description="Sign-in by name and password; false leaves passkeys and the company's accounts"
    )
    oidc_url: str = Field(default="", description="The company's OpenID Connect provider, like https://id.example.com")
    oidc_name: str = Field(default="OpenID Connect", description="What the provider's button on the sign-in page says")
    oidc_client_id: str = Field(default="", description="By what name the provider knows sfsync")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="The password that belongs to it")
    oidc_groups_claim: str = Field(default="groups", description="Where the provider says who is in which group")
    oidc_roles: str = Field(
        default="",
        description="Roles by group, like admins=administrator,shops=merchant; nobody else comes in by the provider",
    )
    broker_url: SecretStr = Field(
        default=SecretStr(""), description="Celery's broker for fleets: redis://… or amqp://…"
    )
    backups: int = Field(
        default=0,
        ge=0,
        le=1000,
        description="The service backs its database up each day and keeps this many; 0 for none",
    )
    time_zone: str = Field(default="UTC", description="The time zone of pages and mails")

    @field_validator("home", mode="before")
    @classmethod
    def _whole_path(cls, value: Path | str) -> Path:
        try:
            return Path(value).expanduser() if str(value).strip() else _home()
        except RuntimeError:
            raise ValueError("takes a folder") from None

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            check_database(value.get_secret_value())
        return value

    @field_validator("outgoing_proxy")
    @classmethod
    def _known_proxy(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            check_proxy(value.get_secret_value())
        return value

    @field_validator("proxies")
    @classmethod
    def _known_proxies(cls, value: str) -> str:
        if not are_proxies(value):
            raise ValueError("takes addresses or networks, separated by commas, or *")
        return value

    @field_validator("allowed_hosts", "plain_http_hosts")
    @classmethod
    def _known_hosts(cls, value: str) -> str:
        if not all(_HOST.fullmatch(each.strip()) for each in value.split(",")):
            raise ValueError("takes host names, separated by commas, without https:// and without a port")
        return value

    @field_validator("mail_from")
    @classmethod
    def _known_sender(cls, value: str) -> str:
        if "@" not in parseaddr(value)[1] or not value.isprintable():
            raise ValueError("takes an address, like shop@example.com or Shop <shop@example.com>")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _known_smtp(cls, value: SecretStr) -> SecretStr:
        url = _address(value)
        if value.get_secret_value() and (url.scheme not in {"smtp", "smtps"} or not url.hostname):
            raise ValueError("takes smtp://host:25, smtp://user:password@host:587 or smtps://host:465")
        return value

    @field_validator("secret_key", "cron_key", "metrics_key")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < 20:
            raise ValueError("takes at least 20 characters")
        return value

    @field_validator("oidc_url")
    @classmethod
    def _known_provider(cls, value: str) -> str:
        url = urlsplit(value)
        if value and url.scheme != "https" and url.hostname not in {"localhost", "127.0.0.1"}:
            raise ValueError("takes an address that begins with https://")
        return value.rstrip("/")

    @field_validator("oidc_roles")
    @classmethod
    def _known_roles(cls, value: str) -> str:
        read_roles(value)
        return value

    @field_validator("url")
    @classmethod
    def _known_address(cls, value: str) -> str:
        if value and not is_page_address(value):
            raise ValueError(PAGE_ADDRESS)
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        from zoneinfo import available_timezones

        if value not in available_timezones():
            raise ValueError("takes a time zone, like Europe/Paris")
        return value


def _address(value: SecretStr) -> SplitResult:
    """An address in its parts. Python's own complaint about a wrong one may show a piece of the password."""
    try:
        url = urlsplit(value.get_secret_value())
        _port = url.port
    except ValueError:
        raise ValueError(NOT_AN_ADDRESS) from None
    return url


def load() -> Environment:
    """Read the settings. Raises `SettingsError` with a sentence for each wrong one, never with a secret in it."""
    _check_texts()
    try:
        given: dict[str, Any] = _from_files()
        return Environment(**given)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(each) for each in error.errors(include_url=False))) from None


def _sentence(error: Any) -> str:
    name = str(error["loc"][0])
    known = str(error["msg"]).removeprefix("Value error, ") if error["type"] == "value_error" else ""
    takes = known or f"takes {_takes(name)}"
    given = str(error["input"])[:MOST_SHOWN]
    if Environment.model_fields[name].annotation is SecretStr or (name == "url" and "@" in str(error["input"])):
        return f"SFSYNC_{name.upper()} {takes}."
    return f"SFSYNC_{name.upper()} is {f'“{given}”' if given else 'empty'}, but {takes}."


def _takes(name: str) -> str:
    """The values of a setting, in words."""
    field = Environment.model_fields[name]
    if field.annotation is bool:
        return "true or false"
    if choices := get_args(field.annotation):
        return " or ".join([", ".join(choices[:-1]), choices[-1]])
    kind = "a whole number" if field.annotation is int else "a number" if field.annotation is float else "a text"
    least = next((f"{each.ge:g}" for each in field.metadata if hasattr(each, "ge")), "")
    most = next((f"{each.le:g}" for each in field.metadata if hasattr(each, "le")), "")
    return f"{kind} from {least} to {most}" if most else f"{kind}, {least} or more" if least else kind


def ignored() -> list[str]:
    """A sentence for each variable that somebody seems to have meant as a setting and that is none; never its value.

    Other names that begin with SFSYNC_ may well be somebody else's: of a compose file, of Kubernetes, of a `token_env`.
    """
    settings = [f"SFSYNC_{name.upper()}" for name in Environment.model_fields]
    files = [f"{name}_FILE" for name in settings]
    written = {name.upper() for name in DotEnvSettingsSource(Environment).env_vars}
    given = {name.upper() for name in os.environ} | written
    sentences = [*_unread_lines(), *(_unread(name) for name in sorted(written.intersection(files)))]
    for name in sorted(given.difference(settings, files)):
        if near := _nearest(name, settings + files):
            sentences.append(f"{name} is no setting of sfsync, and is ignored. Is {near} meant?")
    return sentences


def _unread_lines() -> Iterator[str]:
    text = read_text(DOTENV, str(DOTENV)) if DOTENV.is_file() else ""
    for line in parse_stream(io.StringIO(text)):
        if line.error:
            written = line.original.string
            blank = written[: len(written) - len(written.lstrip())].count("\n")
            yield f"Line {line.original.line + blank} of .env is not NAME=value, and is ignored."


def _unread(name: str) -> str:
    return f"{name} in .env is ignored: the _FILE form of a setting is read from the environment only."


def _nearest(name: str, known: list[str]) -> str:
    """The setting that is misspelt so, if any. SFSYNC_TEST_… is what sfsync's own tests are told."""
    if not name.startswith("SFSYNC_") or name.startswith("SFSYNC_TEST_"):
        return ""
    bare = [each.removeprefix("SFSYNC_") for each in known]
    found = get_close_matches(name.removeprefix("SFSYNC_"), bare, 1, CLOSE)
    return f"SFSYNC_{found[0]}" if found else ""


def _check_texts() -> None:
    """Of the environment and of `.env`: a library would fail on them with its own words, or take them for others."""
    for name in Environment.model_fields:
        if any("\ud800" <= each <= "\udfff" for each in os.environ.get(f"SFSYNC_{name.upper()}", "")):
            raise SettingsError(f"SFSYNC_{name.upper()} is not UTF-8 text.")
    if DOTENV.is_file():
        read_text(DOTENV, str(DOTENV.absolute()))


DOTENV = Path(".env")


def read_text(path: Path, named: str) -> str:
    """A file of UTF-8, with or without a byte order mark. Raises `SettingsError`, which begins with `named`."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{named} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{named} is not UTF-8 text: save it with that encoding.") from None


def _from_files() -> dict[str, str]:
    """The `SFSYNC_X_FILE` form of every setting. What names nothing, or a file with nothing in it, is a mistake: the
    setting's default, like a new key in home, would take its place without a word."""
    forms = {name: f"SFSYNC_{name.upper()}_FILE" for name in Environment.model_fields}
    return {name: _from_file(form, os.environ[form]) for name, form in forms.items() if form in os.environ}


def _from_file(form: str, path: str) -> str:
    if not path.strip():
        raise SettingsError(f"{form} is empty, but takes the name of a file.")
    text = read_text(Path(path), f"{form} names {path}, which").strip()
    if not text:
        raise SettingsError(f"{form} names {path}, which is empty.")
    return text


def secret_key(environment: Environment) -> str:
    """The key of this deployment, made on first use. Raises `SettingsError` where home cannot be written."""
    given = environment.secret_key.get_secret_value()
    if given:
        return given
    path = environment.home / "secret-key"
    try:
        environment.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            write_private_once(path, new_key())
        key = read_text(path, str(path)).strip()
    except OSError as error:
        raise SettingsError(f"SFSYNC_HOME ({environment.home}) cannot be used: {error.strerror}.") from None
    if not key:
        raise SettingsError(f"{path} is empty: put the key back from a backup, or remove the file to get a new one.")
    return key


def new_key() -> bytes:
    return secrets.token_urlsafe(50).encode()


def former_secret_keys(environment: Environment) -> list[str]:
    """The keys that still decrypt: those that were given, then those that `sfsync rotate-key` put aside in home."""
    given = [key.strip() for key in environment.former_secret_keys.get_secret_value().split(",")]
    return [*filter(None, given), *keys_put_aside(environment)]


def keys_put_aside(environment: Environment) -> list[str]:
    """In home, one per line, the newest first."""
    path = environment.home / "former-secret-key"
    try:
        path.stat()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SettingsError(f"SFSYNC_HOME ({environment.home}) cannot be used: {error.strerror}.") from None
    return [key.strip() for key in read_text(path, str(path)).splitlines() if key.strip()]


def cache(environment: Environment) -> dict[str, Any]:
    """In home, for all processes of `sfsync serve` together; in each one's memory where home cannot be written."""
    try:
        environment.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return _IN_MEMORY
    if not os.access(environment.home, os.W_OK):
        return _IN_MEMORY
    backend = "sfsync_server.file_cache.FileCache"
    return {"BACKEND": backend, "LOCATION": environment.home / "cache", "OPTIONS": {"MAX_ENTRIES": 10_000}}


_IN_MEMORY = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}


def pace_url(environment: Environment) -> str | None:
    """The broker, where it is a Redis: it can count requests, too."""
    broker = environment.broker_url.get_secret_value()
    return broker if urlsplit(broker).scheme in {"redis", "rediss"} else None


def secret_keys(environment: Environment) -> list[str]:
    """The keys that hold now: `sfsync rotate-key` may have changed those in home since a process began."""
    return [secret_key(environment), *former_secret_keys(environment)]


def providers(environment: Environment) -> list[dict[str, Any]]:
    """allauth's `APPS`: the company's provider, if there is one."""
    if not environment.oidc_url:
        return []
    return [
        {
            "provider_id": "company",
            "name": environment.oidc_name,
            "client_id": environment.oidc_client_id,
            "secret": environment.oidc_client_secret.get_secret_value(),
            "settings": {"server_url": environment.oidc_url},
        }
    ]


def mail(environment: Environment) -> dict[str, Any]:
    """Django's `EMAIL_*` settings. Port 587 is for STARTTLS; elsewhere `auto` looks whether the server offers it."""
    text = environment.smtp_url.get_secret_value()
    if not text:
        return {"EMAIL_BACKEND": "sfsync.notify.smtp.NoServer"}
    url, security = urlsplit(text), environment.smtp_security
    tls = url.scheme == "smtps" or security == "tls"
    starttls = not tls and (security == "starttls" or (security == "auto" and url.port == 587))
    looks = not tls and not starttls and security == "auto"
    return {
        "EMAIL_BACKEND": "sfsync.notify.smtp.Server" if looks else "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": url.hostname,
        "EMAIL_PORT": url.port or (465 if tls else 25),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": tls,
        "EMAIL_USE_TLS": starttls,
        "EMAIL_TIMEOUT": environment.timeout,
    }
