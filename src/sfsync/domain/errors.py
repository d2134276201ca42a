"""What can go wrong with one order's update, and what comes next: the answer that screens and mails show."""

from __future__ import annotations

from enum import StrEnum


class NextStep(StrEnum):
    """What a failure asks for."""

    RETRY = "retry"
    """sfsync tries again by itself, a set number of times."""
    FIX_SHOP = "fix-shop"
    """The merchant changes the order in the shop, and that change revives the update."""
    GIVE_UP = "give-up"
    """Nothing will change by itself: a person decides."""


class Failure(StrEnum):
    """Why the update of an order failed."""

    NO_TRACKING = "no-tracking"
    """R4: shipped, and still no tracking number when the delay was over."""
    SPOILT_TRACKING = "spoilt-tracking"
    """R4: the same, and what stands in its place is damaged, or a link."""
    NO_FEED_ID = "no-feed-id"
    """R13b: the order's id at Shopping Feed is unknown and the API does not find it."""
    ORDER_GONE = "order-gone"
    """The order is no longer in the shop."""
    UNLISTED = "unlisted"
    """R39: the shop has the order, and does not list it as a marketplace's any more."""
    UNPREPARABLE = "unpreparable"
    """What the shop says of the order cannot be sent; the message says why."""
    TICKET_FAILED = "ticket-failed"
    """R16: the marketplace refused."""
    TICKET_CANCELED = "ticket-canceled"
    """R18: Shopping Feed dropped the ticket, which means refused."""
    TICKET_LOST = "ticket-lost"
    """R18: Shopping Feed no longer knows the ticket, nor any other for the order."""
    UNKNOWN_OPERATION = "unknown-operation"
    """What was sent is an operation that this version of sfsync does not know."""
    IGNORED = "ignored"
    """R12: Shopping Feed ignored the order in an accepted request."""
    REQUEST_REFUSED = "request-refused"
    """Shopping Feed refused the request because of this order."""
    CALLED_OFF_THERE = "called-off-there"
    """R33: the marketplace cancelled the order, so its shipment waits for a person's word."""
    STANDS_ELSEWHERE = "stands-elsewhere"
    """R34: it was refused, and the order stands in a status on the marketplace that rules it out."""
    NO_ANSWER = "no-answer"
    """R13: it was sent, no usable answer came, and the ticket list shows that it did not arrive."""
    MAYBE_TOLD = "maybe-told"
    """R13: our database went back to an earlier state, and Shopping Feed no longer says what was sent since."""

    @property
    def next_step(self) -> NextStep:
        return _NEXT_STEPS.get(self, NextStep.GIVE_UP)


_NEXT_STEPS = {
    Failure.NO_TRACKING: NextStep.FIX_SHOP,
    Failure.SPOILT_TRACKING: NextStep.FIX_SHOP,
    Failure.UNPREPARABLE: NextStep.FIX_SHOP,
    Failure.TICKET_FAILED: NextStep.RETRY,
    Failure.TICKET_LOST: NextStep.RETRY,
    Failure.NO_ANSWER: NextStep.RETRY,
}
