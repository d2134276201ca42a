"""The order is on its way: once per tracking number (R2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sfsync.domain.operations.kind import OperationKind
from sfsync.domain.operations.kind import message as _
from sfsync.domain.orders import Snapshot


def _fields(order: Snapshot) -> Mapping[str, Any]:
    if not order.parcels:
        return {"carrier": order.carrier_name, "return_number": order.return_number}
    parcel = order.parcels[0]
    return {
        "carrier": parcel.carrier_name or order.carrier_name,
        "tracking_number": parcel.tracking_number,
        "tracking_link": parcel.tracking_link,
        "return_number": order.return_number,
    }


SHIP = OperationKind(
    name="ship",
    verb="ship",
    rank=10,
    label=_("Shipped"),
    noun=_("the shipment"),
    of_noun=_("of the shipment"),
    sent=_("Shipment sent to Shopping Feed."),
    meaning="shipped",
    numbered=True,
    meets_deadline=True,
    shows="shipped",
    too_late_in=("cancelled", "refused", "refunded"),
    fields=_fields,
)
