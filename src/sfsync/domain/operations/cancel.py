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
    told_sentence=_("cancelled"),
    meaning="canceled",
    feature="cancel",
    calls_off=True,
    ends_order=True,
    shows="cancelled",
    by_hand=_(
        "This order must be cancelled by hand on the marketplace: it takes no cancellation through Shopping Feed."
    ),
    to_do=ngettext(
        "%(count)s order must be cancelled by hand on the marketplace.",
        "%(count)s orders must be cancelled by hand on the marketplace.",
    ),
)
