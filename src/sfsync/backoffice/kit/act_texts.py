"""What a line of the record of people's acts says, in the reader's language. Its file keeps the words of the code."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sfsync import texts
from sfsync.models import Act


def said(act: Act) -> str:
    """What somebody did."""
    own = _ACTS.get(act.what)
    return str(own) if own else texts.sentence(act.what, {"who": act.who or "?", **act.details})


def details(act: Act) -> list[tuple[str, str]]:
    """Names and values of what the sentence does not say itself: those of the log say all but the orders."""
    told = act.details if act.what in _ACTS else {"orders": act.details.get("orders", [])}
    given = {name: value for name, value in sorted(told.items()) if value not in ("", [])}
    return [(str(_NAMES.get(name, name)), _value(name, value)) for name, value in given.items()]


def _value(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_value(name, each) for each in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(_WORDS.get(value, value) if name in _CODED else value)


_ACTS = {
    "signed-in": gettext_lazy("Signed in"),
    "signed-out": gettext_lazy("Signed out"),
    "sign-in-failed": gettext_lazy("Failed to sign in"),
    "password-set": gettext_lazy("Set a password"),
    "factor-added": gettext_lazy("Added a second factor"),
    "factor-removed": gettext_lazy("Removed a second factor"),
    "person-saved": gettext_lazy("Invited or changed a person"),
    "link-made": gettext_lazy("Made a new link for a person"),
    "link-mailed": gettext_lazy("Sent a link to a person by email"),
    "fleet-act": gettext_lazy("Acted on many stores"),
    "fleet-refused": gettext_lazy("Refused for some stores"),
    "key-changed": gettext_lazy("Changed the secret key"),
    "exported": gettext_lazy("Exported"),
    "record-sealed": gettext_lazy("Sealed the record anew"),
}
"""Of people and sign-in; the rest is said as in the log."""
_NAMES = {
    "act": gettext_lazy("What"),
    "active": gettext_lazy("Active"),
    "count": gettext_lazy("How many"),
    "factors": gettext_lazy("Second factors removed"),
    "group": gettext_lazy("Group"),
    "kind": gettext_lazy("Kind"),
    "orders": gettext_lazy("Orders"),
    "person": gettext_lazy("Person"),
    "role": gettext_lazy("Role"),
    "stores": gettext_lazy("Stores"),
    "ways": gettext_lazy("By"),
    "what_of": gettext_lazy("What"),
}
_CODED = {"act", "kind", "role", "ways", "what_of"}
"""Whose values are words of ours, and no names that people gave."""
_WORDS = {
    "administrator": gettext_lazy("Administrator"),
    "agency": gettext_lazy("Agency"),
    "merchant": gettext_lazy("Merchant"),
    "read-only": gettext_lazy("Read only"),
    "password": gettext_lazy("password"),
    "mfa": gettext_lazy("second factor"),
    "socialaccount": gettext_lazy("company’s account"),
    "totp": gettext_lazy("authenticator app"),
    "webauthn": gettext_lazy("passkey"),
    "recovery_codes": gettext_lazy("recovery codes"),
    "evidence": gettext_lazy("evidence"),
    "log": gettext_lazy("log"),
    "orders": gettext_lazy("orders"),
    "record": gettext_lazy("record"),
    "pause": gettext_lazy("Pause"),
    "resume": gettext_lazy("Resume"),
    "run": gettext_lazy("Sync now"),
    "retry": gettext_lazy("Retry"),
}
