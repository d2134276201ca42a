"""What can go wrong, and what it means for the caller.

    ShoppingFeedError
    ├── NotSentError             the request certainly never reached the API: sending again is safe
    ├── AmbiguousError           it may have been carried out: ask the ticket list before sending again
    │   └── NoAnswerError        ... because no answer came: time-out, reset, connection dropped
    ├── ApiError                 the API answered, and the answer is no
    │   ├── AuthenticationError  401, 403: the token or the password is wrong, or may not do this
    │   ├── NotFoundError        404: no such store, order or ticket
    │   ├── InvalidRequestError  any other 4xx: the same request would be refused again
    │   ├── RateLimitedError     429, still, after the client's patience ran out
    │   └── ServerError          5xx (or 408) to a read; to an operation it is ambiguous
    └── ContractError            a read was answered with something that is not what the API promises

An operation that is refused was not carried out; one that is ambiguous may have been. The two share no class but the
root.
"""

from __future__ import annotations

BODY_SHOWN = 2_000


class ShoppingFeedError(Exception):
    """The root of everything the client raises about a request.

    `status` is the HTTP status if there was an answer, `request` names the request ("POST https://…/order/ship"),
    `body` is the answer's text, cut at 2 kB and without secrets.
    """

    def __init__(self, message: str, *, status: int | None = None, request: str = "", body: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.request = request
        self.body = body if len(body) <= BODY_SHOWN else body[:BODY_SHOWN] + "…"


class NotSentError(ShoppingFeedError):
    """The request certainly never reached the API (DNS, refused, connect time-out, TLS, too late to leave)."""


class AmbiguousError(ShoppingFeedError):
    """Sent, but without a usable answer: the operation may have been accepted (R13)."""


class NoAnswerError(AmbiguousError):
    """Sent, and no answer came: time-out, reset, connection dropped. To a read it says only that nothing was read."""


class ApiError(ShoppingFeedError):
    """The API refused. `title` and `detail` come from its problem document, empty when it sent none."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        request: str = "",
        body: str = "",
        title: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(message, status=status, request=request, body=body)
        self.title = title
        self.detail = detail


class AuthenticationError(ApiError):
    """401 or 403: the token or the password is wrong, revoked, or may not open this store."""


class NotFoundError(ApiError):
    """404: no such store, order or ticket (old tickets are purged)."""


class InvalidRequestError(ApiError):
    """Another 4xx (400, 405, 409, 413, 415, 422 ...): the same request would be refused again."""


class RateLimitedError(ApiError):
    """429 after the client's patience; `wait` is how many seconds the API asks for now. Nothing was carried out."""

    wait: float = 0.0


class ServerError(ApiError):
    """The API failed (5xx) to answer a read. Nothing was changed by it; ask again later."""


class ContractError(ShoppingFeedError):
    """A read was answered with something the API's contract does not allow; the message says what was expected."""
