"""What a Django project may set in its `SFSYNC` dictionary, with the values that hold where it sets nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class Conf:
    """Durations are in the unit of their name."""

    timeout: float = 30.0
    lease_seconds: int = 180
    ticket_lag_seconds: float = 15.0
    concurrency: int = 4
    paced: bool = True
    silence_minutes: int = 60
    patience_hours: int = 24
    sweep_days: int = 90


def conf() -> Conf:
    """Raises `ImproperlyConfigured` for a name that means nothing."""
    given = getattr(settings, "SFSYNC", {})
    unknown = set(given) - {field.name for field in fields(Conf)}
    if unknown:
        raise ImproperlyConfigured(f"SFSYNC has no setting {', '.join(sorted(unknown))}.")
    return Conf(**given)
