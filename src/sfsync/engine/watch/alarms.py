"""Silence is an alarm: what nobody did is mailed like what failed, once a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from sfsync.domain.shared_alarms import GATHER
from sfsync.engine.kit.future_dates import passed
from sfsync.engine.outgoing.conclude import tell
from sfsync.engine.watch.health import health_of
from sfsync.models import Store

EVERY = timedelta(hours=1)
_SILENCES = {"silent", "overdue"}


def raise_alarms(store: Store, now: datetime) -> bool:
    """No run for too long until this one, or an update that waits for too long. Looked at once an hour, and sooner
    after something was told, which may be told of other stores too by then; returns whether it was."""
    if not passed(store.state.alarms_at, now, EVERY):
        return False
    health = health_of([store], now)[0]
    alarms = [alarm for alarm in health.alarms if alarm.code in _SILENCES and health.last_run]
    tell(store, now, [(None, f"{alarm.code}:{now:%Y-%m-%d}", alarm.code, alarm.params) for alarm in alarms])
    _keep(store, now - EVERY + GATHER if alarms else now)
    return True


def look_soon(store: Store, now: datetime) -> None:
    """What was told of this store may be told of others too by then, or be over."""
    _keep(store, now - EVERY + GATHER)


def _keep(store: Store, at: datetime) -> None:
    store.state.alarms_at = at
    store.state.save(update_fields=["alarms_at"])
