"""The mail of a class of trouble: how many stores are in it, the worst of them by name, and where all of them are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sfsync import texts
from sfsync.advice import NOTHING_TO_DO
from sfsync.domain.marketplaces import marketplace
from sfsync.domain.shared_alarms import FREED, HELD, Say
from sfsync.models import SharedAlarm, Store
from sfsync.notify.digest import LONGEST_NAME, LONGEST_SENTENCE, flush_left, message_id, spaced
from sfsync.notify.links import fleet_page, store_page
from sfsync.notify.plain import one_line


@dataclass(frozen=True, slots=True)
class Worst:
    """A store that is named. `since`: None where it is over."""

    store: Store
    at: datetime | None

    @property
    def name(self) -> str:
        return one_line(self.store.name, LONGEST_NAME)

    @property
    def since(self) -> str:
        return texts.moment(self.at.isoformat()) if self.at else ""

    @property
    def url(self) -> str:
        return store_page(self.store)


@dataclass(frozen=True, slots=True)
class State:
    """What the stores are in. `channel`: the marketplace that refuses everything, and its `answer`."""

    code: str
    channel: str = ""
    answer: str = ""

    @property
    def short(self) -> str:
        return texts.store_state(self.code, one_line(marketplace(self.channel), LONGEST_NAME)).rstrip(".")

    def sentence(self, *, over: bool) -> str:
        if self.code != HELD:
            return texts.ended(texts.store_state(self.code))
        params = {"channel": self.channel, "message": one_line(self.answer, LONGEST_SENTENCE)}
        return texts.sentence(FREED if over else HELD, params)


def compose_shared(
    alarm: SharedAlarm, what: Say, count: int, worst: Sequence[Worst], *, state: State, language: str
) -> EmailMultiAlternatives:
    """To the alarm's recipient, who hears of `count` stores. The same mail always has the same `Message-ID`."""
    with translation.override(language):
        over = what is Say.END
        context = {
            "language": language,
            "headline": _headline(what, count, alarm.stores, state.short),
            "sentence": state.sentence(over=over),
            "over": over,
            "advice": "" if over else texts.advice(state.code),
            "asks": state.code not in NOTHING_TO_DO,
            "worst": worst,
            "more": count - len(worst),
            "more_shown": texts.grouped(count - len(worst)),
            "zone": timezone.get_current_timezone(),
            "fleet_url": fleet_page("" if over else state.code),
        }
        mail = EmailMultiAlternatives(
            subject=f"[sfsync] {context['headline']}",
            body=spaced(render_to_string("sfsync/mail/shared.txt", context)),
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[alarm.recipient],
            headers={"Message-ID": _message_id(alarm, what, count), "Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(flush_left(render_to_string("sfsync/mail/shared.html", context)), "text/html")
    return mail


def _headline(what: Say, count: int, before: int, state: str) -> str:
    if what is Say.END:
        return _("Over for all stores: %(state)s") % {"state": state}
    number = texts.grouped(count)
    if what is Say.GREW:
        text = _("Now %(count)s stores (%(before)s before): %(state)s")
        return text % {"count": number, "before": texts.grouped(before), "state": state}
    text = ngettext("%(count)s store: %(state)s", "%(count)s stores: %(state)s", count)
    return text % {"count": number, "state": state}


def _message_id(alarm: SharedAlarm, what: Say, count: int) -> str:
    return message_id((alarm.recipient, alarm.trouble, alarm.first_at.isoformat(), alarm.stores, what.name, count))
