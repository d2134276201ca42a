"""Tell the merchant (R20): one digest mail a run and store of every notice not yet mailed; kept until it is out."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.utils import translation

from sfsync.engine.kit.journal import Journal
from sfsync.engine.outgoing.new_carriers import announced, unknown_to_people
from sfsync.engine.watch import refused_mail, shared_alarms
from sfsync.engine.watch.carriers_fared import never_confirmed
from sfsync.engine.watch.refused_mail import LONGEST_RETRY, after
from sfsync.models import Notice, Store, StoreState
from sfsync.models.log import Level
from sfsync.notify.digest import compose
from sfsync.notify.smtp import Answer, answers, deliver

MOST = 500
"""Notices in one mail; the next run tells the others."""
_FAILURES = (OSError, smtplib.SMTPException, ValueError)


def notify(store: Store, journal: Journal, beat: Callable[[], None]) -> None:
    """`beat` is called before each mail: it raises where another run may have told the same meanwhile."""
    if not store.recipients or _waits(store, journal.clock()):
        return
    for recipient, kept in refused_mail.due(store, journal.clock()):
        _mail(store, journal, beat, Notice.objects.filter(store=store, pk__in=kept), [recipient])
    unmailed = Notice.objects.filter(store=store, mailed_at=None)
    shared = shared_alarms.hand_over(store, unmailed, journal)
    for each in shared:
        _tell_others(store, journal, beat, unmailed.filter(pk__in=each.notices), each.recipients)
    together = [notice for each in shared for notice in each.notices]
    _mail(store, journal, beat, unmailed.exclude(pk__in=together), store.recipients)
    shared_alarms.tell_due(store.recipients, journal)


def _tell_others(
    store: Store, journal: Journal, beat: Callable[[], None], notices: QuerySet[Notice], told: list[str]
) -> None:
    """Those for whom this is the only store hear of it at once."""
    others = [each for each in store.recipients if each not in told]
    if others:
        _mail(store, journal, beat, notices, others)
    else:
        notices.update(mailed_at=journal.clock())


def _mail(
    store: Store, journal: Journal, beat: Callable[[], None], notices: QuerySet[Notice], recipients: list[str]
) -> None:
    chosen = list(notices.select_related("order").prefetch_related("order__shop_orders")[:MOST])
    if not chosen:
        return
    try:
        with translation.override(store.language):
            mail = compose(store, chosen, never_confirmed(store, unknown_to_people(store.state)))
        mail.to = list(recipients)
        beat()
        refused = deliver(mail)
    except smtplib.SMTPRecipientsRefused as error:
        _keep_refused(store, journal, error, everybody=recipients == store.recipients)
    except _FAILURES as error:
        _keep(store, journal, str(error))
    else:
        _done(store, journal, chosen, recipients, refused)


def _waits(store: Store, now: datetime) -> bool:
    """For the mail server. A longer wait than there is was written by a clock that has been put back since."""
    retry_at = store.state.mail_retry_at
    return retry_at is not None and now < retry_at <= now + LONGEST_RETRY


def _keep_refused(store: Store, journal: Journal, error: smtplib.SMTPRecipientsRefused, *, everybody: bool) -> None:
    """The server answers, and takes it for none of them."""
    refused = answers(error)
    refused_mail.write_down(store.state, refused, refused, (), journal.clock())
    if everybody:
        _keep(store, journal, refused_mail.told(refused)["message"])
    else:
        journal.say(Level.ERROR, "recipient-refused", **refused_mail.told(refused))


def _keep(store: Store, journal: Journal, message: str) -> None:
    """Nobody got it: the notices stay as they are, and the next try comes later and later."""
    state = store.state
    wait = after(state.mail_tries)
    state.mail_tries += 1
    state.mail_trouble, state.mail_retry_at = message, journal.clock() + wait
    state.save(update_fields=["mail_tries", "mail_trouble", "mail_retry_at"])
    journal.say(Level.ERROR, "mail-failed", message=message)


def mail_again(stores: Iterable[Store], now: datetime) -> None:
    """The server has just taken sender and recipients of these: what is kept goes out with their next run."""
    tried = list(stores)
    StoreState.objects.filter(pk__in=[store.pk for store in tried]).update(mail_retry_at=None)
    for store in tried:
        refused_mail.taken_again(store.state, store.recipients, now)


def _done(
    store: Store, journal: Journal, notices: list[Notice], recipients: list[str], refused: dict[str, Answer]
) -> None:
    now, state = journal.clock(), store.state
    Notice.objects.filter(pk__in=[notice.pk for notice in notices], mailed_at=None).update(mailed_at=now)
    refused_mail.write_down(state, recipients, refused, [notice.pk for notice in notices], now)
    announced(state)
    if state.mail_trouble:
        state.mail_tries, state.mail_trouble, state.mail_retry_at = 0, "", None
        state.save(update_fields=["mail_tries", "mail_trouble", "mail_retry_at"])
    reached = ", ".join(each for each in recipients if each not in refused)
    journal.say(Level.INFO, "mailed", recipients=reached, notices=len(notices))
    if refused:
        journal.say(Level.ERROR, "recipient-refused", **refused_mail.told(refused))
