"""The deployment's settings: environment variables `SFSYNC_*`, a `.env` file, or a file for each secret (`…_FILE`)."""

from __future__ import annotations

import logging
import os
import re
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sfsync.conf import PAGE_ADDRESS, is_page_address
from sfsync.guard.groups import read_roles
from sfsync_server.errors import SettingsError
from sfsync_server.front import are_proxies
from sfsync_server.outgoing_proxy import check_proxy
from sfsync_server.own_database import NOT_AN_ADDRESS, check_database
from sfsync_server.setting_texts import check_texts, from_files

logging.getLogger("dotenv").setLevel(logging.ERROR)  # what means nothing is told by name (`unread_settings`)
MOST_SHOWN = 60
"""Characters of a wrong value that are repeated."""
_HOST = re.compile(r"\*?|\.?[^\s/:@]+|\[[0-9a-f:.]+\]", re.IGNORECASE)


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
        description="Roles by group, like admins=administrator,acme=agency:acme; nobody else comes in by the provider",
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
    check_texts(Environment.model_fields)
    try:
        given: dict[str, Any] = from_files(Environment.model_fields)
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
