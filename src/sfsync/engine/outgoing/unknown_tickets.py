"""Tickets of which this database knows nothing, and whose they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from sfsync.domain.operations import kind_of_verb
from sfsync.domain.tickets import is_named
from sfsync.engine.kit.context import Run
from sfsync.models import Action, MarketplaceOrder, Store, Task, Told
from shoppingfeed import Ticket


@dataclass(frozen=True, slots=True)
class OfOrder:
    """A ticket and the marketplace order that it is about."""

    order_id: int
    ticket: Ticket

    @property
    def fact(self) -> tuple[int, str, str]:
        return (self.order_id, *fact_of(self.ticket))


def ours(tickets: Iterable[Ticket]) -> list[Ticket]:
    """Those of operations that sfsync sends. The shop's module acknowledges orders, which says nothing of them."""
    return [each for each in tickets if kind_of_verb(each.operation)]


def fact_of(ticket: Ticket) -> tuple[str, str]:
    """The operation that it is about, and its key."""
    kind = kind_of_verb(ticket.operation)
    return (kind.name, ticket.tracking_number if kind.numbered else "") if kind else ("", "")


def unknown(run: Run, tickets: Iterable[Ticket]) -> list[Ticket]:
    """Those whose fact neither was told nor waits for its answer, and whose own number or batch nothing names."""
    candidates = ours(tickets)
    tasks, told = _written_about(run, candidates)
    names = {*run.store.state.known_tickets, *(told_by for *_, told_by in told)}
    names |= {name for *_, ticket, former, batch in tasks for name in (ticket, former, batch)} - {""}
    facts: set[tuple[Any, ...]] = {(feed_id, operation, key) for feed_id, operation, key, _ in told}
    facts |= {(feed_id, *fact) for feed_id, action, *fact, _, _, batch in tasks if action == Action.CHECK and not batch}
    news = [each for each in candidates if names.isdisjoint((each.id, each.batch_id))]
    return [each for each in news if (each.order_id, *fact_of(each)) not in facts]


_OF_TASK = ("order__feed_id", "action", "operation", "tracking_number", "ticket_number", "former_ticket", "batch_id")
_OF_TOLD = ("order__feed_id", "operation", "key", "ticket")


def _written_about(run: Run, tickets: Sequence[Ticket]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What is written of their orders: the tasks, and what was told. Stores of one account share its tickets."""
    stores = Store.objects.filter(feed_store_id=run.store.feed_store_id, api_url=run.store.api_url)
    about = Q(order__feed_id__in={each.order_id for each in tickets if each.order_id})
    if nameless := {each.reference for each in tickets if not each.order_id and each.reference}:
        about |= Q(order__reference__in=nameless)
    tasks = Task.objects.filter(about, order__store__in=stores).exclude(action=Action.SYNC)
    told = Told.objects.filter(about, order__store__in=stores)
    return list(tasks.values_list(*_OF_TASK)), list(told.values_list(*_OF_TOLD))


def of_orders(run: Run, tickets: Sequence[Ticket]) -> Iterator[OfOrder]:
    """Those about orders of the store: by the id; by its names where one of the two has no id, and one order fits."""
    about = Q(feed_id__in={each.order_id for each in tickets if each.order_id})
    about |= Q(reference__in={each.reference for each in tickets if each.reference})
    by_id, by_name = {}, defaultdict(list)
    for order in MarketplaceOrder.objects.filter(about, store=run.store):
        by_id[order.feed_id] = order.pk
        by_name[order.reference].append(order)
    for ticket in tickets:
        fits = [by_id[ticket.order_id]] if ticket.order_id in by_id else _named(by_name[ticket.reference], ticket)
        if len(fits) == 1:
            yield OfOrder(fits[0], ticket)


def _named(orders: Sequence[MarketplaceOrder], ticket: Ticket) -> list[int]:
    nameless = [each for each in orders if None in (each.feed_id, ticket.order_id)]
    return [each.pk for each in nameless if is_named(ticket, each.reference, each.channel)]
