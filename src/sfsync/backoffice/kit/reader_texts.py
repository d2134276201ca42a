"""Sentences of the engine, said to somebody who reads them in a browser and never saw a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from sfsync import texts
from sfsync.domain.trouble import Trouble
from sfsync.shops.base import Problem

ADVICE = {
    "shop-misconfigured": _(
        "Correct the shop's connection in Settings › Connection, then click “Test the connections”."
    ),
    "token-refused": _("Enter a valid token in Settings › Connection, then click “Test the connections”."),
    "store-unknown": _(
        "Check the Shopping Feed store number in Settings › Connection; the diagnostics list the right ones."
    ),
    "store-refused": _(
        "Read the reason: the store may be suspended at Shopping Feed, or the store number or the token may be another "
        "account's; the diagnostics list the right ones. Nothing is lost."
    ),
    "secret-unreadable": _("Enter the token and the shop's address again in Settings › Connection."),
    "secret-elsewhere": _("Find out who changed the address. If it is right, enter the token again."),
    "crashed": _("Nothing is lost. Please send the report from the diagnostics page to support."),
    "held-since": _("The page Marketplaces sends everything at once, if you know that it is accepted again."),
    "silent": _("Nothing is sent until a sync runs: start one now, and ask your sfsync administrator to look into it."),
    "mail-failed": _("Open the diagnostics: they test the mail server and show its answer."),
    "recipient-refused": _(
        "Correct the address in Settings › Emails, or have its mailbox opened. What it did not get is kept for it."
    ),
    "orders-vanished": _(
        "Check that the connection names the right shop and that its database is complete. If the orders were deleted "
        "on purpose, say so here: their updates are then dismissed."
    ),
    "overdue": _("Check the pending orders: each one says why it is waiting."),
    "store-not-opened": _(
        "Check the Shopping Feed store number in Settings › Connection; the diagnostics list the right ones."
    ),
    "no-store": _("Add the first one on the overview."),
    "no-shipped": _("Choose in Settings › Statuses which status is sent as “Shipped”."),
    "status-unknown": _("Update Settings › Statuses for the shop's current statuses."),
    "status-left-out": _("Map it in Settings › Statuses, or choose there to use the latest mapped status."),
    "carrier-unknown": _("Check Settings › Carriers: the shop may have replaced it."),
    "carrier-damaged": _("Correct the name in the shop, or say in Settings › Carriers what is sent."),
    "no-recipients": _("Add recipients in Settings › Emails."),
    "rehearsal-no-channel": _("Import a first order from a marketplace, then rehearse."),
}
ON_FORM = {
    "shop-misconfigured": _("Correct the address of the shop's database."),
    "token-refused": _("Enter a valid token."),
    "store-unknown": _("Correct the Shopping Feed store number."),
    "store-not-opened": _("Correct the Shopping Feed store number."),
    "store-refused": _("Correct the Shopping Feed store number, or ask their support why the store is closed to you."),
    "secret-unreadable": _("Enter the token and the address of the shop's database again."),
    "secret-elsewhere": _("Find out who changed the address. If it is right, enter the token again."),
}
"""The same for somebody who has the form of the connection before them."""
TECHNICAL = {
    *Trouble,
    *(
        "source-troubled",
        "run-troubled",
        "not-sent",
        "no-answer",
        "request-split",
        "tickets-unreadable",
        "orders-unlistable",
    ),
    *("database-away", "mail-away", "failed-no-feed-id", "failed-no-answer", "failed-unpreparable"),
}
"""Codes whose message is a program's, not a marketplace's: it is set apart, since it speaks English."""

OF_HOST = {"shop-unavailable", "api-unavailable", "rate-limited", "run-troubled", "not-sent", "no-answer"}
"""Codes whose message tells how a host answered, or that it did not: an open port from a closed one."""


@dataclass(frozen=True, slots=True)
class Said:
    """What happened and what to do, in the reader's language. `detail`: what another program said, in its own;
    `of_host`: it tells how a host answered, which is for administrators, who say which host is asked."""

    text: str
    advice: str = ""
    detail: str = ""
    of_host: bool = False

    def in_line(self, *, administrator: bool) -> str:
        """For a table."""
        return f"{self.text} {self.detail if administrator or not self.of_host else ''}".strip()


def told(code: str, params: Mapping[str, Any]) -> Said:
    """What happened, in the active language."""
    code = params.get("trouble", code) if code == "run-troubled" else code
    detail = str(params.get("message") or "") if code in TECHNICAL else ""
    if trouble := texts.trouble(code):
        return Said(trouble, advice(code), detail, code in OF_HOST)
    text = texts.without_message(code, params) if detail else texts.sentence(code, params)
    return Said(text, advice(code), detail, code in OF_HOST)


def on_form(code: str, said: Said) -> Said:
    """What was said of a connection that was tried, above the form where it is corrected."""
    in_general = code in ON_FORM and said.advice == advice(code)
    return replace(said, advice=gettext(ON_FORM[code])) if in_general else said


def of_problem(problem: Problem, detail: str) -> Said:
    """The same of a shop's error whose code is known."""
    return Said(gettext(problem.sentence), gettext(problem.advice), detail)


grouped = texts.grouped


def advice(code: str) -> str:
    """What to do about it, in the active language; empty where there is nothing to do."""
    return gettext(ADVICE[code]) if code in ADVICE else texts.advice(code)
