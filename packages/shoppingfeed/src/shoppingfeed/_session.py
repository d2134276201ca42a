"""Requests that leave, and answers that are judged: headers, counting, pacing, retrying, and naming what went wrong."""

from __future__ import annotations

import copy
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeVar

from shoppingfeed import _json
from shoppingfeed._errors import (
    AmbiguousError,
    ApiError,
    AuthenticationError,
    ContractError,
    InvalidRequestError,
    NoAnswerError,
    NotFoundError,
    NotSentError,
    RateLimitedError,
    ServerError,
    ShoppingFeedError,
)
from shoppingfeed._pacing import Pacer
from shoppingfeed._retry import Again, Verdict, asked_wait, judge
from shoppingfeed._transport import Permit, Request, Response, Transport

T = TypeVar("T")

REFUSALS: dict[int, type[ApiError]] = {401: AuthenticationError, 403: AuthenticationError, 404: NotFoundError}
NO_ANSWER = 0
"""In the place of an HTTP status: the request left, and nothing came back."""
DETAIL_SHOWN = 300
BYTES_SHOWN = 64 * 1024


class Session:
    """One token, one transport, one pacer; shared by all threads of a client."""

    def __init__(
        self,
        transport: Transport,
        pacer: Pacer,
        *,
        headers: Mapping[str, str],
        secrets: tuple[str, ...],
        patience: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = transport
        self._pacer = pacer
        self._headers = dict(headers)
        self._secrets = [form for secret in secrets if secret for form in _written_forms(secret)]
        self._patience = patience
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tallies: tuple[Counter[int], ...] = (Counter(),)
        self.date = ""
        """What the last answer says the time is (its header `Date`)."""

    def read(self, url: str, parse: Callable[[object], T]) -> T:
        """GET and parse. What does not parse is a `ContractError` that says what was expected."""
        return self._ask(Request("GET", url, self._headers), parse)

    def authenticate(self, url: str, credentials: Mapping[str, str], parse: Callable[[object], T]) -> T:
        """POST credentials: like a read, it changes nothing."""
        headers = {**self._headers, "Content-Type": "application/json"}
        return self._ask(Request("POST", url, headers, json.dumps(credentials).encode()), parse)

    def operate(
        self, url: str, body: bytes, content_type: str, parse: Callable[[object], T], permit: Permit | None = None
    ) -> T:
        """POST an operation. An answer that does not parse leaves it open whether it was accepted: `AmbiguousError`."""
        request = Request("POST", url, {**self._headers, "Content-Type": content_type}, body, permit)
        response = self._exchange(request, safe=False)
        try:
            return parse(_json.parse(response.body))
        except _json.UnexpectedShapeError as expected:
            raise self._ambiguous(request, response, f"without {expected}") from expected

    def delete(self, url: str) -> None:
        """DELETE: asked twice it does no harm, so it may be repeated as a read may. Its answer says nothing more."""
        self._exchange(Request("DELETE", url, self._headers), safe=True)

    def _ask(self, request: Request, parse: Callable[[object], T]) -> T:
        response = self._exchange(request, safe=True)
        try:
            return parse(_json.parse(response.body))
        except _json.UnexpectedShapeError as expected:
            raise self._broken_contract(request, response, str(expected)) from expected

    def _exchange(self, request: Request, *, safe: bool) -> Response:
        attempt, waited = 0, 0.0
        while True:
            attempt += 1
            outcome = self._attempt(request)
            verdict = judge(outcome, safe=safe, attempt=attempt, waited=waited, patience=self._patience)
            if not isinstance(verdict, Again):
                return self._settle(request, outcome, verdict)
            if verdict.limited:
                waited += verdict.seconds
                self._pacer.hold(verdict.seconds)
            else:
                self._sleep(verdict.seconds)

    def _attempt(self, request: Request) -> Response | NotSentError | NoAnswerError:
        slot = self._pacer.take()
        try:
            if request.permit:
                request.permit(request)
            response = self._send(request)
        except NotSentError as error:
            self._pacer.give_back(slot)
            return error
        except NoAnswerError as error:
            return error
        self._pacer.answered(slot, response.headers)
        return response

    def _send(self, request: Request) -> Response:
        try:
            response = self._transport.send(request)
        except NotSentError:
            raise
        except NoAnswerError:
            self._count(NO_ANSWER)
            raise
        except Exception as error:
            self._count(NO_ANSWER)
            raise NoAnswerError(
                f"{request} got no answer: the transport failed with {type(error).__name__}", request=str(request)
            ) from error
        self._count(response.status)
        self.date = response.headers.get("date", "")
        return response

    def _count(self, status: int) -> None:
        with self._lock:
            for tally in self._tallies:
                tally[status] += 1

    @property
    def answers(self) -> dict[int, int]:
        """HTTP status → how many requests were answered with it, `NO_ANSWER` for none."""
        with self._lock:
            return dict(self._tallies[-1])

    def tallied(self) -> Session:
        """This very session, which counts what goes through this end of it apart, too."""
        end = copy.copy(self)
        end._tallies = (*self._tallies, Counter())
        return end

    def _settle(self, request: Request, outcome: Response | NotSentError | NoAnswerError, verdict: Verdict) -> Response:
        if not isinstance(outcome, Response):
            outcome.request = outcome.request or str(request)
            raise outcome
        match verdict:
            case Verdict.ANSWERED:
                return outcome
            case Verdict.REFUSED:
                raise self._refused(REFUSALS.get(outcome.status, InvalidRequestError), request, outcome)
            case Verdict.RATE_LIMITED:
                limited = self._refused(RateLimitedError, request, outcome)
                limited.wait = asked_wait(outcome)
                raise limited
            case Verdict.BROKEN:
                raise self._refused(ServerError, request, outcome)
            case Verdict.AMBIGUOUS:
                raise self._ambiguous(request, outcome, f"with {outcome.status}")
            case _:
                raise self._broken_contract(request, outcome, "a status of the API (is the base URL right?)")

    def _refused(self, kind: type[E], request: Request, response: Response) -> E:
        title, detail = self._problem(response)
        said = ": ".join(part for part in (title, detail) if part).rstrip(".") or "no explanation"
        return kind(
            f"{request} was answered {response.status}: {said}. {NEXT_STEP[kind]}",
            status=response.status,
            request=str(request),
            body=self._shown(response.body),
            title=title,
            detail=detail,
        )

    def _problem(self, response: Response) -> tuple[str, str]:
        try:
            problem = _json.mapping(_json.parse(response.body))
        except _json.UnexpectedShapeError:
            return "", ""
        title, detail = (self._in_one_line(_json.text(problem.get(name))) for name in ("title", "detail"))
        return title, detail

    def _ambiguous(self, request: Request, response: Response, how: str) -> AmbiguousError:
        return AmbiguousError(
            f"{request} was answered {how}: it may have been accepted. Ask the ticket list before sending it again.",
            status=response.status,
            request=str(request),
            body=self._shown(response.body),
        )

    def _broken_contract(self, request: Request, response: Response, expected: str) -> ContractError:
        holds_secret = request.url.endswith(("/v1/auth", "/v1/me"))
        return ContractError(
            f"{request} was answered {response.status}, but not as the API promises: expected {expected}.",
            status=response.status,
            request=str(request),
            body="(not shown: it may hold a token)" if holds_secret else self._shown(response.body),
        )

    def _shown(self, body: bytes) -> str:
        return self._without_secrets(body[:BYTES_SHOWN].decode("utf-8", "replace"))

    def _in_one_line(self, said: str) -> str:
        printable = "".join(char if char.isprintable() else " " for char in self._without_secrets(said))
        return " ".join(printable.split())[:DETAIL_SHOWN]

    def _without_secrets(self, said: str) -> str:
        for secret in self._secrets:
            said = said.replace(secret, "***")
        return said


E = TypeVar("E", bound=ApiError)

NEXT_STEP: dict[type[ShoppingFeedError], str] = {
    AuthenticationError: "Check the token, and that it may open this store.",
    NotFoundError: "Check the store, order or ticket number and the base URL.",
    InvalidRequestError: "Nothing was carried out; the same request would be refused again.",
    RateLimitedError: "Nothing was carried out; send it again later.",
    ServerError: "Nothing was changed; ask again later.",
}


def _written_forms(secret: str) -> set[str]:
    """The secret as it is, and as JSON writes it (with `\\/` in the PHP way too)."""
    quoted = json.dumps(secret)[1:-1]
    return {secret, quoted, quoted.replace("/", "\\/")}
