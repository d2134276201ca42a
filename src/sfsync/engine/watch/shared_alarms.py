"""Alarms by class of trouble: who gets the mails of several stores gets one for all that are stopped by the same.

A run hands the news of its store over, and whoever runs next and finds a mail due sends it: no other process is needed.
"""

from __future__ import annotations

import smtplib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import DateTimeField, F, OuterRef, Q, QuerySet, Subquery, Value

from sfsync.domain import shared_alarms as rules
from sfsync.domain.shared_alarms import FREED, HELD, Say, Told, class_of, codes_of, lasts, parted, say
from sfsync.engine.kit.journal import Journal
from sfsync.engine.watch.alarms import look_soon
from sfsync.engine.watch.refused_mail import LONGEST_RETRY, after
from sfsync.models import ChannelTrouble, Notice, Preference, SharedAlarm, Store
from sfsync.models.log import Level
from sfsync.models.shared_alarm import with_recipient
from sfsync.notify.digest import compose
from sfsync.notify.shared import State, Worst, compose_shared
from sfsync.notify.smtp import deliver

EVERY = timedelta(minutes=1)
"""A recipient's alarm is looked at no more often, however many stores run."""
NAMED = 10
"""Stores that a mail names, the longest troubled first."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Notices that these recipients hear of together with those of other stores."""

    notices: list[int]
    recipients: list[str]


def hand_over(store: Store, unmailed: QuerySet[Notice], journal: Journal) -> list[Shared]:
    """What is new of the store as a whole, for those of its recipients who have others too."""
    of_store = [each for each in unmailed.filter(order=None) if _class_of(each)]
    news = [each for each in of_store if each.code != FREED]
    recipients = [each for each in store.recipients if _has_several(each)] if news else []
    now = journal.clock()
    for recipient in recipients:
        for notice in news:
            _hear(recipient, _class_of(notice), notice.created_at, now)
    if recipients:
        journal.say(Level.INFO, "told-together", recipients=", ".join(recipients))
    shared = [Shared([each.pk for each in news], recipients)]
    shared += [Shared([each.pk], _hear_the_end(store, _class_of(each))) for each in of_store if each.code == FREED]
    shared = [each for each in shared if each.recipients]
    if shared:
        look_soon(store, now)
    return shared


def _class_of(notice: Notice) -> str:
    return class_of(notice.code, notice.params.get("channel", ""))


def _hear_the_end(store: Store, trouble: str) -> list[str]:
    """Who hears of a marketplace's trouble with that of other stores: so its end is told."""
    together = SharedAlarm.objects.filter(Q(told_at=None) | Q(together=True), trouble=trouble)
    hear = {*together.filter(recipient__in=store.recipients).values_list("recipient", flat=True)}
    return [each for each in store.recipients if each in hear]


def _has_several(recipient: str) -> bool:
    stores = with_recipient(Store.objects.filter(enabled=True), recipient)
    return len(stores.values_list("pk")[:2]) > 1 or _always(recipient)


def _always(recipient: str) -> bool:
    """They asked for no mail of a single store's trouble."""
    return Preference.objects.filter(user__email__iexact=recipient, shared_alarms=True).exists()


def _hear(recipient: str, trouble: str, since: datetime, now: datetime) -> None:
    first = {"first_at": since, "look_at": now + rules.GATHER}
    SharedAlarm.objects.update_or_create(
        recipient=recipient, trouble=trouble, defaults={"heard_at": now}, create_defaults={**first, "heard_at": now}
    )


def tell_due(recipients: Collection[str], journal: Journal) -> None:
    """The mails to these recipients whose time has come."""
    now = journal.clock()
    ripe = Q(look_at__lte=now) | Q(look_at__gt=now + LONGEST_RETRY)  # written by a clock that was put back since
    for alarm in SharedAlarm.objects.filter(ripe, recipient__in=recipients):
        mine, alarm.look_at = _as_read(alarm), now + EVERY
        if mine.update(look_at=alarm.look_at):
            _tell(alarm, journal)


def _as_read(alarm: SharedAlarm) -> QuerySet[SharedAlarm]:
    """Nobody else has looked at it since."""
    return SharedAlarm.objects.filter(pk=alarm.pk, look_at=alarm.look_at)


def _tell(alarm: SharedAlarm, journal: Journal) -> None:
    now, stores = journal.clock(), _stores_in(alarm)
    told = Told(alarm.first_at, alarm.stores, alarm.told_at, alarm.together)
    count = stores.count()
    what = say(told, count, now, lasting=lasts(alarm.trouble), always=_always(alarm.recipient))
    if what is Say.DROP:
        forget(alarm)
    elif what is not Say.NOTHING and _sent(alarm, _mail(alarm, what, stores, count), journal):
        _remember(alarm, what, count, now)


def _stores_in(alarm: SharedAlarm) -> QuerySet[Any]:
    """The longest so first. Each with `since`, which is None where it is over."""
    stores = with_recipient(Store.objects.filter(enabled=True), alarm.recipient)
    code, channel = parted(alarm.trouble)
    if code == HELD:
        held = ChannelTrouble.objects.held().filter(store=OuterRef("pk"), channel=channel).order_by()
        stores = stores.annotate(since=Subquery(held.values("since")), answer=Subquery(held.values("message")))
        return stores.filter(since__isnull=False).order_by("since", "name")
    if lasts(alarm.trouble):
        stores = stores.filter(state__trouble__in=codes_of(alarm.trouble))
        return stores.annotate(since=F("state__trouble_since")).order_by("since", "name")
    news = Notice.objects.filter(order=None, code=code, created_at__gte=alarm.first_at)
    return stores.filter(pk__in=news.values("store")).annotate(since=Value(None, DateTimeField())).order_by("name")


def _mail(alarm: SharedAlarm, what: Say, stores: QuerySet[Any], count: int) -> EmailMultiAlternatives:
    worst = list(stores.select_related("state")[:NAMED])
    if what is Say.ALONE:
        notices = Notice.objects.filter(store=worst[0], order=None, code__in=codes_of(alarm.trouble)).order_by("-id")
        mail = compose(worst[0], [each for each in notices if _class_of(each) == alarm.trouble][:1])
        mail.to = [alarm.recipient]
        return mail
    speaker = worst[0] if worst else with_recipient(Store.objects.order_by("pk"), alarm.recipient).first()
    return compose_shared(
        alarm,
        what,
        count,
        [Worst(each, each.since) for each in worst],
        state=_state_of(alarm, worst),
        language=speaker.language if speaker else "en",
    )


def _state_of(alarm: SharedAlarm, worst: Sequence[Any]) -> State:
    """As the store says it that is in it for longest."""
    code, channel = parted(alarm.trouble)
    if code == HELD:
        return State(code, channel, worst[0].answer if worst else "")
    return State(worst[0].state.trouble if worst and lasts(alarm.trouble) else code)


def _sent(alarm: SharedAlarm, mail: EmailMultiAlternatives, journal: Journal) -> bool:
    if not _as_read(alarm).exists():
        return False
    try:
        deliver(mail)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        later = journal.clock() + after(alarm.tries)
        SharedAlarm.objects.filter(pk=alarm.pk).update(look_at=later, tries=alarm.tries + 1)
        journal.say(Level.ERROR, "mail-failed", message=str(error))
        return False
    journal.say(Level.INFO, "mailed", recipients=alarm.recipient, notices=1)
    return True


def _remember(alarm: SharedAlarm, what: Say, count: int, now: datetime) -> None:
    if what is Say.END:
        forget(alarm)
        return
    told = {"stores": count, "told_at": now, "together": what is not Say.ALONE, "tries": 0}
    SharedAlarm.objects.filter(pk=alarm.pk).update(**told)


def forget(alarm: SharedAlarm) -> None:
    """News that came meanwhile begin it anew."""
    with transaction.atomic():
        if not SharedAlarm.objects.filter(pk=alarm.pk, heard_at=alarm.heard_at).delete()[0]:
            kept = SharedAlarm.objects.filter(pk=alarm.pk).select_for_update()
            for each in kept:
                fresh = {"first_at": each.heard_at, "stores": 0, "told_at": None, "together": False, "tries": 0}
                kept.update(**fresh, look_at=each.heard_at + rules.GATHER)
