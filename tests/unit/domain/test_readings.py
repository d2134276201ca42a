"""What a reading is worth, as a table: the shop's answer beside what was seen before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sfsync.domain.orders import Parcel, Snapshot
from sfsync.domain.readings import Answer, Before, vanished

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
SHIPPED = Before(1, "17", "4", "p A1", 31)


def order(status: str = "4", numbers: str = "A1", version: int = 31, spoilt: str = "") -> Snapshot:
    parcels = tuple(Parcel(each, key="p") for each in numbers.split())
    return Snapshot("17", status, parcels=parcels, version=version, spoilt=spoilt)


def doubted_for(**duration: float) -> Before:
    return Before(1, "17", "4", "p A1", 31, NOW - timedelta(**duration))


@pytest.mark.parametrize(
    ("before", "snapshot", "answer"),
    [
        (SHIPPED, order(), Answer.AS_SEEN),
        (SHIPPED, order(status="5"), Answer.NEWS),
        (SHIPPED, order(numbers="A1 B2"), Answer.NEWS),
        (SHIPPED, order(numbers=""), Answer.NEWS),
        (SHIPPED, order(spoilt="6,9E+12"), Answer.NEWS),
        (SHIPPED, order(version=32), Answer.NEWS),
        (SHIPPED, order(version=30), Answer.OLDER),
        (SHIPPED, order(status="2", numbers="", version=30), Answer.OLDER),
        (SHIPPED, None, Answer.ABSENT),
        (doubted_for(seconds=59), None, Answer.ABSENT),
        (doubted_for(seconds=60), None, Answer.GONE),
        (doubted_for(days=3), order(), Answer.NEWS),
        (doubted_for(days=3), order(version=30), Answer.OLDER),
        (Before(1, "17"), order(), Answer.NEWS),
        (Before(1, "17"), order(version=0), Answer.NEWS),
    ],
)
def test_an_answer_is_weighed_by_what_was_seen_before(
    before: Before, snapshot: Snapshot | None, answer: Answer
) -> None:
    assert before.answer(snapshot, NOW) is answer


@pytest.mark.parametrize(
    ("before", "removed", "answer"),
    [
        (SHIPPED, (), Answer.OLDER),
        (SHIPPED, (30,), Answer.OLDER),
        (SHIPPED, (31,), Answer.CUT),
        (doubted_for(seconds=59), (31,), Answer.CUT),
        (doubted_for(seconds=60), (31,), Answer.NEWS),
        (doubted_for(seconds=60), (), Answer.OLDER),
    ],
)
def test_a_history_that_lost_the_row_that_was_seen_is_believed_when_it_stays_so(
    before: Before, removed: tuple[int, ...], answer: Answer
) -> None:
    assert before.answer(order(version=30), NOW, removed) is answer


@pytest.mark.parametrize(
    ("asked", "absent", "believed"),
    [
        (5, 5, True),
        (6, 6, False),
        (19, 19, False),
        (20, 5, True),
        (20, 6, False),
        (100, 5, True),
        (100, 6, False),
        (1000, 50, True),
        (1000, 51, False),
    ],
)
def test_many_orders_do_not_vanish_at_once(asked: int, absent: int, believed: bool) -> None:
    """More than five, and more than five in a hundred."""
    assert vanished(asked, absent) is not believed
