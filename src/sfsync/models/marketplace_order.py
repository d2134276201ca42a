"""The marketplace's side of an order: who it is at Shopping Feed, and what it was told. Tasks, log and notices are
about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Upper

from sfsync.db.loading import Loaded
from sfsync.domain.decide import Because
from sfsync.domain.identity import Claim
from sfsync.domain.operations import numbered_kinds
from sfsync.domain.tracking_numbers import is_earlier
from sfsync.models.store import Store

if TYPE_CHECKING:
    from sfsync.models.order import Order
    from sfsync.models.told import Told


class FulfilledBy(models.TextChoices):
    """R13b. Empty until Shopping Feed was asked."""

    UNKNOWN = "", "?"
    STORE = "store", "store"
    CHANNEL = "channel", "channel"


NOT_WAITING = "not-waiting"


class MarketplaceOrder(Loaded):
    """The Shopping Feed id is who it is (R39). `feed_id` is None until it is known: then the row is provisional, and
    `channel` and `reference` are all there is to find it by (R13b); without a reference it is one shop order's alone.

    What it was told are its `told` rows; `confirmed_operation` and `confirmed_at` repeat the newest for long lists.
    `by_hand`: the operation that its marketplace does not take from us (R9), until a person says it was done there.
    `contradicted`: the shop has gone back on what it was told, a status (R8) or a tracking number (R11), which only the
    marketplace can undo, until the shop agrees again or a person dismisses it. `given_up_at`: when a person last
    decided that an update need not be sent. `confirmed_ticket`: the last one that succeeded. `ticket_at`: when its last
    settled ticket was scheduled, by the clock of Shopping Feed; every later send has a later one. `unsure_at`: since
    when it may have been told more than is written here, and nobody can know.

    `seen_there`: the status that Shopping Feed showed it in last, `NOT_WAITING` where it only was no longer among those
    that wait; `seen_there_at`: since when it has shown that. `agreed_at`: when a person said that it is to be shipped
    although the marketplace shows it as cancelled (R33). `ship_by`: its deadline (R25), `ship_by_from` the `Source` of
    that.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="marketplace_orders", db_index=False)
    feed_id = models.BigIntegerField(null=True)
    reference = models.CharField(max_length=255, default="", blank=True)
    channel = models.CharField(max_length=64, default="", blank=True)
    fulfilled_by = models.CharField(max_length=8, choices=FulfilledBy, default=FulfilledBy.UNKNOWN, blank=True)
    created_at = models.DateTimeField()

    confirmed_operation = models.CharField(max_length=32, default="", blank=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_ticket = models.CharField(max_length=255, default="", blank=True)
    ticket_at = models.DateTimeField(null=True)
    unsure_at = models.DateTimeField(null=True)
    by_hand = models.CharField(max_length=32, default="", blank=True)
    contradicted = models.BooleanField(default=False)
    given_up_at = models.DateTimeField(null=True)
    seen_there = models.CharField(max_length=32, default="", blank=True)
    seen_there_at = models.DateTimeField(null=True)
    agreed_at = models.DateTimeField(null=True)
    ship_by = models.DateTimeField(null=True)
    ship_by_from = models.CharField(max_length=8, default="", blank=True)

    class Meta:
        db_table = "sfsync_marketplace_order"
        constraints = [
            models.UniqueConstraint(fields=["store", "feed_id"], name="one_order_a_feed_id"),
            models.UniqueConstraint(
                "store",
                "reference",
                Lower("channel"),
                name="one_provisional_a_reference",
                condition=Q(feed_id=None) & ~Q(reference=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["store", "ship_by"],
                name="there_ship_by",
                condition=Q(ship_by__isnull=False, confirmed_operation=""),
            ),
            models.Index("store", Upper("reference"), name="there_reference"),
            models.Index(fields=["store", "confirmed_at"], name="there_confirmed"),
            models.Index(fields=["store", "channel", "created_at"], name="there_channel"),
            models.Index(fields=["store", "confirmed_operation", "created_at"], name="there_operation"),
            models.Index(fields=["store", "created_at", "id"], name="there_by_hand", condition=~Q(by_hand="")),
            models.Index(
                fields=["store", "created_at", "id"], name="there_contradicted", condition=Q(contradicted=True)
            ),
            models.Index(
                fields=["store", "created_at", "id"], name="there_given_up", condition=Q(given_up_at__isnull=False)
            ),
        ]

    @property
    def claim(self) -> Claim:
        return Claim(self.feed_id, self.reference, self.channel)

    @property
    def shop_order(self) -> Order | None:
        """The first of its shop orders; None where none claims it any more (R39). Prefetch `shop_orders` for many."""
        return min(self.shop_orders.all(), key=lambda order: (order.ordinal, order.key), default=None)

    @property
    def contradiction(self) -> Because:
        """What the shop has gone back on where it is `contradicted`. Prefetch `told` and `shop_orders` for many."""
        numbered = {kind.name for kind in numbered_kinds()}
        told = [each.key for each in self.told.all() if each.operation in numbered]
        back = any(is_earlier(each.numbers, told) for each in self.shop_orders.all())
        return Because.TOLD_BEFORE if back else Because.WENT_BACK

    @property
    def shipped_sent(self) -> bool:
        """A ship of it is told or in flight (R2, R3): read off what is kept of both, so it cannot contradict them."""
        numbered = [kind.name for kind in numbered_kinds()]
        told, in_flight = self.told.filter(operation__in=numbered), self.tasks.in_flight()
        return told.exists() or in_flight.filter(operation__in=numbered).exists()

    def last_told(self, *operations: str) -> Told | None:
        """The newest of what it was told with one of these operations. Prefetch `told` for many."""
        return next((told for told in reversed(self.told.all()) if told.operation in operations), None)

    def __str__(self) -> str:
        return self.reference or str(self.feed_id or self.pk)
