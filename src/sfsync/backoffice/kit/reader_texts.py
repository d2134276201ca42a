"""Sentences of the engine, said to somebody who reads them in a browser and never saw a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from sfsync import texts
from sfsync.domain.trouble import Trouble
from sfsync.shops.base import Problem

ADVICE = {
    "shop-misconfigured": _("Correct the shop's connection in the store's settings, then open its diagnostics."),
    "token-refused": _("Put a valid token into the store's settings, then open its diagnostics."),
    "store-unknown": _(
        "Check the store's number at Shopping Feed in its settings; the diagnostics show the right ones."
    ),
    "secret-unreadable": _("Enter the token and the shop's address again in the store's settings."),
    "crashed": _("Nothing is lost. Please report it with the report of the diagnostics."),
    "silent": _("Nothing is sent while no run takes place: start one now, and ask who runs sfsync to look at it."),
    "mail-failed": _("Open the diagnostics: they try the mail server and show its answer."),
    "overdue": _("Look at the waiting orders: each one says why it waits."),
    "store-not-opened": _(
        "Check the store's number at Shopping Feed in its settings; the diagnostics show the right ones."
    ),
    "no-store": _("Add the first one on the overview."),
    "no-shipped": _("Say in the store's settings which status means “Shipped”."),
    "status-unknown": _("Say in the store's settings what the shop's statuses mean now."),
    "status-left-out": _(
        "Say in the store's settings what it means, or choose there that the last status that means something counts."
    ),
    "no-recipients": _("Name recipients in the store's settings."),
}
ON_FORM = {
    "shop-misconfigured": _("Correct the address of the shop's database."),
    "token-refused": _("Enter a valid token."),
    "store-unknown": _("Correct the store's number at Shopping Feed."),
    "store-not-opened": _("Correct the store's number at Shopping Feed."),
    "secret-unreadable": _("Enter the token and the address of the shop's database again."),
}
"""The same for somebody who has the form of the connection before them."""
TECHNICAL = {
    *Trouble,
    *("run-troubled", "not-sent", "no-answer", "request-split", "tickets-unreadable", "orders-unlistable"),
    *("database-away", "mail-away", "failed-no-feed-id", "failed-no-answer", "failed-unpreparable"),
}
"""Codes whose message is a program's, not a marketplace's: it is set apart, since it speaks English."""

_HERE = "\ue000"
_MESSAGE = re.compile(rf"\s*[:(]?\s*{_HERE}\)?\.?")


@dataclass(frozen=True, slots=True)
class Said:
    """What happened and what to do, in the reader's language. `detail`: what another program said, in its own."""

    text: str
    advice: str = ""
    detail: str = ""

    def __str__(self) -> str:
        """In one line, for a table."""
        return f"{self.text} {self.detail}".strip()


def told(code: str, params: Mapping[str, Any]) -> Said:
    """What happened, in the active language."""
    code = params.get("trouble", code) if code == "run-troubled" else code
    detail = str(params.get("message") or "") if code in TECHNICAL else ""
    if trouble := texts.trouble(code):
        return Said(trouble, advice(code), detail)
    text = texts.sentence(code, {**params, "message": _HERE} if detail else params)
    return Said(_without_message(text) if detail else text, advice(code), detail)


def on_form(code: str, said: Said) -> Said:
    """What was said of a connection that was tried, above the form where it is corrected."""
    in_general = code in ON_FORM and said.advice == advice(code)
    return replace(said, advice=gettext(ON_FORM[code])) if in_general else said


def of_problem(problem: Problem, detail: str) -> Said:
    """The same of a shop's error whose code is known."""
    return Said(gettext(problem.sentence), gettext(problem.advice), detail)


def _without_message(text: str) -> str:
    return texts.ended(_MESSAGE.sub(".", text))


grouped = texts.grouped


def advice(code: str) -> str:
    """What to do about it, in the active language; empty where there is nothing to do."""
    return gettext(ADVICE[code]) if code in ADVICE else texts.advice(code)
