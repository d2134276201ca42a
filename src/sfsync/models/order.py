"""The shop's side of an order: its key and reference there, and what was last seen of it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Upper
from django.db.models.lookups import Exact
from django.utils import timezone

from sfsync.db.loading import Loaded
from sfsync.domain.orders import parcels_written
from sfsync.models.marketplace_order import MarketplaceOrder
from sfsync.models.store import Store
from sfsync.shops import kinds
from sfsync.shops.keys import LONGEST

UNSEEN = {
    "seen_status": "",
    "seen_tracking": "",
    "seen_numbers": "",
    "seen_version": 0,
    "look_again": False,
    "doubted_at": None,
}
"""What is known of an order that was never looked at."""


class OrderQuerySet(models.QuerySet["Order"]):
    def open_since(self, start: datetime) -> Self:
        """The orders that a change may still come for: not final, and young enough."""
        return self.filter(created_at__gte=start, open=True)

    def in_parts(self) -> Self:
        """Those that are one marketplace order together with another shop order (R38)."""
        others = Order.objects.filter(marketplace_order=OuterRef("marketplace_order")).exclude(pk=OuterRef("pk"))
        return self.filter(Exists(others))

    def named(self, name: str) -> Self:
        """By the shop's key, shop reference, marketplace reference or Shopping Feed id: what a person has at hand, in
        capitals or not."""
        there = spelt("reference", name)
        wanted = spelt("shop_reference", name) | Q(key__in=kinds.order_keys(name))
        if name.isdecimal() and len(name) <= 18:
            there |= Q(feed_id=int(name))
        return self.filter(wanted | Q(marketplace_order__in=MarketplaceOrder.objects.filter(there)))


def spelt(field: str, text: str) -> Q:
    """The field holds this text, whatever its capitals. The database writes both in capitals, by its own rules: so it
    finds them through the index on `Upper(field)`."""
    return Q(Exact(Upper(field), Upper(Value(text))))


class Order(Loaded):
    """`key` names it in the shop, `ordinal` is its place among the others there (`Keys`). Several shop orders may be
    one marketplace order: split, or imported twice (R38).

    `open`: a change may still come for it: its marketplace order has not ended. A copy, kept here because the sweep
    asks it of every order. `seen_status` is empty until it was seen; `seen_tracking` is the one of `seen_numbers`
    (`Seen.written`) that is to be told, `seen_version` its `Seen.version`. `look_again`: the sweep looks at it whatever
    its block says. `doubted_at`: when the shop first answered without it, did not list it, or had a shorter history
    than was seen. `linked`: that it is a marketplace's is Shopping Feed's word; no list of the shop says so.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="orders", db_index=False)
    marketplace_order = models.ForeignKey(MarketplaceOrder, on_delete=models.RESTRICT, related_name="shop_orders")
    key = models.CharField(max_length=LONGEST)
    ordinal = models.BigIntegerField(default=0)
    shop_reference = models.CharField(max_length=64, default="", blank=True)
    created_at = models.DateTimeField()
    open = models.BooleanField(default=True)
    linked = models.BooleanField(default=False)

    seen_status = models.CharField(max_length=LONGEST, default="", blank=True)
    seen_tracking = models.CharField(max_length=255, default="", blank=True)
    seen_numbers = models.TextField(default="", blank=True)
    seen_version = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField(null=True)
    look_again = models.BooleanField(default=False)
    doubted_at = models.DateTimeField(null=True)

    date_add = models.DateTimeField(default=timezone.now, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        db_table = "shoppingfeed_order"
        constraints = [models.UniqueConstraint(fields=["store", "key"], name="one_order_a_shop_order")]
        indexes = [
            models.Index("store", Upper("shop_reference"), name="order_by_shop_reference"),
            models.Index(fields=["store", "created_at", "id"], name="order_created"),
            models.Index(
                "store", Upper("seen_tracking"), name="order_by_seen_tracking", condition=~Q(seen_tracking="")
            ),
            models.Index(fields=["store", "ordinal", "id"], name="order_ordinal"),
            models.Index(fields=["store", "ordinal"], name="order_open", condition=Q(open=True)),
        ]

    @property
    def numbers(self) -> list[str]:
        """The tracking numbers that were seen of it, the one first that is to be told."""
        seen = [each.tracking_number for each in parcels_written(self.seen_numbers)]
        return sorted(seen, key=lambda number: number != self.seen_tracking)

    @property
    def others(self) -> list[Order]:
        """The other shop orders of its marketplace order (R38)."""
        there = self.marketplace_order.shop_orders.all()
        return sorted((each for each in there if each.pk != self.pk), key=lambda each: (each.ordinal, each.key))

    def __str__(self) -> str:
        return self.shop_reference or self.key
