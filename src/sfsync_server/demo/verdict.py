"""What each marketplace should believe by the shop's own rows, beside what it does believe by the sandbox's ledger.

Nothing here asks sfsync's tables or its decisions: this is the judge, and it must be able to find sfsync wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from sfsync.shops.prestashop.sample import SampleShop
from sfsync.testing import CANCELED, DELIVERED, REFUNDED, SHIPPED
from sfsync_server.demo.mailbox import Mail
from sfsync_server.demo.stage import Stage
from shoppingfeed.channels import Feature, supports
from shoppingfeed.sandbox import Belief

WAITING = "waiting_shipment"


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """An order as the shop's rows have it now."""

    order_id: int
    reference: str
    status: int
    tracking_number: str
    feed_id: int
    channel: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What should be believed. `tracking_number` None: no matter. `told`: the merchant must have had one mail of it."""

    status: str
    tracking_number: str | None = ""
    delivered: bool = False
    told: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One order of the comparison; `differences` is empty where both sides agree."""

    order: ShopOrder
    belief: Belief | None
    expected: Expected
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`duplicates` are the operations that were accepted twice."""

    lines: list[Line]
    duplicates: int

    @property
    def agrees(self) -> bool:
        return not self.duplicates and not any(line.differences for line in self.lines)


_ENDS = {
    CANCELED: (Feature.CANCEL, Expected("cancelled")),
    REFUNDED: (Feature.REFUND, Expected("refunded", None)),
}


def compare(stage: Stage) -> Comparison:
    """Every marketplace order of the shop, the untouched ones included."""
    lines = [_line(order, stage.sandbox.ledger.belief(order.feed_id), stage.mails) for order in read(stage.shop)]
    return Comparison(lines, len(stage.sandbox.ledger.duplicates()))


def read(shop: SampleShop) -> list[ShopOrder]:
    """Straight from the shop's tables; the tracking number is the newest parcel's that has one."""
    orders, listing, parcels = (shop.tables[name].c for name in ("orders", "shoppingfeed_order", "order_carrier"))
    numbers = select(parcels.id_order, parcels.tracking_number).order_by(parcels.id_order_carrier)
    tracking = {row.id_order: row.tracking_number for row in shop.rows(numbers) if row.tracking_number}
    rows = shop.rows(
        select(
            orders.id_order,
            orders.reference,
            orders.current_state,
            listing.id_internal_shoppingfeed,
            listing.name_marketplace,
        )
        .where(orders.id_order == listing.id_order)
        .order_by(orders.id_order)
    )
    return [
        ShopOrder(order_id, reference, status, tracking.get(order_id, ""), int(feed_id), channel)
        for order_id, reference, status, feed_id, channel in rows
    ]


def expected(order: ShopOrder) -> Expected:
    """What the shop's status and tracking number ask for (R2, R4, R6, R9, R13a)."""
    number = order.tracking_number
    before = Expected("shipped", number) if number else Expected(WAITING)
    if order.status in (SHIPPED, DELIVERED):
        return replace(before, delivered=order.status == DELIVERED and bool(number), told=not number)
    if order.status in _ENDS:
        feature, end = _ENDS[order.status]
        return replace(before, told=True) if supports(order.channel, feature) is False else end
    return before


def differences(wanted: Expected, belief: Belief | None, mails: int) -> tuple[str, ...]:
    """What is not as it should be, in words. `mails`: how many told the merchant of this order."""
    if belief is None:
        return ("the marketplace does not know the order",)
    number = belief.tracking_numbers[-1] if belief.tracking_numbers else ""
    found = [
        (belief.status != wanted.status, f"should be {wanted.status}"),
        (wanted.tracking_number not in (None, number), f"should have tracking number {wanted.tracking_number or '-'}"),
        (belief.delivered != wanted.delivered, f"should {'' if wanted.delivered else 'not '}be delivered"),
        (wanted.told and mails != 1, f"the merchant should have been told once, not {mails} times"),
    ]
    return tuple(sentence for wrong, sentence in found if wrong)


def _line(order: ShopOrder, belief: Belief | None, mails: Sequence[Mail]) -> Line:
    wanted = expected(order)
    telling = sum(order.reference in mail.text.split() for mail in mails)
    return Line(order, belief, wanted, differences(wanted, belief, telling))
