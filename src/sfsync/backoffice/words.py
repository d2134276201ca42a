"""Sentences of the engine, said to somebody who reads them in a browser and never saw a terminal."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from sfsync import texts

ADVICE = {
    "shop-misconfigured": _("Correct the shop's connection in the store's settings, then open its diagnostics."),
    "token-refused": _("Put a valid token into the store's settings, then open its diagnostics."),
    "store-unknown": _(
        "Check the store's number at Shopping Feed in its settings; the diagnostics show the right ones."
    ),
    "secret-unreadable": _("Enter the token and the shop's address again in the store's settings."),
    "crashed": _("Nothing is lost. Please report it with the report of the diagnostics."),
    "silent": _("Nothing is sent while no run takes place: start one now, and ask who runs sfsync to look at it."),
    "overdue": _("Look at the waiting orders: each one says why it waits."),
}


def advice(code: str) -> str:
    """What to do about it, in the active language; empty where there is nothing to do."""
    return gettext(ADVICE[code]) if code in ADVICE else texts.advice(code)
