"""The order will not be shipped, where the marketplace takes that from a merchant (R9)."""

from __future__ import annotations

from sfsync.domain.operations.kind import OperationKind
from sfsync.domain.operations.kind import message as _
from sfsync.domain.operations.kind import messages as ngettext

CANCEL = OperationKind(
    name="cancel",
    verb="cancel",
    rank=30,
    label=_("Canceled"),
    noun=_("the cancellation"),
    of_noun=_("of the cancellation"),
    sent=_("Cancellation sent to Shopping Feed."),
    meaning="canceled",
    feature="cancel",
    calls_off=True,
    gives_reason=True,
    ends_order=True,
    shows="cancelled",
    too_late_in=("shipped", "partially_shipped", "refunded", "partially_refunded"),
    by_hand=_(
        "%(channel)s does not accept cancellations through Shopping Feed. Cancel this order in its seller portal."
    ),
    to_do=ngettext("%(count)s to cancel on the marketplace", "%(count)s to cancel on the marketplace"),
)
