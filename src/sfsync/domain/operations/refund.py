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
    noun=_("the refund"),
    of_noun=_("of the refund"),
    sent=_("Refund sent to Shopping Feed."),
    meaning="refunded",
    feature="refund",
    calls_off=True,
    ends_order=True,
    shows="refunded",
    too_late_in=("cancelled", "refused"),
    by_hand=_("%(channel)s does not accept refunds through Shopping Feed. Refund this order in its seller portal."),
    to_do=ngettext("%(count)s to refund on the marketplace", "%(count)s to refund on the marketplace"),
)
