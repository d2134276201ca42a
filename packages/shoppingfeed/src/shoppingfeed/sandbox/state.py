"""What the sandbox holds, and all that can be asked of it; routes, control and page read and change it here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from shoppingfeed.sandbox.call import Call
from shoppingfeed.sandbox.clock import ManualClock, iso, seconds_of
from shoppingfeed.sandbox.faults import Fault, Faults, Stage
from shoppingfeed.sandbox.ledger import Belief, Ledger
from shoppingfeed.sandbox.limits import RateLimiter
from shoppingfeed.sandbox.market import Market, Store
from shoppingfeed.sandbox.orders import (
    ERRORS,
    FULFILMENTS,
    PLAIN_ITEMS,
    STATUSES,
    Order,
    order_of_sample,
    sample_documents,
)
from shoppingfeed.sandbox.settings import Settings, rate_limit_of

DEFAULT_TOKEN = "sandbox-token"  # noqa: S105 - printed at start, and good for nothing else
DEFAULT_STORE = 10
TEST_ORDER_SECONDS = 30 * 24 * 3600.0


class State:
    """One state under one lock: settings, stores with their orders and tickets, faults, the ledger and the time.

    `Sandbox` tells what the options mean.
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
        self._later: list[tuple[float, Callable[[], None]]] = []
        self.limiter = RateLimiter()
        self._logins = {(username, password): token}
        self.username = username
        self.settings: Settings = Settings(ticket_seconds, rate_limit_of(rate_limit), strict, late_cancel)
        self.faults: Faults = Faults()
        self.ledger: Ledger = Ledger(self.lock, self._believe)
        self.market: Market = Market(self.ledger)
        self._first_store = store
        self.engines: dict[str, str] = {}
        self.add_store(store, token=token)
        for order in orders:
            self.add_order(**order)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} stores={list(self.market.stores)} {self.settings}>"

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
                store.shelf, store.book, store.timeline = old.shelf, old.book, old.timeline
                store.warehouses = old.warehouses
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
        latest_ship_date: float | str | None = None,
        items: Iterable[Mapping[str, Any]] | None = None,
        item_ids: bool = True,
        store: int | None = None,
    ) -> None:
        """Add an order, in the place of one with the same id. `created_at`: ISO 8601 or seconds since 1970. So is
        `latest_ship_date`, and a text is shown as it stands: the API spells it with a zone, or without.

        With a `store_reference` the order counts as acknowledged. `items`: each with `reference`, `quantity`, `price`;
        none at all for an empty list. With `item_ids=False` they have no id, as in older answers. ValueError when the
        store or a value is unknown.
        """
        _known("status", status, STATUSES)
        _known("fulfilled_by", fulfilled_by, FULFILMENTS)
        at = seconds_of(created_at) if isinstance(created_at, str) else created_at
        due = iso(latest_ship_date) if isinstance(latest_ship_date, int | float) else latest_ship_date
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
                changes={"latestShipDate": due} if due else None,
                items=PLAIN_ITEMS if items is None else tuple(items),
                item_ids=item_ids,
            )
        )

    def add_channel(self, name: str, *, engine: str = "") -> None:
        """Add a channel on which the store may sell before it has orders, and say which `engine` it runs on: a brand
        such as `leroymerlin` runs on `mirakl`."""
        with self.lock:
            self.engines[name.lower()] = engine

    def make_test_order(
        self, store: Store, channel_id: int, channel: str, items: Iterable[Mapping[str, Any]], *, reference: str = ""
    ) -> Order:
        """A test order, which goes by itself after 30 days."""
        with self.lock:
            now = self.now()
            made = self.market.make_test(store, (channel_id, channel), items, reference=reference, now=now)
            self.later(now + TEST_ORDER_SECONDS, lambda: store.shelf.remove(made))
            store.timeline.note(now)
            return made

    def change_order(
        self,
        order_id: int,
        *,
        status: str = "",
        error: str = "",
        message: str = "",
        misspelt: bool = False,
        in_seconds: float = 0.0,
        store: int | None = None,
    ) -> None:
        """Let the marketplace change its mind about an order, now or `in_seconds`: give it another `status`, or say
        that it refused an operation after all (`error`: `ship`, `acknowledge`), with `message`.

        `misspelt`: the date of the error stands under `occuredAt`, as in some answers. ValueError when the order or a
        value is unknown.
        """
        order = self.market.find_order(order_id, store)
        if order is None:
            raise ValueError(f"There is no order {order_id}: add it first, with add_order.")
        _known("status", status or order.status, STATUSES)
        _known("error", error or ERRORS[0], ERRORS)

        def happen() -> None:
            at = self.now()
            order.status = status or order.status
            order.change(updatedAt=iso(at))
            self.market.stores[order.store].timeline.note(at)
            if error:
                order.note_error(error, message or "The marketplace refused the operation.", at, misspelt=misspelt)

        with self.lock:
            self.settle()
            self.later(self.now() + in_seconds, happen)
            self.settle()

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
            self.market.stores[order.store].timeline.note(self.now())

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
            self.limiter.forget()
            self._later.clear()
        self.release()

    # What time brings

    def later(self, at: float, deed: Callable[[], None]) -> None:
        """Have something done once the clock, in seconds since 1970, has come to `at`."""
        with self.lock:
            self._later.append((at, deed))

    def settle(self) -> None:
        """Bring everything up to the present time."""
        with self.lock:
            now = self.now()
            due = [deed for at, deed in self._later if at <= now]
            self._later = [(at, deed) for at, deed in self._later if at > now]
            for deed in due:
                deed()
            self.market.settle(now, late_cancel=self.settings.late_cancel)

    def faults_at(self, stage: Stage, call: Call, order_id: int | None = None) -> Iterator[Fault]:
        """The faults that strike a call, or one item of it, at this stage."""
        if self.faults.waiting_for(stage):
            ids = call.order_ids if order_id is None else (order_id,)
            yield from self.faults.strike(stage, call.method, call.target, call.operation, ids)

    def _believe(self, order_id: int, store: int | None) -> Belief | None:
        with self.lock:
            self.settle()
            return self.market.believe(order_id, store)


def _known(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"'{name}' has no value '{value}'; it takes {', '.join(allowed)}.")
