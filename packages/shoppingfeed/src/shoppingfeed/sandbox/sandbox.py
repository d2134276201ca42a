"""The sandbox itself: how a request passes the faults, the rate limit and the routes, and how it is reached."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from shoppingfeed._errors import NoAnswerError, NotSentError
from shoppingfeed._transport import Request, Response
from shoppingfeed.sandbox import control
from shoppingfeed.sandbox.answers import ProblemError
from shoppingfeed.sandbox.call import Call
from shoppingfeed.sandbox.faults import Fault, Kind, Stage, refusal, spoiled
from shoppingfeed.sandbox.ledger import Received
from shoppingfeed.sandbox.limits import Verdict
from shoppingfeed.sandbox.routes import respond
from shoppingfeed.sandbox.server import Server
from shoppingfeed.sandbox.state import State


class Sandbox(State):
    """A local Shopping Feed. Safe to use from several threads at once.

    `token` opens `store`; `username` and `password` give that token. `clock` tells the time in seconds since 1970 and
    `sleep` passes it: with a `ManualClock` nothing ever waits for real. `orders` are keyword arguments of `add_order`.

    These can be changed while it runs, with `configure`:
    `ticket_seconds`: how long a ticket takes, half of it scheduled and half running; 0 is done at the first look.
    `rate_limit`: (requests, seconds) allowed to each token; None for no limit. Shopping Feed's own is (10, 2).
    `strict`: an operation on an order that was never added is ignored; else such an order is made up.
    `late_cancel`: a shipped order can still be cancelled.
    """

    def handle(self, request: Request, *, patience: float | None = None) -> Response:
        """Answer one request, in memory.

        `patience` is how many seconds the caller waits for the answer (None: as long as it takes). Raises
        `NoAnswerError` when none comes in that time, or when a fault drops the connection, and `NotSentError` when a
        fault makes the sandbox unreachable.
        """
        try:
            call = Call(request)
        except ValueError:
            return ProblemError(400, "The address of the request cannot be read.").response()
        if control.is_control(call):
            with self.lock:
                self.settle()
                return control.respond(self, call)
        at, status = self.now(), 0
        try:
            response = self._exchange(call, patience)
            status = response.status
            return response
        finally:
            with self.lock:
                self.ledger.note_request(Received(at, call.method, call.target, status))

    def _exchange(self, call: Call, patience: float | None) -> Response:
        for fault in self._under_lock(self.faults_at(Stage.BEFORE, call)):
            if fault.kind == Kind.SLOW:
                self._wait(fault.seconds, patience, unperformed=call)
            else:
                return refusal(fault, accepting=bool(call.operation))
        response = self._perform(call)
        if response.status >= 300:
            return response
        for fault in self._under_lock(self.faults_at(Stage.AFTER, call)):
            if fault.kind == Kind.SLOW:
                self._wait(fault.seconds, patience)
            elif fault.kind == Kind.HANG:
                self._hang(patience)
            else:
                return spoiled(fault, response)
        return response

    def _perform(self, call: Call) -> Response:
        with self.lock:
            self.settle()
            verdict = self._judge(call)
            try:
                if verdict.wait:
                    raise ProblemError(429, f"Too many requests: wait {verdict.wait:.3f} seconds.")
                response = respond(self, call)
            except ProblemError as problem:
                response = problem.response()
            return Response(response.status, {**response.headers, **verdict.headers}, response.body)

    def _judge(self, call: Call) -> Verdict:
        if self.settings.rate_limit is None or not call.token:
            return Verdict(0.0, {})
        return self.limiter.judge(call.token, self.settings.rate_limit, self.now())

    def _under_lock(self, faults: Iterator[Fault]) -> Iterator[Fault]:
        while True:
            with self.lock:
                fault = next(faults, None)
            if fault is None:
                return
            yield fault

    def _wait(self, seconds: float, patience: float | None, *, unperformed: Call | None = None) -> None:
        """Take `seconds`. When the caller gives up before, a request not performed yet is performed all the same."""
        if patience is None or seconds < patience:
            self._sleep(seconds)
            return
        self._sleep(patience)
        if unperformed:
            self.later(self.now() + seconds - patience, lambda: self._obey(unperformed))
        raise NoAnswerError(f"No answer came within {patience:g} seconds.")

    def _obey(self, call: Call) -> None:
        """Perform a request whose caller no longer waits."""
        with contextlib.suppress(ProblemError):
            respond(self, call)

    def _hang(self, patience: float | None) -> None:
        if patience is None or self._sleep is time.sleep:
            self._released.wait(patience)
        else:
            self._sleep(patience)
        raise NoAnswerError("The sandbox accepted the request and never answered, as a fault asked it to.")

    # How it is reached

    def transport(self, timeout: float = 30.0) -> InProcess:
        """A Transport that reaches the sandbox without a network; `timeout` in seconds, by the sandbox's own clock."""
        return InProcess(self, timeout)

    def serve(self, port: int = 0, host: str = "127.0.0.1") -> Server:
        """Serve HTTP in a thread of its own; port 0 takes a free one. The server is a context manager with a `url`."""
        return Server(self, host, port)


class InProcess:
    """Reaches a sandbox in memory, as a client's Transport."""

    def __init__(self, sandbox: Sandbox, timeout: float) -> None:
        self._sandbox = sandbox
        self._timeout = timeout
        self._closed = False

    def send(self, request: Request) -> Response:
        """The answer. Raises NotSentError and NoAnswerError, as the Transport protocol says."""
        if self._closed:
            raise NotSentError("The transport is closed.", request=str(request))
        return self._sandbox.handle(request, patience=self._timeout)

    def close(self) -> None:
        """Send nothing any more."""
        self._closed = True
