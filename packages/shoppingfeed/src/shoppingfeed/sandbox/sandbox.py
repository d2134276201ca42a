"""The sandbox itself: one state, one lock, and the way of a request through the faults."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from shoppingfeed._errors import NoAnswerError, NotSentError
from shoppingfeed._transport import Request, Response
from shoppingfeed.sandbox import control
from shoppingfeed.sandbox.answers import ProblemError
from shoppingfeed.sandbox.clock import ManualClock, seconds_of
from shoppingfeed.sandbox.faults import Fault, Faults, Kind, Stage, refusal, spoiled
from shoppingfeed.sandbox.ledger import Belief, Ledger, Received
from shoppingfeed.sandbox.limits import RateLimiter, Verdict
from shoppingfeed.sandbox.market import Batch, Market, Store
from shoppingfeed.sandbox.orders import FULFILMENTS, STATUSES, Order, order_of_sample, sample_documents
from shoppingfeed.sandbox.routes import Call, respond
from shoppingfeed.sandbox.settings import Settings, rate_limit_of

if TYPE_CHECKING:
    from shoppingfeed.sandbox.server import Server

DEFAULT_TOKEN = "sandbox-token"  # noqa: S105 - printed at start, and good for nothing else
DEFAULT_STORE = 10


class Sandbox:
    """A local Shopping Feed. Safe to use from several threads at once.

    `token` opens `store`; `username` and `password` give that token. `clock` tells the time in seconds since 1970 and
    `sleep` passes it: with a `ManualClock` nothing ever waits for real. `orders` are keyword arguments of `add_order`.

    These can be changed while it runs, with `configure`:
    `ticket_seconds`: how long a ticket takes, half of it scheduled and half running; 0 is done at the first look.
    `rate_limit`: (requests, seconds) allowed to each token; None for no limit. Shopping Feed's own is (10, 2).
    `strict`: an operation on an order that was never added is ignored; else such an order is made up.
    `late_cancel`: a shipped order can still be cancelled.
    """

    def __init__(
        self,
        token: str = DEFAULT_TOKEN,
        store: int = DEFAULT_STORE,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] | None = None,
        ticket_seconds: float = 0.0,
        rate_limit: tuple[int, float] | None = None,
        strict: bool = False,
        late_cancel: bool = False,
        orders: Iterable[Mapping[str, Any]] = (),
        username: str = "sandbox",
        password: str = "sandbox",  # noqa: S107 - documented, and good for nothing else
    ) -> None:
        self._clock = clock
        self._sleep = sleep or (clock.advance if isinstance(clock, ManualClock) else time.sleep)
        self.lock = threading.RLock()
        self._released = threading.Event()
        self._abandoned: list[tuple[float, Call]] = []
        self._limiter = RateLimiter()
        self._logins = {(username, password): token}
        self.username = username
        self.settings: Settings = Settings(ticket_seconds, rate_limit_of(rate_limit), strict, late_cancel)
        self.faults: Faults = Faults()
        self.ledger: Ledger = Ledger(self.lock, self._believe)
        self.market: Market = Market(self.ledger)
        self._first_store = store
        self.add_store(store, token=token)
        for order in orders:
            self.add_order(**order)

    def __repr__(self) -> str:
        return f"<Sandbox stores={list(self.market.stores)} {self.settings}>"

    # What it holds

    def now(self) -> float:
        """The time by its clock, in seconds since 1970."""
        return self._clock()

    def advance(self, seconds: float) -> None:
        """Let time pass. RuntimeError when the sandbox runs on a real clock."""
        if not isinstance(self._clock, ManualClock):
            raise RuntimeError("This sandbox runs on a real clock: give it a ManualClock to advance time.")
        self._clock.advance(seconds)

    def configure(self, **changes: Any) -> None:
        """Change `ticket_seconds`, `rate_limit`, `strict` or `late_cancel` from now on. ValueError says what is wrong.

        Tickets that are open already keep their time.
        """
        with self.lock:
            self.settle()
            self.settings = self.settings.changed(**changes)

    def add_store(
        self,
        store_id: int,
        *,
        token: str = DEFAULT_TOKEN,
        name: str = "",
        country: str = "FR",
        status: str = "active",
        username: str = "",
        password: str = "",
    ) -> None:
        """Add a store that `token` opens; several stores may share one. A user name and password give the token.

        A store of that id keeps its orders and gets the rest anew.
        """
        with self.lock:
            store = Store(store_id, name or f"Store {store_id}", token, country, status)
            if old := self.market.stores.get(store_id):
                store.shelf, store.book = old.shelf, old.book
            self.market.stores[store_id] = store
            if username:
                self._logins[username, password] = token

    def revoke(self, token: str) -> None:
        """Make a token worthless, as when a merchant renews it: it opens no store any more."""
        with self.lock:
            for store in self.market.opened_by(token):
                store.token = ""

    def token_of(self, username: str, password: str) -> str | None:
        """The token that a user name and password give."""
        return self._logins.get((username, password))

    def add_order(
        self,
        order_id: int,
        *,
        reference: str = "",
        channel: str = "Amazon",
        status: str = "waiting_shipment",
        fulfilled_by: str = "store",
        store_reference: str = "",
        created_at: float | str | None = None,
        store: int | None = None,
    ) -> None:
        """Add an order, in the place of one with the same id. `created_at`: ISO 8601 or seconds since 1970.

        With a `store_reference` the order counts as acknowledged. ValueError when the store or a value is unknown.
        """
        for name, value, allowed in (("status", status, STATUSES), ("fulfilled_by", fulfilled_by, FULFILMENTS)):
            if value not in allowed:
                raise ValueError(f"'{name}' has no value '{value}'; it takes {', '.join(allowed)}.")
        at = seconds_of(created_at) if isinstance(created_at, str) else created_at
        self._put(
            Order(
                id=int(order_id),
                store=self._first_store if store is None else store,
                reference=reference or f"SF-{order_id}",
                channel=channel,
                status=status,
                created_at=self.now() if at is None else at,
                fulfilled_by=fulfilled_by,
                store_reference=store_reference,
                acknowledged=bool(store_reference),
            )
        )

    def load_samples(self, store: int | None = None) -> list[int]:
        """Add the 20 packaged sample orders and return their ids.

        Two samples share an id: the second one gets the next free id.
        """
        with self.lock:
            return [self._put_sample(document, store or self._first_store) for document in sample_documents()]

    def _put_sample(self, document: Mapping[str, Any], store: int) -> int:
        order = order_of_sample(document, store)
        order.id = next(free for free in count(order.id) if not self.market.find_order(free, store))
        self._put(order)
        return order.id

    def _put(self, order: Order) -> None:
        with self.lock:
            if order.store not in self.market.stores:
                raise ValueError(f"There is no store {order.store}: add it first, with add_store.")
            self.market.stores[order.store].shelf.put(order)

    # What goes wrong

    def fault(self, fault: Fault) -> int:
        """Ask for a fault; the number returned takes it back with `remove_fault`."""
        with self.lock:
            return self.faults.add(fault).number

    def remove_fault(self, number: int) -> bool:
        """Take a fault back; False when there is none of that number."""
        with self.lock:
            return self.faults.remove(number)

    def release(self) -> None:
        """End what hangs (their connections drop) and let stuck tickets finish."""
        with self.lock:
            self.market.release(self.now())
            self._released.set()
            self._released = threading.Event()

    def forget_tickets(self) -> int:
        """Purge every ticket there is; how many there were. The operations still take their course."""
        with self.lock:
            return self.market.forget_tickets(self.now())

    def reset(self, *, only_ledger: bool = False) -> None:
        """Start anew: ledger, orders, tickets, faults and rate limit; or the ledger alone. Stores and settings stay."""
        with self.lock:
            self.settle()
            self.ledger.clear()
            if only_ledger:
                return
            self.market.clear()
            self.faults.clear()
            self._limiter.forget()
            self._abandoned.clear()
        self.release()

    # How it answers

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
        return self._limiter.judge(call.token, self.settings.rate_limit, self.now())

    def accept(self, store: Store, call: Call) -> Batch:
        """Accept the operation that a call carries. Raises ProblemError when the whole of it is wrong."""

        def strike(order_id: int) -> list[Fault]:
            return list(self.faults_at(Stage.ITEM, call, order_id))

        return self.market.accept(store, call.operation, call.items, strike, now=self.now(), rules=self.settings)

    def faults_at(self, stage: Stage, call: Call, order_id: int | None = None) -> Iterator[Fault]:
        """The faults that strike a call, or one item of it, at this stage."""
        if self.faults.waiting_for(stage):
            ids = call.order_ids if order_id is None else (order_id,)
            yield from self.faults.strike(stage, call.method, call.target, call.operation, ids)

    def settle(self) -> None:
        """Bring everything up to the present time."""
        with self.lock:
            now = self.now()
            due = [call for at, call in self._abandoned if at <= now]
            self._abandoned = [(at, call) for at, call in self._abandoned if at > now]
            for call in due:
                with contextlib.suppress(ProblemError):
                    respond(self, call)
            self.market.settle(now, late_cancel=self.settings.late_cancel)

    def _believe(self, order_id: int, store: int | None) -> Belief | None:
        with self.lock:
            self.settle()
            return self.market.believe(order_id, store)

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
            with self.lock:
                self._abandoned.append((self.now() + seconds - patience, unperformed))
        raise NoAnswerError(f"No answer came within {patience:g} seconds.")

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
        from shoppingfeed.sandbox.server import Server

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
