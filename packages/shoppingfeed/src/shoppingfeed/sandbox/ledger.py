"""The ledger: everything the sandbox received, and what the marketplaces now believe."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Received(NamedTuple):
    """One request: when, what, and the status it was answered with (0: it got no answer)."""

    at: float
    method: str
    path: str
    status: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """One item of an operation that was answered, or would have been, with 202. `item` is what was sent."""

    at: float
    store: int
    order_id: int
    operation: str
    item: Mapping[str, Any]
    batch_id: str
    ticket_id: str

    @property
    def tracking_number(self) -> str:
        """The tracking number of a ship; an empty string for the rest."""
        return str(self.item.get("trackingNumber") or "")

    def same_as(self) -> tuple[int, int, str, str]:
        """What makes two acceptances the same one: store, order, operation and what it says."""
        said = json.dumps(self.item["refund"], sort_keys=True) if "refund" in self.item else self.tracking_number
        return self.store, self.order_id, self.operation, said


class Ignored(NamedTuple):
    """One item that got no ticket, as the `report` of its answer says."""

    at: float
    store: int
    order_id: int
    operation: str
    message: str


@dataclass(frozen=True, slots=True)
class Belief:
    """What the marketplace now believes of an order. `tracking_numbers` are those of its shipments, in order."""

    order_id: int
    store: int
    reference: str
    channel: str
    status: str
    tracking_numbers: tuple[str, ...]
    delivered: bool
    cancelled: bool
    refunded: bool


class Ledger:
    """What was received, in order.

    `requests`, `accepted` and `ignored` are plain lists; read them when nothing is being sent, or copy them. Requests
    for `/_sandbox` and for the page are not among them.
    """

    def __init__(self, lock: threading.RLock, look: Callable[[int, int | None], Belief | None]) -> None:
        self._lock = lock
        self._look = look
        self.clear()

    def clear(self) -> None:
        """Forget what was received; orders and tickets stay as they are."""
        self.requests: list[Received] = []
        self.accepted: list[Accepted] = []
        self.ignored: list[Ignored] = []
        self.requests_by_status: Counter[int] = Counter()
        self.accepted_by_operation: Counter[str] = Counter()
        self._by_order: dict[int, list[Accepted]] = {}
        self._standing: set[tuple[int, int, str, str]] = set()
        self._duplicates: list[Accepted] = []

    def note_request(self, received: Received) -> None:
        """Write down a request."""
        self.requests.append(received)
        self.requests_by_status[received.status] += 1

    def note_accepted(self, accepted: Accepted) -> None:
        """Write down an accepted item, and whether it repeats one that still stands."""
        self.accepted.append(accepted)
        self.accepted_by_operation[accepted.operation] += 1
        self._by_order.setdefault(accepted.order_id, []).append(accepted)
        key = accepted.same_as()
        if key in self._standing:
            self._duplicates.append(accepted)
        self._standing.add(key)

    def note_refused(self, accepted: Accepted) -> None:
        """Its ticket failed or was canceled: sending the same again is a retry, not a duplicate (R16)."""
        self._standing.discard(accepted.same_as())

    def operations(self, order_id: int, store: int | None = None) -> list[Accepted]:
        """What was accepted for an order, oldest first."""
        with self._lock:
            return [one for one in self._by_order.get(order_id, ()) if store is None or one.store == store]

    def count(self, order_id: int, operation: str, store: int | None = None) -> int:
        """How many times an operation was accepted for an order, whatever became of it."""
        return sum(one.operation == operation for one in self.operations(order_id, store))

    def duplicates(self) -> list[Accepted]:
        """Each acceptance that repeats an earlier one: same store, order, operation and tracking number.

        A retry after a ticket that failed or was canceled is none. Two refunds are the same when they name the same
        products.
        """
        with self._lock:
            return list(self._duplicates)

    def sends(self) -> list[Received]:
        """The requests that carried operations, whatever they were answered."""
        return [one for one in self._copy() if one.method == "POST" and "/order/" in one.path]

    def looks(self) -> list[Received]:
        """The requests that read tickets."""
        return [one for one in self._copy() if one.method == "GET" and "/ticket" in one.path]

    def belief(self, order_id: int, store: int | None = None) -> Belief | None:
        """What the marketplace believes of an order now; None when it does not know it.

        Give the store when the same id was added to several.
        """
        return self._look(order_id, store)

    def _copy(self) -> list[Received]:
        with self._lock:
            return list(self.requests)
