"""Set right what was written while the machine's clock ran ahead: it would be waited for as long as it did."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Least

from sfsync.engine.kit.agenda import CLOCKS_DIFFER
from sfsync.models import Store, Task


def set_right(store: Store, now: datetime) -> int:
    """Every update of a time to come is due now. Returns how many.

    When one of them was really sent is not known any more, so its ticket is recognised by the rest (R13).
    """
    ahead = Task.objects.filter(store=store, date_upd__gt=now + CLOCKS_DIFFER)
    ahead.filter(sent_at__gt=now + CLOCKS_DIFFER).update(sent_at=None)
    return ahead.update(update_at=now, since=Least(F("since"), now), date_upd=now)


def wait_anew(now: datetime) -> int:
    """The clock has jumped, so how long ago a request without an answer left is not known: it is waited for as if it
    had left now. Returns how many updates were in them."""
    unanswered = Task.objects.in_flight().filter(batch_id="")
    return unanswered.update(sent_at=None, update_at=now, looks=0)


def passed(at: datetime | None, now: datetime, wait: timedelta) -> bool:
    """So much time has passed since, or it lies in a time to come and means nothing."""
    return at is None or not timedelta() <= now - at < wait
