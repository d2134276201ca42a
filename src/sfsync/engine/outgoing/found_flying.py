"""What Shopping Feed is still processing, and this database does not know of: followed from now on like any other."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence

from sfsync.db.bulk import insert_rows
from sfsync.db.conflict import KEEP
from sfsync.domain.operations import kind_of
from sfsync.engine.kit.context import Run
from sfsync.engine.outgoing.unknown_tickets import OfOrder
from sfsync.models import Action, Task
from sfsync.models.log import Level
from sfsync.models.task import BLANK, FACT
from shoppingfeed import Ticket

FactOfOrder = tuple[int, str, str]
"""A marketplace order, an operation and its key."""


def follow(run: Run, flying: Sequence[OfOrder]) -> bool:
    """False: something else is in flight of one of these orders, so that this one is not followed yet (R10)."""
    facts = {each.fact: each.ticket for each in flying}
    without_aside(facts)
    blank = {name: value for name, value in BLANK.items() if name not in _COLUMNS}
    times = dict.fromkeys(("since", "update_at", "date_add", "date_upd"), run.clock())
    same = {**blank, "store": run.store.pk, "action": Action.CHECK.value, "more": True, "attempts": 1, **times}
    rows = [(*fact, *_flight(run, fact, ticket)) for fact, ticket in facts.items()]
    insert_rows(Task, _COLUMNS, rows, same=same, conflict=KEEP)
    for order, operation, _key in facts:
        run.journal.say(Level.INFO, "found-in-flight", order, operation=operation)
    there = Task.objects.in_flight().filter(order__in={order for order, *_ in facts})
    return facts.keys() <= set(there.values_list(*FACT))


_COLUMNS = (*FACT, "lane", "batch_id", "ticket_number", "sent_at", "payload", "request_key")


def _flight(run: Run, fact: FactOfOrder, ticket: Ticket) -> tuple[object, ...]:
    sent_at = ticket.scheduled_at or run.clock()
    lane = kind_of(fact[1]).lane
    return (lane, ticket.batch_id, ticket.id, sent_at, dict(ticket.payload), secrets.token_hex(16))


def without_aside(facts: Collection[FactOfOrder]) -> None:
    """What was to be tried again, or left to a person, is neither any more."""
    aside = Task.objects.filter(action=Action.ASIDE, order__in={order for order, *_ in facts})
    pks = [pk for pk, *fact in aside.values_list("pk", *FACT) if tuple(fact) in facts]
    if pks:
        Task.objects.filter(pk__in=pks).delete()
