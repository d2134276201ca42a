"""A mail server that is spoken to in secret where it can, or is not set at all; and tried without sending a mail."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from functools import partial
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.utils.encoding import punycode
from django.utils.translation import gettext as _

from sfsync.domain.hosts import is_loopback


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


class NotSecretError(OSError):
    """A password would go over the network in clear; the sentence says what to set."""


class Server(EmailBackend):
    """The mail backend that takes STARTTLS wherever it is offered, and sends no password in clear off this machine.

    A server that asks for no password may prove nothing: its mails are encrypted, whoever it is.
    """

    @property
    def connection_class(self) -> Callable[..., smtplib.SMTP]:  # type: ignore[override]  # Django only calls it
        return partial(_Encrypting, secret=bool(self.username), trusted=self.ssl_context)


class _Encrypting(smtplib.SMTP):
    """A connection that is encrypted, if it can be, before anything is said."""

    def __init__(self, host: str, port: int, *, secret: bool, trusted: ssl.SSLContext, **options: Any) -> None:
        super().__init__(host, port, **options)
        try:
            self._encrypt(host, secret, trusted)
        except Exception:
            self.close()
            raise

    def _encrypt(self, host: str, secret: bool, trusted: ssl.SSLContext) -> None:
        self.ehlo_or_helo_if_needed()
        if self.has_extn("starttls"):
            self.starttls(context=trusted if secret else ssl._create_unverified_context())  # noqa: S323
        elif secret and not is_loopback(host):
            raise NotSecretError(
                _("The mail server offers no STARTTLS, and a password is not sent in clear. Use smtps:// or port 587.")
            )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a mail server says of a recipient."""

    code: int
    text: str

    @classmethod
    def of(cls, said: tuple[int, bytes | str]) -> Answer:
        code, text = said
        return cls(code, text.decode(errors="replace") if isinstance(text, bytes) else str(text))

    @property
    def lasting(self) -> bool:
        """Somebody has to change something; the others may pass by themselves (RFC 5321, 4.2.1)."""
        return self.code >= 500

    def __str__(self) -> str:
        return f"{self.code} {' '.join(self.text.split())}"


def deliver(mail: EmailMessage) -> dict[str, Answer]:
    """Send one mail. Returns the recipients that the server refused while it took the mail for others; empty for a
    backend that speaks no SMTP. Raises what the backend raises where nobody got it."""
    backend = get_connection(fail_silently=False)
    try:
        backend.open()
        server = getattr(backend, "connection", None)
        if isinstance(server, smtplib.SMTP):
            return _hand_over(server, mail)
        backend.send_messages([mail])
        return {}
    finally:
        with suppress(OSError, smtplib.SMTPException):  # the mail is out, or the reason known
            backend.close()


def _hand_over(server: smtplib.SMTP, mail: EmailMessage) -> dict[str, Answer]:
    recipients = {_bare(each): each for each in mail.recipients()}
    message: Any = mail.message()
    refused = server.sendmail(_bare(mail.from_email), list(recipients), message.as_bytes(linesep="\r\n"))
    return {recipients[address]: Answer.of(said) for address, said in refused.items()}


def _bare(address: str) -> str:
    """As the envelope has it: without the name, and the domain in ASCII."""
    local, _at, domain = parseaddr(address)[1].rpartition("@")
    return f"{local}@{punycode(domain)}" if local else domain


def answers(error: smtplib.SMTPRecipientsRefused) -> dict[str, Answer]:
    """What the server says of each recipient, where it takes the mail for none."""
    return {address: Answer.of(said) for address, said in error.recipients.items()}


def rehearse(sender: str, recipients: Iterable[str]) -> None:
    """Everything that a mail from `sender` to `recipients` needs but the mail itself: connection, sign-in, both
    addresses. A backend that speaks no SMTP is only opened. Raises what that backend raises."""
    backend = get_connection(fail_silently=False)
    try:
        backend.open()
        server = getattr(backend, "connection", None)
        if isinstance(server, smtplib.SMTP):
            _rehearse(server, sender, recipients)
    finally:
        backend.close()


def _rehearse(server: smtplib.SMTP, sender: str, recipients: Iterable[str]) -> None:
    server.ehlo_or_helo_if_needed()
    code, answer = server.mail(_bare(sender))
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, answer, sender)
    answers = {each: server.rcpt(_bare(each)) for each in recipients}
    server.rset()
    if refused := {each: said for each, said in answers.items() if said[0] not in (250, 251)}:
        raise smtplib.SMTPRecipientsRefused(refused)
