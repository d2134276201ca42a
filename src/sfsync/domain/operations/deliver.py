"""The customer has it; the marketplace must know of its shipment first (R13a)."""

from __future__ import annotations

from sfsync.domain.operations.kind import OperationKind
from sfsync.domain.operations.kind import message as _

DELIVER = OperationKind(
    name="deliver",
    verb="deliver",
    rank=20,
    label=_("Delivered"),
    noun=_("the delivery"),
    of_noun=_("of the delivery"),
    sent=_("Delivery sent to Shopping Feed."),
    meaning="delivered",
    after=("ship",),
    ends_order=True,
    too_late_in=("cancelled", "refused", "refunded"),
    ticketed=False,
)
