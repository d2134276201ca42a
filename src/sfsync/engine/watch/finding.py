"""How something is that was looked at, in words when it is read: by the doctor, a page, or a rehearsal."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from sfsync import texts
from sfsync.shops import kinds
from sfsync.shops.base import Problem


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


SUBJECTS = {
    "database": _("database"),
    "files": _("files"),
    "clock": _("clock"),
    "pace": _("rate limit"),
    "mail": _("email"),
    "stores": _("stores"),
    "settings": _("settings"),
    "shop": _("%(store)s: shop"),
    "feed": _("%(store)s: Shopping Feed"),
    "mapping": _("%(store)s: status mapping"),
    "recipients": _("%(store)s: recipients"),
    "bridge": _("%(store)s: bridge"),
    "store": "%(store)s",
}
"""What can be looked at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at (one of `SUBJECTS`, of which store), and how it is. Never holds a secret.

    `code` and `params` pick the sentence and the advice of `sfsync.texts`, in whatever language is active when they
    are read.
    """

    about: str
    verdict: Verdict
    code: str
    params: dict[str, Any] = field(default_factory=dict)
    store: str = ""

    @property
    def subject(self) -> str:
        return gettext(SUBJECTS[self.about]) % {"store": self.store}

    @property
    def text(self) -> str:
        if note := self._note:
            return f"{gettext(note.sentence)} {self.params['message']}".strip()
        return texts.sentence(self.code, self.params)

    @property
    def advice(self) -> str:
        """What to do where it is not well; empty where it is."""
        if self.verdict is Verdict.OK:
            return ""
        return gettext(self._note.advice) if self._note else texts.advice(self.code)

    @property
    def _note(self) -> Problem | None:
        """The words that a kind of shop has of its own for what it noticed."""
        return kinds.problem(self.params.get("kind", ""), self.params.get("note", ""))

    def as_dict(self) -> dict[str, str]:
        return {"subject": self.subject, "verdict": self.verdict, "text": self.text, "advice": self.advice}
