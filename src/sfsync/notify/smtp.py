"""What stands in for a mail server where none is set, and how one is tried without sending a mail."""

from __future__ import annotations

import smtplib
from collections.abc import Iterable, Sequence
from email.utils import parseaddr

from django.core.mail import EmailMessage, get_connection
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


def rehearse(sender: str, recipients: Iterable[str]) -> None:
    """Everything that a mail from `sender` to `recipients` needs but the mail itself: connection, sign-in, both
    addresses. A backend that speaks no SMTP is only opened. Raises what that backend raises."""
    backend = get_connection(fail_silently=False)
    backend.open()
    try:
        server = getattr(backend, "connection", None)
        if isinstance(server, smtplib.SMTP):
            _rehearse(server, sender, recipients)
    finally:
        backend.close()


def _rehearse(server: smtplib.SMTP, sender: str, recipients: Iterable[str]) -> None:
    server.ehlo_or_helo_if_needed()
    code, answer = server.mail(parseaddr(sender)[1])
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, answer, sender)
    answers = {each: server.rcpt(parseaddr(each)[1]) for each in recipients}
    server.rset()
    if refused := {each: said for each, said in answers.items() if said[0] not in (250, 251)}:
        raise smtplib.SMTPRecipientsRefused(refused)
