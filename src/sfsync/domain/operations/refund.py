"""The customer has the money back, where the marketplace takes that from a merchant (R9)."""

from __future__ import annotations

from sfsync.domain.operations.kind import OperationKind
from sfsync.domain.operations.kind import message as _
from sfsync.domain.operations.kind import messages as ngettext

REFUND = OperationKind(
    name="refund",
    verb="refund",
    rank=40,
    label=_("Refunded"),
    told_sentence=_("refunded"),
    meaning="refunded",
    feature="refund",
    calls_off=True,
    ends_order=True,
    shows="refunded",
    by_hand=_("This order must be refunded by hand on the marketplace: it takes no refund through Shopping Feed."),
    to_do=ngettext(
        "%(count)s order must be refunded by hand on the marketplace.",
        "%(count)s orders must be refunded by hand on the marketplace.",
    ),
)
