"""What a Django project may set in its `SFSYNC` dictionary, with the values that hold where it sets nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

PAGE_ADDRESS = "takes the address of the back office, like https://sync.example.com, without an account or a query"
_PAGE_ADDRESS = re.compile(r"https?://[^\s/?#@\\<>\"'`]+(?:/[^\s?#@\\<>\"'`]*)?", re.IGNORECASE)


def is_page_address(url: str) -> bool:
    """An http or https address that pages can hang on: no account, no query, nothing that markup could read."""
    try:
        parts = urlsplit(url)
        return bool(_PAGE_ADDRESS.fullmatch(url) and parts.hostname and parts.port != 0)
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Conf:
    """Durations are in the unit of their name."""

    timeout: float = 30.0
    lease_seconds: int = 180
    poll_seconds: float = 1.0
    """How soon after a run a real-time store without a bridge is due again."""
    turn_seconds: float = 30.0
    """A run that others may wait for ends early after so long; its store is due again at once, behind them."""
    ticket_lag_seconds: float = 15.0
    concurrency: int = 4
    paced: bool = True
    silence_minutes: int = 60
    patience_hours: int = 24
    sweep_days: int = 90
    url: str | None = None
    """The address of the back office's first page, as people open it; mails link to its pages."""

    plain_http_hosts: tuple[str, ...] = ()
    """Hosts besides this machine to which a token may go without TLS."""
    proxy: str | None = None
    """The proxy for requests to Shopping Feed; those that the environment names are not used."""
    pace_url: str | None = None
    """The Redis in which processes that send with one token count their requests together. Without one they do in
    PostgreSQL, where our tables are in it."""
    wake: str | None = None
    """The dotted name of a function of a store's id that has a worker run the store at once. Without one the service
    finds it at its next look, within a second."""
    queues: str = "sfsync"
    """What the names of Celery's queues begin with: nothing but sfsync's own messages may be in them."""
    home: str | None = None
    """The folder of this deployment's key and database, if it has one: the doctor looks at who may read it."""

    def __post_init__(self) -> None:
        if self.url and not is_page_address(self.url):
            raise ImproperlyConfigured(f"url in SFSYNC {PAGE_ADDRESS}.")


def conf() -> Conf:
    """Raises `ImproperlyConfigured` for a name that means nothing."""
    given = getattr(settings, "SFSYNC", {})
    unknown = set(given) - {field.name for field in fields(Conf)}
    if unknown:
        raise ImproperlyConfigured(f"SFSYNC has no setting {', '.join(sorted(unknown))}.")
    return Conf(**given)
