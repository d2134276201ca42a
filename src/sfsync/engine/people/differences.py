"""What a person does about a difference between a marketplace and what it was told (R32): have it sent again, or take
care of it there."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from sfsync.db.among import among
from sfsync.db.bulk import update_rows
from sfsync.domain.operations import numbered_kinds
from sfsync.domain.reconciliation import Difference
from sfsync.engine.kit.journal import Journal
from sfsync.engine.people.at_once import send_now
from sfsync.models import Finding, MarketplaceOrder, Order, Store, Told
from sfsync.models.finding import FindingQuerySet
from sfsync.models.log import Level

_AGAIN = [each.value for each in Difference if each.can_be_sent_again]


def send_again(store: Store, orders: QuerySet[Order], who: str) -> int:
    """What the marketplace was told of a shipment and does not show counts as not told: it is sent with the next sync,
    as the shop has it then. Returns of how many orders."""
    with transaction.atomic():
        found = _held(store, orders).filter(kind__in=_AGAIN)
        chosen = set(found.values_list("order", flat=True))
        _forget_shipments(chosen)
        _settle(store, found, "person-send-again", who)
    send_now(store, Order.objects.filter(marketplace_order__in=among(chosen)), who)
    return len(chosen)


def settle(store: Store, orders: QuerySet[Order], who: str) -> int:
    """The person took care of it on the marketplace: nobody is reminded of it. Returns of how many orders."""
    with transaction.atomic():
        found = _held(store, orders)
        chosen = set(found.values_list("order", flat=True))
        _settle(store, found, "person-settled", who)
    return len(chosen)


def _held(store: Store, orders: QuerySet[Order]) -> FindingQuerySet:
    found = Finding.objects.unsettled().filter(store=store, order__in=orders.values("marketplace_order"))
    held = list(found.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    return Finding.objects.unsettled().filter(pk__in=among(held))


def _settle(store: Store, found: FindingQuerySet, code: str, who: str) -> None:
    journal = Journal(store, "person", "")
    for order in sorted(set(found.values_list("order", flat=True))):
        journal.say(Level.INFO, code, order, who=who)
    found.update(settled_at=timezone.now())
    journal.flush()


def _forget_shipments(orders: Iterable[int]) -> None:
    """What else they were told stays, and is what they were told last."""
    ids = list(orders)
    Told.objects.filter(order__in=among(ids), operation__in=[kind.name for kind in numbered_kinds()]).delete()
    left = Told.objects.filter(order__in=among(ids)).order_by("id").values_list("order", "operation", "at")
    last = {order: (operation, at) for order, operation, at in left}
    rows = [(order, *last.get(order, ("", None))) for order in ids]
    update_rows(MarketplaceOrder, ("id", "confirmed_operation", "confirmed_at"), rows)
    Order.objects.filter(marketplace_order__in=among(ids)).update(open=True)
