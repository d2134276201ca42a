"""The way in: a token, a session, and the stores that it opens (API page, Session)."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from types import TracebackType
from typing import Self, TypedDict, Unpack
from urllib.parse import urlsplit

from shoppingfeed import _json
from shoppingfeed._pacing import Pacer, SharedPace
from shoppingfeed._pages import origin
from shoppingfeed._session import Session
from shoppingfeed._store import Store
from shoppingfeed._transport import HttpTransport, Transport

BASE_URL = "https://api.shopping-feed.com"


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """A store that the token opens. `status` is `active`, `demo`, `deleted` or `suspended`."""

    id: int
    name: str
    country: str
    status: str


@dataclass(frozen=True, slots=True)
class Account:
    """Who the token belongs to. `language` is as the API writes it (`fr_FR`)."""

    login: str
    email: str
    language: str
    roles: tuple[str, ...]
    stores: tuple[StoreInfo, ...]


class ClientOptions(TypedDict, total=False):
    """What `Client` and `Client.login` take beside the credentials."""

    base_url: str
    transport: Transport | None
    timeout: float
    proxy: str | None
    concurrency: int
    user_agent: str | None
    pace: bool
    shared_pace: SharedPace | None
    rate_patience: float
    clock: Callable[[], float]
    wall_clock: Callable[[], float]
    sleep: Callable[[float], None]


class Client:
    """A client of the Shopping Feed API for one token. May be shared between threads; share it, to share its pacing.

    `timeout` (seconds) bounds each step of a request. `proxy` is that of `HttpTransport`.
    `concurrency` is how many requests `Store.send_many` and
    `Store.batches` have under way at once. Requests are paced by the API's rate limit unless `pace` is off; when one
    is refused by it all the same, the client waits as told, `rate_patience` seconds in all. `shared_pace` is where
    several processes that send with one token count their requests together; without it each keeps its own count. A
    `transport` that is given replaces HTTP and stays the caller's to close. The clocks and `sleep` are for tests.
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str = BASE_URL,
        transport: Transport | None = None,
        timeout: float = 30.0,
        proxy: str | None = None,
        concurrency: int = 4,
        user_agent: str | None = None,
        pace: bool = True,
        shared_pace: SharedPace | None = None,
        rate_patience: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not token or not _fits_a_header(token) or " " in token:
            raise ValueError("the token must be a text of printable ASCII characters without spaces")
        self._base_url = _checked_base_url(base_url)
        self._concurrency = _checked_concurrency(concurrency)
        headers = {**_common_headers(user_agent), "Authorization": f"Bearer {token}"}
        self._clocks = (clock, wall_clock)
        self._owns_transport = transport is None
        self._transport = HttpTransport(timeout, proxy=proxy) if transport is None else transport
        self._session = Session(
            self._transport,
            Pacer(enabled=pace, clock=clock, sleep=sleep, shared=shared_pace),
            headers=headers,
            secrets=(token,),
            patience=rate_patience,
            sleep=sleep,
        )

    @classmethod
    def login(cls, username: str, password: str, **options: Unpack[ClientOptions]) -> Self:
        """A client with the token that the API gives for a user name and a password.

        Raises `AuthenticationError` when they are wrong.
        """
        base_url = _checked_base_url(options.get("base_url", BASE_URL))
        given = options.get("transport")
        transport = HttpTransport(options.get("timeout", 30.0), proxy=options.get("proxy")) if given is None else given
        try:
            session = Session(
                transport,
                Pacer(enabled=False, clock=time.monotonic, sleep=options.get("sleep", time.sleep)),
                headers=_common_headers(options.get("user_agent")),
                secrets=(password,),
                patience=options.get("rate_patience", 60.0),
            )
            credentials = {"grant_type": "password", "username": username, "password": password}
            token = session.authenticate(f"{base_url}/v1/auth", credentials, _parse_token)
        finally:
            if given is None:
                transport.close()
        return cls(token, **options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless the transport was given."""
        if self._owns_transport:
            self._transport.close()

    @property
    def requests(self) -> int:
        """How many HTTP requests were sent so far, those refused by the rate limit included."""
        return sum(self._session.answers.values())

    @property
    def answers(self) -> dict[int, int]:
        """The same by HTTP status; under 0 those that were never answered."""
        return self._session.answers

    def ping(self) -> datetime | None:
        """Is the API there, and does it take the token? Its time, if it told it in a way we can read."""
        return self._session.read(f"{self._base_url}/v1/ping", _parse_ping)

    def me(self) -> Account:
        """Who the token belongs to and which stores it opens."""
        return self._session.read(f"{self._base_url}/v1/me", _parse_account)

    def store(self, store_id: int) -> Store:
        """A store by its id. Asks the API nothing: a wrong id shows at the first request."""
        clock, wall_clock = self._clocks
        return Store(
            self._session.tallied(),
            self._base_url,
            store_id,
            concurrency=self._concurrency,
            clock=clock,
            wall_clock=wall_clock,
        )


def _checked_base_url(base_url: str) -> str:
    try:
        scheme, host, _, has_user = origin(base_url)
    except ValueError:
        scheme, host, has_user = "", "", False
    parts = urlsplit(base_url) if host else None
    if scheme not in ("http", "https") or has_user or not parts or parts.query or parts.fragment:
        raise ValueError("base_url must be an http or https address without user, query or fragment")
    if not base_url.isascii() or not base_url.isprintable() or " " in base_url:
        raise ValueError("base_url must be printable ASCII without spaces")
    return base_url.rstrip("/")


def _checked_concurrency(concurrency: int) -> int:
    if not 1 <= concurrency <= 64:
        raise ValueError(f"concurrency must be 1 to 64, not {concurrency}")
    return concurrency


def _fits_a_header(value: str) -> bool:
    return value.isascii() and value.isprintable()


def _common_headers(user_agent: str | None) -> dict[str, str]:
    name = user_agent or f"shoppingfeed-python/{_version()} (Python; {platform.python_version()})"
    if not _fits_a_header(name):
        raise ValueError("user_agent must be printable ASCII")
    return {"Accept": "application/json", "User-Agent": name}


def _version() -> str:
    try:
        return metadata.version("shoppingfeed")
    except metadata.PackageNotFoundError:
        return "0"


def _parse_token(answer: object) -> str:
    token = _json.text(_json.mapping(answer).get("access_token"))
    if not token or not _fits_a_header(token) or " " in token:
        raise _json.UnexpectedShapeError("an access_token")
    return token


def _parse_ping(answer: object) -> datetime | None:
    if not isinstance(answer, dict) or "timestamp" not in answer:
        raise _json.UnexpectedShapeError("a timestamp")
    seconds = _json.identifier(answer["timestamp"])
    if seconds is not None and seconds < 2**36:
        return datetime.fromtimestamp(seconds, UTC)
    return _json.moment(answer["timestamp"])


def _parse_account(answer: object) -> Account:
    body = _json.mapping(answer)
    embedded = _json.mapping(body.get("_embedded"))
    if not body.get("login") and not embedded:
        raise _json.UnexpectedShapeError("an account, with its login and its stores")
    roles = body.get("roles")
    return Account(
        login=_json.text(body.get("login")),
        email=_json.text(body.get("email")),
        language=_json.text(body.get("language")),
        roles=tuple(_json.text(role) for role in roles) if isinstance(roles, list) else (),
        stores=tuple(map(_parse_store, _json.listed(embedded.get("store"), "a list of stores"))),
    )


def _parse_store(body: Mapping[str, object]) -> StoreInfo:
    store_id = _json.identifier(body.get("id"))
    if store_id is None:
        raise _json.UnexpectedShapeError("stores with numeric ids")
    return StoreInfo(
        id=store_id,
        name=_json.text(body.get("name")),
        country=_json.text(body.get("country")),
        status=_json.text(body.get("status")),
    )
