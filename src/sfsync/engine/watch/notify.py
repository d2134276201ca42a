"""Tell the merchant (R20): one digest mail a run and store of every notice not yet mailed; kept until it is out."""

from __future__ import annotations

import smtplib
from datetime import datetime, timedelta

from django.utils import translation

from sfsync.engine.kit.journal import Journal
from sfsync.models import Notice, Store, StoreState
from sfsync.models.log import Level
from sfsync.notify.digest import compose

MOST = 500
"""Notices in one mail; the next run tells the others."""
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=1)


def notify(store: Store, journal: Journal) -> None:
    if not store.recipients or _waits(store, journal.clock()):
        return
    unmailed = Notice.objects.filter(store=store, mailed_at=None).select_related("order")
    notices = list(unmailed.prefetch_related("order__shop_orders")[:MOST])
    if not notices:
        return
    try:
        with translation.override(store.language):
            compose(store, notices).send()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        _keep(store, journal, str(error))
    else:
        _done(store, journal, notices)


def _waits(store: Store, now: datetime) -> bool:
    """For the mail server. A longer wait than there is was written by a clock that has been put back since."""
    retry_at = store.state.mail_retry_at
    return retry_at is not None and now < retry_at <= now + LONGEST_RETRY


def _keep(store: Store, journal: Journal, message: str) -> None:
    """The server is down: the notices stay as they are, and the next try comes later and later, an hour at most."""
    state = store.state
    wait = min(FIRST_RETRY * 2 ** min(state.mail_tries, 10), LONGEST_RETRY)
    state.mail_tries += 1
    state.mail_trouble, state.mail_retry_at = message, journal.clock() + wait
    state.save(update_fields=["mail_tries", "mail_trouble", "mail_retry_at"])
    journal.say(Level.ERROR, "mail-failed", message=message)


def mail_again() -> None:
    """The server has just answered: what is kept goes out with the next run."""
    StoreState.objects.exclude(mail_retry_at=None).update(mail_retry_at=None)


def _done(store: Store, journal: Journal, notices: list[Notice]) -> None:
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(mailed_at=journal.clock())
    state = store.state
    if state.mail_trouble:
        state.mail_tries, state.mail_trouble, state.mail_retry_at = 0, "", None
        state.save(update_fields=["mail_tries", "mail_trouble", "mail_retry_at"])
    journal.say(Level.INFO, "mailed", recipients=", ".join(store.recipients), notices=len(notices))
