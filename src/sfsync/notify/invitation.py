"""The mail that carries an invitation to the person who is invited."""

from __future__ import annotations

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from sfsync.notify.smtp import answers, deliver


def send_invitation(address: str, name: str, link: str, *, who: str) -> str:
    """In the active language. Returns why it could not be sent; empty where it was."""
    text = _(
        "%(who)s invites you to sfsync, where the orders of your marketplaces are followed.\n\n"
        "The name to sign in with is %(name)s. Choose a password here:\n\n%(link)s\n\n"
        "The link works once, for 48 hours. Keep it to yourself: whoever has it signs in as you.\n"
    )
    body = text % {"who": who, "name": name, "link": link}
    mail = EmailMessage(_("Your invitation to sfsync"), body, settings.DEFAULT_FROM_EMAIL, [address])
    try:
        deliver(mail)
    except smtplib.SMTPRecipientsRefused as error:
        return " ".join(map(str, answers(error).values()))
    except Exception as error:  # whatever the mail backend raises is what the person who invites must read
        return str(error)
    return ""
