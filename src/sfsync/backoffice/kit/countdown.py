"""How long there is left to ship an order, in the reader's words (R25)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sfsync.domain.deadlines import Source

A_MINUTE = timedelta(minutes=1)


def countdown(ship_by: datetime, source: str, now: datetime) -> str:
    """“3 hours, 20 minutes left”. Of a deadline that is right to a day only, days."""
    if source == Source.DAY and ship_by > now:
        return _days_left((timezone.localdate(ship_by) - timezone.localdate(now)).days)
    if abs(ship_by - now) < A_MINUTE:
        return _("due now")
    if ship_by < now:
        return _("%(time)s late") % {"time": timesince(ship_by, now)}
    return _("%(time)s left") % {"time": timesince(now, ship_by)}


def _days_left(days: int) -> str:
    if days < 1:
        return _("today")
    return ngettext("%(count)s day left", "%(count)s days left", days) % {"count": days}
