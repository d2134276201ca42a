"""What `sfsync init` and a dry run ask and say, by its code: message ids, told in the language of the terminal."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

QUESTIONS = {
    "feed": _("1. Your Shopping Feed token, and the account that it opens."),
    "token": _("Token"),
    "account": _("Shopping Feed account"),
    "shop": _("2. How is the shop reached?"),
    "statuses": _("3. What do the shop's statuses mean?"),
    "number": _("number"),
    "status": _("status"),
    "means": _("means"),
    "right": _("Is that right?"),
    "meaning": _("%(meaning)s: the numbers, separated by commas; - for none"),
    "unknown": _("The shop has no status %(numbers)s."),
    "unseen": _("The shop shows no statuses now. Say what they mean later, in the back office or with sfsync apply."),
    "mails": _("4. Who should be told when an order needs attention?"),
    "recipients": _("Email addresses, separated by commas (none)"),
    "anyway": _("Continue anyway?"),
    "colon": _(": "),
    "yes-or-no": _("Y/n"),
    "no-or-yes": _("y/N"),
    "kept": _("%(question)s (Enter: as before)"),
    "saved": _("The store “%(store)s” is saved. This is what its first sync would send:"),
    "busy": _("A sync of this store is in progress. Try again when it has ended."),
    "not-sent": _("Nothing was sent."),
    "update": _("Update"),
    "feed-id": _("Shopping Feed id"),
    "reference": _("Marketplace reference"),
    "marketplace": _("Marketplace"),
    "goes-out": _("What goes out"),
    "all-well": _("Nothing is wrong."),
    "next": _("Next: `sfsync up` runs everything; `sfsync sync` sends once; `sfsync doctor` checks the rest."),
}


def question(code: str, **params: object) -> str:
    return gettext(QUESTIONS[code]) % params


def would_send(number: int) -> str:
    """How many updates a sync would send, as a sentence."""
    if not number:
        return gettext("Nothing would be sent now.")
    would = ngettext("%(count)s update would be sent.", "%(count)s updates would be sent.", number) % {"count": number}
    return f"{would} {question('not-sent')}"
