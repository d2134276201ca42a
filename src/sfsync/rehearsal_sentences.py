"""What a rehearsal with a test order says (R37), and what to do; `sfsync.sentences` holds them with all others."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

SENTENCES = {
    "rehearsal-made": _("Test order %(reference)s was made (Shopping Feed id %(feed_id)s)."),
    "rehearsal-shipped": _("Its shipment was accepted."),
    "rehearsal-confirmed": _("Its shipment was confirmed after %(seconds)s s."),
    "rehearsal-removed": _("Test order %(reference)s was removed."),
    "rehearsal-no-channel": _(
        "No test order was made: the store has no order yet whose marketplace it could be made on."
    ),
    "rehearsal-not-made": _("No test order could be made."),
    "rehearsal-maybe-made": _("No answer came: whether test order %(reference)s was made is not known."),
    "rehearsal-not-shipped": _("The test order could not be shipped."),
    "rehearsal-ignored": _("Shopping Feed ignored the shipment of the test order: “%(message)s”"),
    "rehearsal-ticket-unread": _("Whether the shipment was confirmed could not be read."),
    "rehearsal-ticket-open": _("The shipment was not confirmed within %(seconds)s s."),
    "rehearsal-refused": _("The shipment of the test order was rejected: “%(message)s”"),
    "rehearsal-left": _("Test order %(reference)s (Shopping Feed id %(feed_id)s) could not be removed."),
    "rehearsal-answer": _("Shopping Feed answered: “%(message)s”"),
}

ADVICE = {
    "rehearsal-answer": _("Correct what it names, or ask Shopping Feed support, then rehearse again."),
    "rehearsal-no-channel": _(
        "Import a first order from a marketplace, or name one by its number at Shopping Feed: `--channel NUMBER`."
    ),
    "rehearsal-maybe-made": _(
        "Look for it at Shopping Feed among the test orders. If it is there, remove it, or leave it: Shopping Feed "
        "removes it after 30 days."
    ),
    "rehearsal-ignored": _("Ask Shopping Feed support whether this token may send shipments for this store."),
    "rehearsal-ticket-unread": _("Try again in a few minutes."),
    "rehearsal-ticket-open": _(
        "Shopping Feed is slow now. Nothing is wrong on this side: try again later, or begin, for updates wait for "
        "their confirmation in the same way."
    ),
    "rehearsal-refused": _(
        "Show this answer to Shopping Feed support: it is about the test order, not about a real one."
    ),
    "rehearsal-left": _(
        "Remove it at Shopping Feed, or leave it: Shopping Feed removes it after 30 days. It is not a customer's order."
    ),
}
