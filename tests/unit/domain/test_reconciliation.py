"""What a marketplace shows beside what it was told: R32, R33, and their grace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.reconciliation import (
    CANCELLED,
    GRACE,
    REFUNDED,
    WAITING,
    Difference,
    Found,
    Here,
    There,
    compare,
    last_due,
)

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
LONG_AGO, JUST_NOW = NOW - timedelta(days=2), NOW - timedelta(hours=1)
SHIPPED = Here(shipped_at=LONG_AGO, sent_at=LONG_AGO - timedelta(minutes=1))


def difference(there: There, here: Here) -> str:
    found = compare(there, here, NOW)
    return found.difference.value if found else ""


@pytest.mark.parametrize(
    ("there", "here", "expected"),
    [
        (There("waiting_shipment"), SHIPPED, "not-seen"),
        (There("created"), SHIPPED, "not-seen"),
        (There("waiting_shipment"), Here(shipped_at=JUST_NOW), ""),
        (There("waiting_shipment"), Here(preparing=True), ""),
        (There("shipped"), SHIPPED, ""),
        (There("waiting_shipment", "Unknown carrier", NOW), SHIPPED, "refused-there"),
        (There("waiting_shipment", "Unknown carrier"), SHIPPED, "refused-there"),
        (There("waiting_shipment", "Unknown carrier", NOW), Here(shipped_at=JUST_NOW), "refused-there"),
        (There("waiting_shipment", "Unknown carrier", LONG_AGO - timedelta(days=1)), SHIPPED, "not-seen"),
        (There("waiting_shipment", "Unknown carrier", LONG_AGO - timedelta(seconds=30)), SHIPPED, "refused-there"),
        (There("waiting_shipment", "Unknown carrier", NOW), Here(preparing=True), ""),
        (There("cancelled"), Here(preparing=True), "cancelled-there"),
        (There("refused"), Here(preparing=True), "cancelled-there"),
        (There("cancelled"), SHIPPED, ""),
        (There("cancelled"), Here(), ""),
        (There("refunded"), Here(preparing=True), "refunded-there"),
        (There("partially_refunded"), Here(preparing=True), "refunded-there"),
        (There("something new"), Here(preparing=True), ""),
    ],
)
def test_a_difference_is_named(there: There, here: Here, expected: str) -> None:
    """R32, R33."""
    assert difference(there, here) == expected


def test_a_refusal_is_told_in_the_marketplaces_words_since_it_came() -> None:
    """R32."""
    assert compare(There("waiting_shipment", "Unknown carrier", JUST_NOW), SHIPPED, NOW) == Found(
        Difference.REFUSED_THERE, JUST_NOW, "Unknown carrier"
    )


def test_what_was_told_within_the_grace_is_no_difference_yet() -> None:
    """R32."""
    edge = Here(shipped_at=NOW - GRACE)
    assert compare(There("waiting_shipment"), edge, NOW) == Found(Difference.NOT_SEEN, NOW - GRACE)
    assert compare(There("waiting_shipment"), edge, NOW - timedelta(seconds=1)) is None
    assert compare(There("waiting_shipment"), edge, NOW, timedelta(days=2)) is None


moments = st.none() | st.integers(-400, 400).map(lambda hours: NOW + timedelta(hours=hours))


@given(
    there=st.builds(
        There, st.sampled_from([*WAITING, *CANCELLED, *REFUNDED, "shipped", ""]), st.none() | st.text(), moments
    ),
    here=st.builds(Here, moments, moments, st.booleans()),
)
def test_what_we_neither_told_nor_prepare_is_no_difference(there: There, here: Here) -> None:
    """R32: and nothing is offered to be sent again that was never told."""
    found = compare(there, here, NOW)
    if found is None:
        return
    assert found.difference.can_be_sent_again == (there.status in WAITING)
    assert here.shipped_at is not None or here.preparing


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 28, 3, 59, tzinfo=UTC), datetime(2026, 11, 27, 4, tzinfo=UTC)),
        (datetime(2026, 11, 28, 4, 0, tzinfo=UTC), datetime(2026, 11, 28, 4, tzinfo=UTC)),
        (datetime(2026, 11, 28, 23, 0, tzinfo=UTC), datetime(2026, 11, 28, 4, tzinfo=UTC)),
    ],
)
def test_it_is_due_once_a_day_at_its_hour(now: datetime, due: datetime) -> None:
    """R32."""
    assert last_due(now, 4) == due
