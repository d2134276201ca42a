"""Tell the merchant (R20): one digest mail a run and store of every notice not yet mailed; kept until it is out."""

from __future__ import annotations

import smtplib
from datetime import timedelta

from django.utils import translation

from sfsync.engine.context import Run
from sfsync.models import Notice
from sfsync.models.log import Level
from sfsync.notify.digest import compose

MOST = 500
"""Notices in one mail; the next run tells the others."""
FIRST_RETRY = timedelta(minutes=1)


def notify(run: Run) -> None:
    store = run.store
    if not store.recipients or (store.mail_retry_at and store.mail_retry_at > run.clock()):
        return
    notices = list(Notice.objects.filter(store=store, mailed_at=None).select_related("order")[:MOST])
    if not notices:
        return
    try:
        with translation.override(store.language):
            compose(store, notices).send()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        _keep(run, str(error))
    else:
        _done(run, notices)


def _keep(run: Run, message: str) -> None:
    """The server is down: the notices stay as they are, and the next try comes later and later, an hour at most."""
    store = run.store
    wait = min(FIRST_RETRY * 2 ** min(store.mail_tries, 10), timedelta(hours=1))
    store.mail_tries += 1
    store.mail_trouble, store.mail_retry_at = message, run.clock() + wait
    store.save(update_fields=["mail_tries", "mail_trouble", "mail_retry_at"])
    run.journal.say(Level.ERROR, "mail-failed", message=message)


def _done(run: Run, notices: list[Notice]) -> None:
    store = run.store
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(mailed_at=run.clock())
    if store.mail_trouble:
        store.mail_tries, store.mail_trouble, store.mail_retry_at = 0, "", None
        store.save(update_fields=["mail_tries", "mail_trouble", "mail_retry_at"])
    run.journal.say(Level.INFO, "mailed", recipients=", ".join(store.recipients), notices=len(notices))
