"""What stands in for a mail server where none is set."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import gettext as _


class NoMailServerError(OSError):
    """No mail server is set, so nothing can be mailed; the sentence says how to set one."""


class NoServer(BaseEmailBackend):
    """The mail backend of a deployment without `SFSYNC_SMTP_URL`: says so, and the mail is kept (R20)."""

    def open(self) -> bool:
        raise NoMailServerError(
            _("No mail server is set. Set SFSYNC_SMTP_URL, for example to smtp://user:password@mail.example.com:587.")
        )

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if self.fail_silently or not email_messages:
            return 0
        self.open()
        return 0
