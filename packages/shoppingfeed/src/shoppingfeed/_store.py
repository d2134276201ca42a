"""A store's orders, operations and tickets: the URLs under `/v1/store/{id}`."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import chain, repeat
from typing import Literal, TypedDict, Unpack
from urllib.parse import quote

from shoppingfeed._documents import Document, multipart
from shoppingfeed._errors import NotSentError, ShoppingFeedError
from shoppingfeed._operations import Accepted, OrderOperation, parse_accepted, positive, request_body, request_of
from shoppingfeed._orders import Order, Shipment, TestItem, parse_order, parse_shipment
from shoppingfeed._pages import Page, Pages
from shoppingfeed._parallel import completed
from shoppingfeed._session import Session
from shoppingfeed._tickets import BatchTickets, Ticket, TicketList, parse_ticket
from shoppingfeed._transport import Permit, Request

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one batch of `Store.send_many`: either `accepted` or `error`, never both."""

    batch: Sequence[OrderOperation]
    accepted: Accepted | None
    error: ShoppingFeedError | None


class OrderFilters(TypedDict, total=False):
    """What narrows a list of orders (API page, *Orders*); several `status` and `error` may be given.

    `since` and `until` need a time zone, and mean the order's creation on the marketplace. `error`: what the
    marketplace refused later.
    """

    status: str | Iterable[str]
    since: datetime
    until: datetime
    channel_id: int
    reference: str
    store_reference: str
    acknowledgment: Literal["acknowledged", "unacknowledged"]
    is_test: bool
    fulfilled_by: Literal["store", "channel", "undefined"]
    error: str | Iterable[str]


class Store:
    """One store, by its id. Made by `Client.store`, which asks the API nothing; may be shared between threads.

    Every method that asks the API raises a `ShoppingFeedError`; see the tree in `shoppingfeed._errors`.
    """

    def __init__(
        self,
        session: Session,
        base_url: str,
        store_id: int,
        *,
        concurrency: int,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        positive(store_id, "the store's id")
        self.id = store_id
        self._session = session
        self._url = f"{base_url}/v1/store/{store_id}"
        self._concurrency = concurrency
        self._clocks = (clock, wall_clock)

    def __repr__(self) -> str:
        return f"Store({self.id})"

    @property
    def answers(self) -> dict[int, int]:
        """HTTP status → how many of this object's requests were answered with it; under 0 those never answered."""
        return self._session.answers

    @property
    def server_time(self) -> datetime | None:
        """The time at Shopping Feed when the last request was answered; None where it did not say."""
        try:
            return parsedate_to_datetime(self._session.date)
        except (ValueError, IndexError):
            return None

    # Orders

    def orders(self, *, limit: int = 200, **filters: Unpack[OrderFilters]) -> Iterator[Order]:
        """The store's orders that match, a page of `limit` at a time, fetched as they are taken."""
        return (order for page in self._order_pages(limit, filters) for order in page.items)

    def count_orders(self, **filters: Unpack[OrderFilters]) -> int | None:
        """How many orders match, in one request; None where the API does not say."""
        return self._order_pages(1, filters).first().total

    def order(self, order_id: int) -> Order:
        """One order by its id at Shopping Feed; `NotFoundError` when there is none."""
        return self._session.read(self._order_url(order_id), parse_order)

    def shipments(self, order_id: int) -> tuple[Shipment, ...]:
        """What was shipped of an order: a ship that was sent twice shows as two."""
        url = f"{self._order_url(order_id)}/shipment"
        pages = Pages(self._session, url, _query(200), "shipment", parse_shipment)
        return tuple(shipment for page in pages for shipment in page.items)

    # Test orders

    def create_test_order(self, channel_id: int, items: Sequence[TestItem], *, reference: str = "") -> Order:
        """Make an order to try with, on a channel of the store; it goes by itself after 30 days.

        Like an operation it is never repeated here: `AmbiguousError` and `NoAnswerError` leave it open whether there is
        one; look for it with `orders(is_test=True, reference=...)`.
        """
        positive(channel_id, "channel_id")
        if not items:
            raise ValueError("a test order needs items")
        document: dict[str, object] = {"channelId": channel_id, "items": [asdict(each) for each in items]}
        body = json.dumps(document | ({"reference": reference} if reference else {})).encode()
        return self._session.operate(f"{self._url}/order", body, "application/json", parse_order)

    def delete_test_order(self, order_id: int) -> None:
        """Remove a test order; `NotFoundError` when there is none (any more)."""
        self._session.delete(self._order_url(order_id))

    # Operations

    def send(self, operations: Sequence[OrderOperation]) -> Accepted:
        """Send 1 to 100 operations of one kind in one request (R12).

        Raises `ValueError` before anything is sent, `ApiError` when refused, `NotSentError` when it never left, and
        `AmbiguousError` when it may have been accepted: then ask the tickets before sending it again (R13).
        """
        return self._send(operations, None)

    def send_many(
        self, batches: Iterable[Sequence[OrderOperation]], *, expires_after: float | None = None
    ) -> Iterator[Outcome]:
        """Send batches, some at a time, and yield each one's outcome as it completes, in any order.

        The next batch is pulled, in the caller's thread, only when one of the client's `concurrency` slots is free. A
        batch that could not leave within `expires_after` seconds, counted from before it was pulled, is not sent
        (`NotSentError`): set it to less than the lease under which the batch was claimed. Closing the iterator waits
        for what was sent, and sends nothing more. When `batches` raises, what is under way is yielded first.
        """
        stopped = threading.Event()

        def pulled() -> Iterator[tuple[Sequence[OrderOperation], Permit]]:
            permits = (_permit(expires_after, stopped, self._clocks) for _ in repeat(None))
            for permit, batch in zip(permits, batches, strict=False):
                request_of(batch)
                yield batch, permit

        return completed(self._outcome, pulled(), slots=self._concurrency, stopped=stopped)

    def upload_documents(self, documents: Sequence[Document]) -> Accepted:
        """Upload 1 to 20 PDF documents of at most 2 MB each, in one request. Raises as `send` does."""
        body, content_type = multipart(documents)
        parse = partial(parse_accepted, order_ids={document.order_id for document in documents})
        return self._session.operate(f"{self._url}/order/upload-documents", body, content_type, parse)

    # Tickets

    def tickets(
        self,
        *,
        batch_id: str | None = None,
        state: str | None = None,
        type: str | None = None,  # noqa: A002  the API's own word
        order_id: int | None = None,
        limit: int = 200,
    ) -> TicketList:
        """The store's tickets that match; the first page is read at once.

        `state` may be a macro state (`processing`, `processed`). `order_id` implies `type="order"`. `limit=1` is enough
        to learn from `processing` whether a batch is done.
        """
        if order_id is not None:
            positive(order_id, "order_id")
            if type not in (None, "order"):
                raise ValueError('tickets of an order are asked with type "order"')
            type = "order"  # noqa: A001
        query = _query(limit, batchId=batch_id, state=state, type=type, payloadId=order_id)
        pages = Pages(self._session, f"{self._url}/ticket", query, "ticket", parse_ticket)
        first = pages.first()
        items = (ticket for page in pages.after(first) for ticket in page.items)
        return TicketList(items, first.processing, first.total)

    def outer_tickets(self, *, type: str | None = None, limit: int = 200) -> tuple[Ticket, ...]:  # noqa: A002
        """The tickets of the first and of the last page: the newest are among them, whichever way the API sorts.

        Two requests at most, where the API says how many pages there are.
        """
        pages = Pages(self._session, f"{self._url}/ticket", _query(limit, type=type), "ticket", parse_ticket)
        return tuple(ticket for page in pages.ends() for ticket in page.items)

    def newest_tickets(
        self,
        *,
        state: str | None = None,
        type: str | None = None,  # noqa: A002
        limit: int = 200,
    ) -> Iterator[tuple[Ticket, ...]]:
        """The store's tickets that match, a page at a time and fetched as they are taken, the newest page first,
        whichever way the API sorts.

        Costs a request more than the pages that are taken, where it does not list the newest first.
        """
        query = _query(limit, state=state, type=type)
        pages = Pages(self._session, f"{self._url}/ticket", query, "ticket", parse_ticket)
        return (page.items for page in _from_newest(pages))

    def ticket(self, ticket_id: str) -> Ticket:
        """One ticket; `NotFoundError` when the API no longer knows it."""
        if not ticket_id.strip("."):
            raise ValueError("a ticket is asked for by its id, which was empty")
        return self._session.read(f"{self._url}/ticket/{quote(ticket_id, safe='')}", parse_ticket)

    def batches(self, batch_ids: Iterable[str], *, limit: int = 200) -> Iterator[BatchTickets]:
        """All tickets of each batch, several batches at a time, as they are read, in any order.

        The next id is pulled, in the caller's thread, only when one of the client's `concurrency` slots is free.
        """
        stopped = threading.Event()

        def read(batch_id: str) -> BatchTickets:
            try:
                _refuse_if_stopped(stopped, f"the tickets of batch {batch_id}")
                return BatchTickets(batch_id, tuple(self.tickets(batch_id=batch_id, limit=limit).items))
            except ShoppingFeedError as error:
                return BatchTickets(batch_id, None, error)

        def pulled() -> Iterator[str]:
            for batch_id in batch_ids:
                _query(limit, batchId=batch_id)
                yield batch_id

        return completed(read, pulled(), slots=self._concurrency, stopped=stopped)

    def _order_pages(self, limit: int, filters: OrderFilters) -> Pages[Order]:
        is_test = filters.get("is_test")
        query = _query(
            limit,
            status=_joined(filters.get("status")),
            since=_iso(filters.get("since")),
            until=_iso(filters.get("until")),
            channelId=filters.get("channel_id"),
            reference=filters.get("reference"),
            storeReference=filters.get("store_reference"),
            acknowledgment=filters.get("acknowledgment"),
            isTest=None if is_test is None else int(is_test),
            fulfilledBy=filters.get("fulfilled_by"),
            error=_joined(filters.get("error")),
        )
        return Pages(self._session, f"{self._url}/order", query, "order", parse_order)

    def _order_url(self, order_id: int) -> str:
        positive(order_id, "order_id")
        return f"{self._url}/order/{order_id}"

    def _send(self, operations: Sequence[OrderOperation], permit: Permit | None) -> Accepted:
        url = f"{self._url}/order/{request_of(operations)}"
        parse = partial(parse_accepted, order_ids={operation.order_id for operation in operations})
        return self._session.operate(url, request_body(operations), "application/json", parse, permit)

    def _outcome(self, claimed: tuple[Sequence[OrderOperation], Permit]) -> Outcome:
        batch, permit = claimed
        try:
            return Outcome(batch, self._send(batch, permit), None)
        except ShoppingFeedError as error:
            return Outcome(batch, None, error)


def _permit(
    expires_after: float | None, stopped: threading.Event, clocks: tuple[Callable[[], float], Callable[[], float]]
) -> Permit:
    """May a request that is pulled next still leave? Both clocks are asked: one may be set back, the other sleep."""
    asked_at = [clock() for clock in clocks]

    def check(request: Request) -> None:
        _refuse_if_stopped(stopped, str(request))
        elapsed = max(clock() - since for clock, since in zip(clocks, asked_at, strict=True))
        if expires_after is not None and elapsed > expires_after:
            raise NotSentError(
                f"{request} was not sent: it could not leave within {expires_after:g} s. It can be sent again.",
                request=str(request),
            )

    return check


def _refuse_if_stopped(stopped: threading.Event, request: str) -> None:
    if stopped.is_set():
        raise NotSentError(f"{request}: not sent, the caller stopped", request=request)


def _from_newest(pages: Pages[Ticket]) -> Iterator[Page[Ticket]]:
    first = pages.first()
    number = pages.last(first) or 1
    if number > 1 and not _descend(first.items):
        last = pages.page(number)
        if _newest(last.items) > _newest(first.items):
            return chain([last], pages.between(first, number))
    return pages.after(first)


def _descend(tickets: Sequence[Ticket]) -> bool:
    """The newest is the first one."""
    dates = [each.scheduled_at for each in tickets if each.scheduled_at]
    return bool(dates) and dates[0] > dates[-1]


def _newest(tickets: Sequence[Ticket]) -> datetime:
    return max((each.scheduled_at for each in tickets if each.scheduled_at), default=_LONG_AGO)


def _query(limit: int, **filters: object) -> Mapping[str, str]:
    """The filters that were given. An empty one is refused: the API would take it for no filter at all."""
    positive(limit, "limit")
    given = {name: str(value) for name, value in filters.items() if value is not None}
    for name, value in given.items():
        if not value:
            raise ValueError(f"the filter {name} is empty")
    return {**given, "limit": str(limit)}


def _joined(values: str | Iterable[str] | None) -> str | None:
    return values if values is None or isinstance(values, str) else ",".join(values)


def _iso(moment: datetime | None) -> str | None:
    if moment is not None and moment.tzinfo is None:
        raise ValueError("since and until need a time zone")
    return moment.isoformat(timespec="seconds") if moment else None
