"""R38: shop orders that are one marketplace order are decided together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.decide import Because, Decision, Fail, Lack, Nothing, Send, Wait, decide
from sfsync.domain.errors import Failure
from sfsync.domain.groups import LIST_LOOK, PATIENCE, Group, decide_together
from sfsync.domain.mapping import Policy
from sfsync.domain.orders import Known, Parcel, Snapshot

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAID, SHIPPED, DELIVERED, CANCELED, REFUNDED = "2", "4", "5", "6", "7"
POLICY = Policy({SHIPPED: "ship", DELIVERED: "deliver", CANCELED: "cancel", REFUNDED: "refund"})


def order(number: int, status: str, tracking: str = "") -> Snapshot:
    parcels = (Parcel(tracking),) if tracking else ()
    return Snapshot(str(number), status, (PAID, status), parcels, shipped_status=status in (SHIPPED, DELIVERED))


def told(*facts: str, teller: str | None = None) -> Known:
    """`"ship 6A1"`, `"deliver"`."""
    pairs = [(name, key) for name, _, key in (fact.partition(" ") for fact in facts)]
    return Known(tuple(pairs), status=SHIPPED, teller=teller)


ONE, TWO = order(1, PAID), order(2, PAID)
AWAITED = Wait(NOW + LIST_LOOK, Lack.LISTING)
SECOND = timedelta(seconds=1)
CASES: dict[str, tuple[tuple[Snapshot, ...], Known, Decision, int | None]] = {
    "all cancelled": ((order(1, CANCELED), order(2, CANCELED)), told(), Send("cancel"), 1),
    "cancelled beside one that goes on": ((order(1, CANCELED), TWO), told(), Nothing(Because.NOT_MAPPED), 2),
    "cancelled beside a shipped one": ((order(1, CANCELED), order(2, SHIPPED, "6A2")), told(), Send("ship", "6A2"), 2),
    "ended in two ways": ((order(1, REFUNDED), order(2, CANCELED)), told(), Send("cancel"), 2),
    "ended in two ways after the shipment": (
        (order(1, CANCELED), order(2, REFUNDED)),
        told("ship 6A1"),
        Send("refund"),
        2,
    ),
    "shipped beside one in preparation": ((ONE, order(2, SHIPPED, "6A2")), told(), Send("ship", "6A2"), 2),
    "a number in preparation": ((ONE, order(2, PAID, "6A2")), told(), Send("ship", "6A2"), 2),
    "the one with a number ships": ((order(1, SHIPPED), order(2, SHIPPED, "6A2")), told(), Send("ship", "6A2"), 2),
    "shipped without a number": ((ONE, order(2, SHIPPED)), told(), Wait(NOW + POLICY.delay), 2),
    "the second number is not told": (
        (order(1, SHIPPED, "6A1"), order(2, SHIPPED, "6A2")),
        told("ship 6A2", teller="2"),
        Nothing(Because.ALREADY_CONFIRMED, "ship"),
        2,
    ),
    "the second number was told, nobody knows of which": (
        (order(1, SHIPPED, "6A1"), order(2, SHIPPED, "6A2")),
        told("ship 6A2"),
        Nothing(Because.ALREADY_CONFIRMED, "ship"),
        2,
    ),
    "a corrected number of the one that was told": (
        (order(1, SHIPPED, "6A1"), order(2, SHIPPED, "6A3")),
        told("ship 6A2", teller="2"),
        Send("ship", "6A3"),
        2,
    ),
    "delivered in part": (
        (order(1, DELIVERED, "6A1"), order(2, SHIPPED, "6A2")),
        told("ship 6A1", teller="1"),
        Nothing(Because.ALREADY_CONFIRMED, "ship"),
        1,
    ),
    "one delivered, one in preparation": (
        (order(1, DELIVERED, "6A1"), TWO),
        told("ship 6A1", teller="1"),
        Nothing(Because.ALREADY_CONFIRMED, "ship"),
        1,
    ),
    "all delivered": (
        (order(1, DELIVERED, "6A1"), order(2, DELIVERED, "6A2")),
        told("ship 6A1", teller="1"),
        Send("deliver"),
        1,
    ),
    "delivered, and the rest cancelled": (
        (order(1, DELIVERED, "6A1"), order(2, CANCELED)),
        told("ship 6A1", teller="1"),
        Send("deliver"),
        1,
    ),
    "delivered and never told": (
        (order(1, DELIVERED, "6A1"), order(2, DELIVERED)),
        told(),
        Send("ship", "6A1", True),
        1,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_group_comes_to(case: str) -> None:
    orders, known, decision, speaker = CASES[case]
    together = decide_together(Group(orders), known, POLICY, since=NOW, now=NOW)
    assert together.decided.decisions == (decision,)
    assert together.order is not None
    assert together.order.key == str(speaker)


def test_who_is_called_off_beside_a_shipped_one_is_named() -> None:
    orders = (order(1, CANCELED), order(2, SHIPPED, "6A2"), order(3, REFUNDED))
    decided = decide_together(Group(orders), told(), POLICY, since=NOW, now=NOW)
    assert [each.key for each in decided.called_off] == ["1", "3"]
    alone = decide_together(Group((order(1, CANCELED), TWO)), told(), POLICY, since=NOW, now=NOW)
    assert alone.called_off == ()
    ended = (order(1, CANCELED, "6A1"), order(2, CANCELED))
    assert decide_together(Group(ended), told(), POLICY, since=NOW, now=NOW).called_off == ()


@pytest.mark.parametrize(
    ("group", "known", "decision"),
    [
        (Group(), told(), Fail(Failure.ORDER_GONE)),
        (Group(unlisted=True), told(), AWAITED),
        (Group((order(1, CANCELED),), unlisted=True), told(), AWAITED),
        (Group(unlisted=True, unlisted_at=NOW - PATIENCE + SECOND), told(), AWAITED),
        (Group(unlisted=True, unlisted_at=NOW - PATIENCE), told(), Fail(Failure.UNLISTED)),
        (Group((order(1, CANCELED),), unlisted=True, unlisted_at=NOW - PATIENCE), told(), Send("cancel")),
        (Group(claimed=False), told(), Nothing(Because.UNCLAIMED)),
        (Group(claimed=False), told("ship 6A1"), Nothing(Because.TOLD_UNCLAIMED, "ship")),
    ],
)
def test_what_nobody_says(group: Group, known: Known, decision: Decision) -> None:
    """R38, R39."""
    assert decide_together(group, known, POLICY, since=NOW, now=NOW).decided.first == decision


STATUSES = st.sampled_from((PAID, SHIPPED, DELIVERED, CANCELED, REFUNDED))
ORDERS = st.builds(order, st.integers(1, 9), STATUSES, st.sampled_from(("", "6A1", "6A2")))
KNOWN = st.sampled_from((told(), told("ship 6A1"), told("ship "), told("ship 6A1", "deliver"), told("cancel")))


@given(ORDERS, KNOWN, st.sampled_from((timedelta(), POLICY.delay)))
def test_one_order_is_decided_as_if_there_were_no_groups(alone: Snapshot, known: Known, later: timedelta) -> None:
    expected = decide(alone, known, POLICY, since=NOW, now=NOW + later)
    assert decide_together(Group((alone,)), known, POLICY, since=NOW, now=NOW + later).decided == expected


@given(st.lists(ORDERS, min_size=2, max_size=4, unique_by=lambda each: each.key), KNOWN)
def test_nothing_is_called_off_while_a_part_goes_on(orders: list[Snapshot], known: Known) -> None:
    decision = decide_together(Group(tuple(orders)), known, POLICY, since=NOW, now=NOW + POLICY.delay).decided.first
    going = [each for each in orders if each.status not in (CANCELED, REFUNDED)]
    if isinstance(decision, Send) and going:
        assert decision.operation in ("ship", "deliver")
    if isinstance(decision, Send) and decision.operation == "deliver":
        assert {each.status for each in going} == {DELIVERED}


@given(ORDERS, KNOWN)
def test_a_twin_changes_nothing(alone: Snapshot, known: Known) -> None:
    """Imported twice: both say the same."""
    twins = Group((alone, alone))
    expected = decide(alone, known, POLICY, since=NOW, now=NOW)
    assert decide_together(twins, known, POLICY, since=NOW, now=NOW).decided == expected
