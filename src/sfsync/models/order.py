"""One row a marketplace order: who it is on each side, what was seen of it, and what was last confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Upper
from django.db.models.lookups import Exact
from django.utils import timezone

from sfsync.db.loading import Loaded
from sfsync.models.store import Store


class FulfilledBy(models.TextChoices):
    """R13b. Empty until Shopping Feed was asked."""

    UNKNOWN = "", "?"
    STORE = "store", "store"
    CHANNEL = "channel", "channel"


class OrderQuerySet(models.QuerySet["Order"]):
    def open_since(self, start: datetime) -> Self:
        """The orders that a change may still come for: not final, and young enough (prestashop.md, *polling*)."""
        return self.filter(created_at__gte=start, delivered_at=None, canceled_at=None, refunded_at=None)

    def named(self, name: str) -> Self:
        """By shop order id, shop reference, marketplace reference or Shopping Feed id: what a person has at hand, in
        capitals or not."""
        wanted = spelt("reference", name) | spelt("shop_reference", name)
        if name.isdecimal() and len(name) <= 18:
            wanted |= Q(shop_order_id=int(name)) | Q(feed_id=int(name))
        return self.filter(wanted)


def spelt(field: str, text: str) -> Q:
    """The field holds this text, whatever its capitals. The database writes both in capitals, by its own rules: so it
    finds them through the index on `Upper(field)`."""
    return Q(Exact(Upper(field), Upper(Value(text))))


class Order(Loaded):
    """`shipped_sent` is 1 from the moment a ship is on its way (R2, R3); `ship_tracking` is what was *confirmed*.

    `by_hand`: the operation that its marketplace does not take from us (R9), until a person says it was done there.
    `given_up_at`: when a person last decided that an update need not be sent. `ticket_at`: when its last settled ticket
    was scheduled, by the clock of Shopping Feed; every later send has a later one.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="orders", db_index=False)
    shop_order_id = models.BigIntegerField()
    shop_reference = models.CharField(max_length=64, default="", blank=True)
    feed_id = models.BigIntegerField(null=True)
    reference = models.CharField(max_length=255, default="", blank=True)
    channel = models.CharField(max_length=64, default="", blank=True)
    fulfilled_by = models.CharField(max_length=8, choices=FulfilledBy, default=FulfilledBy.UNKNOWN, blank=True)
    created_at = models.DateTimeField()

    seen_status = models.BigIntegerField(null=True)
    seen_tracking = models.CharField(max_length=255, default="", blank=True)
    seen_at = models.DateTimeField(null=True)

    shipped_sent = models.BooleanField(default=False)
    ship_tracking = models.CharField(max_length=255, null=True)  # noqa: DJ001  None: no ship confirmed; "": without number
    shipped_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)
    refunded_at = models.DateTimeField(null=True)
    confirmed_operation = models.CharField(max_length=8, default="", blank=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_ticket = models.CharField(max_length=255, default="", blank=True)
    confirmed_status = models.BigIntegerField(null=True)
    ticket_at = models.DateTimeField(null=True)
    by_hand = models.CharField(max_length=8, default="", blank=True)
    given_up_at = models.DateTimeField(null=True)

    date_add = models.DateTimeField(default=timezone.now, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        db_table = "shoppingfeed_order"
        constraints = [models.UniqueConstraint(fields=["store", "shop_order_id"], name="one_order_a_shop_order")]
        indexes = [
            models.Index(fields=["store", "feed_id"], name="order_feed"),
            models.Index("store", Upper("reference"), name="order_by_reference"),
            models.Index("store", Upper("shop_reference"), name="order_by_shop_reference"),
            models.Index(fields=["store", "confirmed_at"], name="order_confirmed"),
            models.Index(fields=["store", "created_at", "id"], name="order_created"),
            models.Index(fields=["store", "channel", "created_at"], name="order_channel"),
            models.Index(fields=["store", "confirmed_operation", "created_at"], name="order_operation"),
            models.Index(
                "store", Upper("seen_tracking"), name="order_by_seen_tracking", condition=~Q(seen_tracking="")
            ),
            models.Index(
                "store", Upper("ship_tracking"), name="order_by_ship_tracking", condition=Q(ship_tracking__gt="")
            ),
            models.Index(fields=["store", "created_at", "id"], name="order_by_hand", condition=~Q(by_hand="")),
            models.Index(
                fields=["store", "created_at", "id"], name="order_given_up", condition=Q(given_up_at__isnull=False)
            ),
            models.Index(
                fields=["store", "shop_order_id"],
                name="order_open",
                condition=Q(delivered_at=None, canceled_at=None, refunded_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.shop_reference or str(self.shop_order_id)
