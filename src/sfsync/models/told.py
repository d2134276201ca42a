"""What the marketplace was told of an order: one row per fact, and a fact is told once (R11)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from sfsync.db.loading import Loaded
from sfsync.models.marketplace_order import MarketplaceOrder
from sfsync.models.order import Order
from sfsync.shops.keys import LONGEST


class How(models.TextChoices):
    """How we know that the marketplace knows."""

    TICKET = "ticket", "ticket"
    ADOPTED = "adopted", "adopted"
    """It knew before we sent anything."""
    SEEN = "seen", "seen"
    """The order itself shows it, where the ticket is gone (R18)."""
    BY_HAND = "by hand", "by hand"
    """A person did it there (R9)."""


class Told(Loaded):
    """`key` tells the facts of one operation apart: a ship's is its tracking number, empty without one.

    `status` is the shop's status that asked for it, `shop_order` the one that stood in it.
    """

    order = models.ForeignKey(MarketplaceOrder, on_delete=models.CASCADE, related_name="told", db_index=False)
    operation = models.CharField(max_length=32)
    key = models.CharField(max_length=255, default="", blank=True)
    how = models.CharField(max_length=8, choices=How, default=How.TICKET)
    ticket = models.CharField(max_length=255, default="", blank=True)
    status = models.CharField(max_length=LONGEST, default="", blank=True)
    shop_order = models.ForeignKey(Order, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        db_table = "sfsync_told"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["order", "operation", "key"], name="one_fact_told_once")]
        indexes = [models.Index(Upper("key"), name="told_key", condition=~Q(key=""))]

    @property
    def seen_there(self) -> bool:
        """The marketplace itself showed it; no ticket of ours says so."""
        return self.how in (How.ADOPTED, How.SEEN)

    @property
    def number_there(self) -> str | None:
        """The tracking number that the marketplace has: empty for a shipment without one, None where nobody knows. What
        it knew before us is kept with the shop's number, whatever its own is."""
        return None if self.how == How.ADOPTED else self.key

    def __str__(self) -> str:
        return f"{self.operation} {self.key}".rstrip()
