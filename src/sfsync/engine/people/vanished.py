"""Orders that the shop no longer has, and a person who knows that they were deleted on purpose."""

from __future__ import annotations

from django.db.models import QuerySet

from sfsync.engine.kit.journal import Journal
from sfsync.engine.outgoing.reading import read
from sfsync.engine.people.acts import give_up
from sfsync.models import MarketplaceOrder, Order, Store, Task
from sfsync.models.log import Level
from sfsync.shops.base import PAGE, OpenShop


def missing(store: Store, shop: OpenShop) -> QuerySet[Order]:
    """Those with an update that waits or failed, of which the shop has none, or lists none as an order of a marketplace
    any more. Raises `ShopError`."""
    waiting = Task.objects.filter(store=store).living().values("order")
    orders = list(MarketplaceOrder.objects.filter(pk__in=waiting).order_by("pk"))
    gone: list[int] = []
    for start in range(0, len(orders), PAGE):
        groups = read(shop, {each.pk: each.claim for each in orders[start : start + PAGE]}).groups
        gone += [pk for pk, group in groups.items() if not group.living]
    return Order.objects.filter(store=store, marketplace_order__in=gone)


def let_go(store: Store, shop: OpenShop, who: str) -> int:
    """Give their updates up: the store is processed again, and nobody is told of each. Returns of how many orders.

    Raises `ShopError`.
    """
    gone = give_up(missing(store, shop), who)
    if gone:
        journal = Journal(store, "person", "")
        journal.say(Level.WARNING, "person-let-go", who=who, orders=gone)
        journal.flush()
    return gone
