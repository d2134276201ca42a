"""Ask Shopping Feed what it was told that this database does not know, and take it over, before anything is sent.

Its tickets say it of each order and each fact: what was carried out is told, what is still open is in flight. Where
tickets are gone, the orders' own statuses say it. What neither says any more is left to a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Max

from sfsync.domain.operations import OperationKind
from sfsync.domain.tickets import Verdict, judge, newest
from sfsync.domain.tracking_numbers import same_number
from sfsync.engine.find.outbox import Look, look_again
from sfsync.engine.kit.context import Run
from sfsync.engine.outgoing.conclude import ToldFact, remember, tell
from sfsync.engine.outgoing.found_flying import follow, without_aside
from sfsync.engine.outgoing.lookup import adopted_fact, listed_orders, pages_of, shown_kinds
from sfsync.engine.outgoing.new_carriers import learn_carriers
from sfsync.engine.outgoing.settle import settle
from sfsync.engine.outgoing.unknown_tickets import OfOrder, of_orders, ours, unknown
from sfsync.models import How, MarketplaceOrder
from sfsync.models.log import Level
from shoppingfeed import Order as FeedOrder
from shoppingfeed import Ticket

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Listed:
    """What the ticket list says. `news`: the tickets of our orders of which nothing is known, the oldest first;
    `newest`: those that were scheduled last; `oldest`: when the oldest of all was."""

    news: list[OfOrder] = field(default_factory=list)
    newest: list[Ticket] = field(default_factory=list)
    oldest: datetime | None = None


@dataclass(slots=True)
class Shown:
    """What the orders' own statuses say. `adopted`: how many facts were new; `shipped`: the orders of which they do not
    tell everything."""

    adopted: int = 0
    shipped: list[int] = field(default_factory=list)


def catch_up(run: Run) -> bool:
    """False: something earlier is still open of an order, so that it has to be asked again before anything is sent.

    Costs a request for every 200 tickets, and for every 200 orders that Shopping Feed shows as told.
    """
    settle(run, everything=True)
    complete_from = MarketplaceOrder.objects.filter(store=run.store).aggregate(at=Max("ticket_at"))["at"]
    listed = _read_tickets(run)
    told = [each for each in listed.news if judge(each.ticket.state) is Verdict.CONFIRMED]
    flying = [each for each in listed.news if judge(each.ticket.state) is Verdict.OPEN]
    with run.lease.writing("catch-up"):
        _take_over(run, told)
        followed = follow(run, flying)
        run.journal.flush()
    shown = _read_orders(run)
    found = len(told) + len(flying) + shown.adopted
    purged = complete_from is not None and (listed.oldest is None or listed.oldest > complete_from)
    with run.lease.writing("catch-up"):
        _say(run, found, _leave_to_people(run, shown.shipped) if found and purged else 0)
        if followed:
            _finish(run, listed)
    return followed


def _read_tickets(run: Run) -> Listed:
    listed = Listed()
    for page in pages_of(run.feed.tickets(type="order").items):
        run.lease.beat("catch-up")
        dates = [each.scheduled_at for each in page if each.scheduled_at]
        listed.oldest = min([*dates, *filter(None, [listed.oldest])], default=None)
        listed.newest = newest([*listed.newest, *ours(page)])
        listed.news += of_orders(run, unknown(run, page))
    listed.news.sort(key=lambda each: each.ticket.scheduled_at or _LONG_AGO)
    return listed


def _take_over(run: Run, told: Sequence[OfOrder]) -> None:
    _adopt(run, How.TICKET, [ToldFact(*each.fact, each.ticket.id, each.ticket.scheduled_at) for each in told])


def _adopt(run: Run, how: How, facts: Sequence[ToldFact]) -> None:
    """Where sfsync has sent before, an order may have gone back since (R8)."""
    without_aside({(each.order_id, each.operation, each.key) for each in facts})
    remember(run.clock(), how, list(facts))
    if run.store.state.adopted_at:
        now = run.clock()
        look_again(run, [Look(order, now, now) for order in {each.order_id for each in facts}])
    for each in facts:
        run.journal.say(Level.INFO, "adopted", each.order_id, operation=each.operation)


def _read_orders(run: Run) -> Shown:
    kinds, shown = shown_kinds(), Shown()
    since = run.clock() - timedelta(days=run.conf.sweep_days)
    settled = listed_orders(run, status=list(kinds), since=since) or iter(())
    for page in pages_of(order for order in settled if order.status in kinds):
        with run.lease.writing("catch-up"):
            _adopt_shown(run, {each.id: each for each in page}, kinds, shown)
            run.journal.flush()
        learn_carriers(run, page)
    return shown


def _adopt_shown(run: Run, page: dict[int, FeedOrder], kinds: dict[str, OperationKind], shown: Shown) -> None:
    orders = MarketplaceOrder.objects.filter(store=run.store, feed_id__in=page)
    facts: list[ToldFact] = []
    for order in orders.prefetch_related("told", "shop_orders"):
        there = page[order.feed_id or 0]
        kind = kinds[there.status]
        facts += _news(order, kind, there.tracking_number if kind.numbered else "")
        shown.shipped += [] if kind.ends_order else [order.pk]
    _adopt(run, How.ADOPTED, facts)
    shown.adopted += len(facts)


def _news(order: MarketplaceOrder, kind: OperationKind, number: str) -> Iterable[ToldFact]:
    """What its status shows that is not written down. Without a number there, that of the shop is taken for it."""
    keys = [each.key for each in order.told.all() if each.operation == kind.name]
    if not keys or (number and not any(same_number(number, key) for key in keys)):
        yield ToldFact(order.pk, kind.name, number) if number else adopted_fact(order, kind)


def _leave_to_people(run: Run, shipped: Sequence[int]) -> int:
    """Tickets that would tell are gone: what their status does not show is not sent without a person's word."""
    orders = MarketplaceOrder.objects.filter(pk__in=shipped, shop_orders__open=True)
    return orders.update(unsure_at=run.clock())


def _say(run: Run, found: int, doubtful: int) -> None:
    """Once a day where something else sends all the time. A store that begins takes over what was told before it."""
    if found and run.store.state.adopted_at:
        code, now = "database-behind", run.clock()
        run.journal.say(Level.WARNING, code, orders=found, doubtful=doubtful)
        tell(run.store, now, [(None, f"{code}:{now:%Y-%m-%d}", code, {"orders": found, "doubtful": doubtful})])
    run.journal.flush()


def _finish(run: Run, listed: Listed) -> None:
    state, now = run.store.state, run.clock()
    orders = MarketplaceOrder.objects.filter(store=run.store)
    state.caught_up_at, state.caught_up_to = now, orders.aggregate(to=Max("pk"))["to"] or 0
    strange = {each.id for each in unknown(run, listed.newest)}.union(state.known_tickets)
    state.known_tickets = [each.id for each in listed.newest if each.id in strange]
    state.adopted_at = state.adopted_at or now
    state.save(update_fields=["caught_up_at", "caught_up_to", "known_tickets", "adopted_at", "carriers"])
