"""Sentences of the engine, said to somebody who reads them in a browser and never saw a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils import formats
from django.utils.translation import get_language, gettext, ngettext
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
}
TROUBLES = {
    "shop-unavailable": _("The shop's database does not answer."),
    "shop-misconfigured": _("The shop's database cannot be read."),
    "token-refused": _("Shopping Feed refused the token."),
    "store-unknown": _("Shopping Feed does not know this store."),
    "rate-limited": _("Shopping Feed asks us to slow down for long."),
    "api-unavailable": _("Shopping Feed cannot be reached, or does not answer as it should."),
    "secret-unreadable": _("A stored secret cannot be decrypted."),
    "crashed": _("The run stopped on an unexpected error."),
}
MAIL_FAILED = _("The mail about failing orders could not be sent. It is kept, and tried again.")


def sentence(code: str, params: Mapping[str, Any], written_in: str = "") -> str:
    """What happened, in the active language; what another program said is set apart, since it speaks its own.

    `written_in` is the language that the mail server's answer was kept in.
    """
    if code == "mail-failed" and written_in != (get_language() or "en")[:2]:
        return gettext(MAIL_FAILED)
    if code not in TROUBLES:
        return texts.sentence(code, params)
    detail = str(params.get("message", ""))
    apart = gettext("Technical detail: %(detail)s") % {"detail": detail} if detail else ""
    return f"{gettext(TROUBLES[code])} {apart}".strip()


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
    return said % {"version": found["version"], "name": found["name"], "count": formats.number_format(count)}


def advice(code: str) -> str:
    """What to do about it, in the active language; empty where there is nothing to do."""
    return gettext(ADVICE[code]) if code in ADVICE else texts.advice(code)
