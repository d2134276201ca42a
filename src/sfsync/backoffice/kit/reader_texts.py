"""Sentences of the engine, said to somebody who reads them in a browser and never saw a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext, ngettext
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
OF_CONNECTION = {"shop-unavailable", *ON_FORM}
"""Troubles of a store that its connection may be the cause of."""
CAUSES = {
    "busy": (
        _("The shop's database server is too busy to answer."),
        _("Nothing: it is asked again at the next try."),
    ),
    "url": (
        _("The address of the shop's database is not one that can be used."),
        _("Correct the address of the shop's database."),
    ),
    "password": (
        _("The shop's database refuses the account: wrong user name or password."),
        _("Enter the address of the shop's database again, with the right account."),
    ),
    "database": (
        _("The shop's database is not found under this name, or the account has no right to it."),
        _("Check the name at the end of the address, and the rights of the account."),
    ),
    "prefix": (
        _("The database holds no PrestaShop tables with this prefix."),
        _("Correct the prefix of the shop's tables: the technical detail names what was found."),
    ),
    "right": (
        _("The account may not read all the tables that sfsync needs."),
        _("Have the right given to it: the technical detail holds the statement to run."),
    ),
    "schema": (
        _("The tables of the database are not those of a PrestaShop from 1.5 on."),
        _("Check the name of the database, and that its PrestaShop and the shoppingfeed module are up to date."),
    ),
    "shop": (
        _("The database has no shop of this number."),
        _("Correct the number of the shop in its database; the technical detail names those there are."),
    ),
    "module": (
        _("The Shopping Feed module is not installed in the shop: nothing says which orders come from marketplaces."),
        _("Install the shoppingfeed module in PrestaShop, or correct the prefix of the shop's tables."),
    ),
}
"""Sentence and advice by `ShopError.code`, where there is more to say than that the shop does not answer."""
TECHNICAL = {
    *texts.TROUBLES,
    *("run-troubled", "not-sent", "no-answer", "request-split", "tickets-unreadable", "orders-unlistable"),
    *("database-away", "mail-away", "mail-failed", "failed-no-feed-id", "failed-no-answer", "failed-unpreparable"),
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


def of_shop(cause: str, detail: str) -> Said | None:
    """The same of a shop's error, by its `code`; None where nothing particular is known."""
    if cause not in CAUSES:
        return None
    text, todo = CAUSES[cause]
    return Said(gettext(text), gettext(todo), detail)


def _without_message(text: str) -> str:
    return texts.ended(_MESSAGE.sub(".", text))


_PROBED = re.compile(r"PrestaShop (?P<version>\S+|of unknown version), shop “(?P<name>.*)”, (?P<count>[\d,]+) market.*")


def probed(text: str) -> str:
    """What a shop says of itself when it is well, in the active language."""
    found = _PROBED.fullmatch(text)
    if not found:
        return text
    count = int(found["count"].replace(",", ""))
    said = ngettext(
        "PrestaShop %(version)s, shop “%(name)s”, %(count)s marketplace order.",
        "PrestaShop %(version)s, shop “%(name)s”, %(count)s marketplace orders.",
        count,
    )
    return said % {"version": found["version"], "name": found["name"], "count": grouped(count)}


grouped = texts.grouped


def advice(code: str) -> str:
    """What to do about it, in the active language; empty where there is nothing to do."""
    return gettext(ADVICE[code]) if code in ADVICE else texts.advice(code)
