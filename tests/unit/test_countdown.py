"""How long there is left to ship an order, said to a person: R25."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from sfsync.backoffice.kit.countdown import countdown
from sfsync.domain.deadlines import Source

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "source", "english", "french"),
    [
        (timedelta(hours=3, minutes=20), Source.HOURS, "3 hours, 20 minutes left", "encore 3 heures, 20 minutes"),
        (timedelta(minutes=-90), Source.MARKETPLACE, "1 hour, 30 minutes late", "1 heure, 30 minutes de retard"),
        (timedelta(seconds=30), Source.MARKETPLACE, "due now", "à expédier maintenant"),
        (timedelta(hours=5), Source.DAY, "today", "aujourd’hui"),
        (timedelta(days=1), Source.DAY, "1 day left", "encore 1 jour"),
        (timedelta(days=3), Source.DAY, "3 days left", "encore 3 jours"),
    ],
)
def test_what_is_left_is_said(left: timedelta, source: str, english: str, french: str) -> None:
    """R25: a deadline that is right to a day only promises nothing better."""
    for language, expected in (("en", english), ("fr", french)):
        with translation.override(language):
            assert countdown(NOW + left, source, NOW).replace("\xa0", " ") == expected
