"""One HTTP exchange: the protocol the client speaks, and the default way to do it.

A transport knows nothing of retries, pacing or Shopping Feed. It sends one request once, and tells apart the only two
ways in which that can fail: it certainly did not arrive, or it may have.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from shoppingfeed._deadline import Deadline, DeadlinePassed
from shoppingfeed._errors import NoAnswerError, NotSentError

if TYPE_CHECKING:
    import ssl

    import httpx2

CONNECT_SECONDS = 10.0
LARGEST_ANSWER = 64 * 1024 * 1024
_LEAVES = "http11.send_request_headers.started"
"""What httpx2 says when it is connected, and has not written anything."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `url` is absolute. Its repr shows neither the token nor the body.

    `permit` raises `NotSentError` when the request may not leave any more.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    permit: Permit | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        shown = {name: "***" if name.lower() == "authorization" else value for name, value in self.headers.items()}
        return f"Request({self.method!r}, {self.url!r}, headers={shown!r}, body=<{len(self.body)} bytes>)"

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


Permit = Callable[[Request], None]


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, whole. The names in `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Response({self.status}, body=<{len(self.body)} bytes>)"


class Transport(Protocol):
    """Sends one request, once. Called from several threads at a time."""

    def send(self, request: Request) -> Response:
        """The answer, whatever its status. The request's `permit` was asked; who has to connect first asks it again.

        Raises `NotSentError` when the request certainly never reached the server (DNS, refused, connect time-out, TLS)
        and `NoAnswerError` when it may have (read or write time-out, reset, connection dropped, answer cut short).
        """

    def close(self) -> None:
        """Let go of the connections. The transport is not used afterwards."""


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The authorities that this machine trusts, loaded once in a process: it takes longer than a request."""
    import httpx2

    return httpx2.create_ssl_context(trust_env=False)


class HttpTransport:
    """HTTP/1.1 over httpx2, with pooled connections. Safe to share between threads; follows no redirect.

    `timeout` (seconds) bounds each read, each write and the wait for a pooled connection; connecting is bounded by
    the lesser of it and 10 s, a whole exchange by twice of it, so that a server that trickles cannot hold a run.
    `proxy` is the address of one to go through; the environment's (`HTTP_PROXY`) is not used. An answer of more than
    `largest` bytes, unpacked, is none.
    """

    def __init__(self, timeout: float = 30.0, *, proxy: str | None = None, largest: int = LARGEST_ANSWER) -> None:
        import httpx2

        self._deadline, self._largest = Deadline(), largest
        self._client = httpx2.Client(
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=5.0),
            follow_redirects=False,
            verify=_trusted(),
            trust_env=False,  # a token goes where its owner said, and not through whatever HTTP_PROXY names
            proxy=proxy,
        )
        self._never_arrived = (
            httpx2.ConnectError,
            httpx2.ConnectTimeout,
            httpx2.PoolTimeout,
            httpx2.ProxyError,
            httpx2.UnsupportedProtocol,
            UnicodeError,  # a name with an empty part, or one of more than 63 characters: no resolver takes it
        )
        self._may_have_arrived = (httpx2.HTTPError, httpx2.StreamError)
        self.allow(timeout)

    def allow(self, timeout: float, *, connect: float = CONNECT_SECONDS) -> None:
        """From the next request on, other seconds than it was made with; `connect` bounds connecting."""
        import httpx2

        if not timeout > 0:
            raise ValueError(f"timeout must be a number of seconds above 0, not {timeout!r}")
        self._timeout = timeout
        self._client.timeout = httpx2.Timeout(timeout, connect=min(timeout, connect))

    def send(self, request: Request) -> Response:
        outgoing = self._prepare(request)
        try:
            with self._deadline.within(2 * self._timeout):
                return self._exchange(request, outgoing)
        except DeadlinePassed as error:
            raise NoAnswerError(f"{request}: the answer is too slow", request=str(request)) from error
        except self._never_arrived as error:
            raise NotSentError(f"{request} could not be sent: {_reason(error)}", request=str(request)) from error
        except self._may_have_arrived as error:
            raise NoAnswerError(f"{request} got no answer: {_reason(error)}", request=str(request)) from error

    def close(self) -> None:
        self._client.close()

    def _prepare(self, request: Request) -> httpx2.Request:
        import httpx2

        try:
            return self._client.build_request(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.body or None,
                extensions={"trace": partial(self._watch, request)},
            )
        except (httpx2.InvalidURL, ValueError, TypeError) as error:
            raise NotSentError(f"{request.method} to an address or with a header that HTTP cannot carry") from error

    def _watch(self, request: Request, event: str, info: Mapping[str, Any]) -> None:
        self._deadline.watch(event, info)
        if request.permit and event == _LEAVES:
            request.permit(request)

    def _exchange(self, request: Request, outgoing: httpx2.Request) -> Response:
        answer = self._client.send(outgoing, stream=True)
        try:
            body = bytearray()
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > self._largest:
                    raise NoAnswerError(f"{request}: the answer is too long", request=str(request))
        finally:
            answer.close()
        return Response(
            answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, bytes(body)
        )


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
