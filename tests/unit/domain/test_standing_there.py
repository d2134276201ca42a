"""What becomes of a refused update before its second try (R34)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.operations import all_kinds, kind_of
from sfsync.domain.reconciliation import CANCELLED, REFUNDED, WAITING
from sfsync.domain.second_try import Standing, standing

AGAIN, SHOWN, ELSEWHERE = Standing.AGAIN, Standing.SHOWN, Standing.ELSEWHERE
STATUSES = (*WAITING, "shipped", "partially_shipped", *CANCELLED, *REFUNDED, "something new", "")


@pytest.mark.parametrize(
    ("operation", "status", "found"),
    [
        ("ship", "waiting_shipment", AGAIN),
        ("ship", "waiting_store_acceptance", AGAIN),
        ("ship", "partially_shipped", AGAIN),
        ("ship", "partially_refunded", AGAIN),
        ("ship", "shipped", SHOWN),
        ("ship", "cancelled", ELSEWHERE),
        ("ship", "refused", ELSEWHERE),
        ("ship", "refunded", ELSEWHERE),
        ("cancel", "waiting_shipment", AGAIN),
        ("cancel", "cancelled", SHOWN),
        ("cancel", "shipped", ELSEWHERE),
        ("refund", "shipped", AGAIN),
        ("refund", "partially_refunded", AGAIN),
        ("refund", "refunded", SHOWN),
        ("refund", "cancelled", ELSEWHERE),
        ("deliver", "shipped", AGAIN),
        ("deliver", "refunded", ELSEWHERE),
        ("ship", "something new", AGAIN),
    ],
)
def test_what_the_marketplace_shows_decides(operation: str, status: str, found: Standing) -> None:
    assert standing(kind_of(operation), "", status, "", told_before=False) is found


@pytest.mark.parametrize(
    ("key", "number", "told_before", "found"),
    [
        ("6A1", "6A1", False, SHOWN),
        ("6A1", "6A1", True, SHOWN),
        ("6A1", "6A2", False, AGAIN),
        ("6A1", "", False, AGAIN),
        ("6A1", "", True, AGAIN),
        ("", "6A2", False, SHOWN),
        ("", "", False, SHOWN),
        ("", "", True, AGAIN),
    ],
)
def test_a_shipment_is_shown_with_its_own_number(key: str, number: str, told_before: bool, found: Standing) -> None:
    """A number is not there because the order is shipped: it is still to be told, and a corrected one too."""
    assert standing(kind_of("ship"), key, "shipped", number, told_before=told_before) is found


@given(st.sampled_from(all_kinds()), st.sampled_from(STATUSES), st.text(max_size=9), st.text(max_size=9), st.booleans())
def test_nothing_is_shown_by_another_status_than_its_own(
    kind: object, status: str, key: str, number: str, told_before: bool
) -> None:
    operation = kind_of(kind.name)  # type: ignore[attr-defined]
    found = standing(operation, key, status, number, told_before=told_before)
    assert (found is SHOWN) <= (bool(operation.shows) and status == operation.shows)
    assert (found is ELSEWHERE) == (status in operation.too_late_in and found is not SHOWN)
