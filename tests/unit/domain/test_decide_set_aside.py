"""One fact that failed, or was given up, holds up no other; facts of two lanes do not wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sfsync.domain.decide import Because, Decided, Fail, Nothing, Send, Wait, decide
from sfsync.domain.errors import Failure
from sfsync.domain.mapping import Policy
from sfsync.domain.operations import OperationKind, forget, register
from sfsync.domain.orders import Flying, Known, Parcel, SetAside, Snapshot

SEEN = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
LATER = SEEN + timedelta(hours=1)
POLICY = Policy({"3": "accept", "4": "ship", "5": "deliver", "6": "cancel", "7": "refund"})
SHIPPED = Known((("ship", "A1"),))
B2 = ("ship", "B2")
ACCEPT = OperationKind("accept", "accept", 5, "Accepted", "accepted", meaning="accepted", lane="accepting")
PAPER = replace(ACCEPT, name="paper", meaning="paper", reopened_by_change=False)


@pytest.fixture(autouse=True)
def made_up() -> Iterator[None]:
    for kind in (ACCEPT, PAPER):
        register(kind)
    yield
    for kind in (ACCEPT, PAPER):
        forget(kind.name)


def order(status: int, number: str = "") -> Snapshot:
    parcels = (Parcel(number),) if number else ()
    return Snapshot("1", str(status), (str(status),), parcels, shipped_status=status in (4, 5))


def aside(*facts: tuple[str, str], since: datetime = SEEN, due: bool = False) -> tuple[SetAside, ...]:
    return tuple(SetAside(fact, since, due) for fact in facts)


def decided(shop: Snapshot | None, known: Known, since: datetime = SEEN) -> Decided:
    return decide(shop, known, POLICY, since=since, now=LATER)


# What is set aside


@pytest.mark.parametrize(("status", "operation"), [(5, "deliver"), (7, "refund")])
def test_a_corrected_number_that_failed_holds_up_nothing(status: int, operation: str) -> None:
    known = replace(SHIPPED, aside=aside(B2))
    assert decided(order(status, "B2"), known).decisions == (Send(operation),)


def test_a_delivery_waits_for_the_first_shipment_however_that_fails() -> None:
    """R13a."""
    known = Known(aside=aside(B2))
    assert decided(order(5, "B2"), known).decisions == (Nothing(Because.SET_ASIDE),)


@pytest.mark.parametrize("known", [Known(aside=aside(B2)), Known(aside=aside(("deliver", ""), B2))])
def test_what_is_still_asked_for_stays_set_aside(known: Known) -> None:
    assert decided(order(5, "B2"), known).needless == ()


@pytest.mark.parametrize(
    ("shop", "needless"),
    [
        pytest.param(order(4, "C3"), (B2,), id="the number was corrected again"),
        pytest.param(order(6, "B2"), (B2,), id="called off"),
        pytest.param(order(2), (B2,), id="the status means nothing"),
        pytest.param(None, (B2,), id="the order is gone"),
        pytest.param(order(4, "B2"), (), id="still asked for"),
    ],
)
def test_what_nothing_asks_for_any_more_is_dropped(
    shop: Snapshot | None, needless: tuple[tuple[str, str], ...]
) -> None:
    assert decided(shop, Known(aside=aside(B2))).needless == needless


def test_a_change_seen_since_opens_it_again() -> None:
    """R16."""
    known = Known(aside=aside(B2))
    assert decided(order(4, "B2"), known).decisions == (Nothing(Because.SET_ASIDE),)
    assert decided(order(4, "B2"), known, since=LATER).decisions == (Send(*B2),)


def test_unless_a_change_of_the_order_has_nothing_to_do_with_it() -> None:
    known = Known(aside=aside(("paper", "")))
    policy = Policy({"3": "paper"})
    assert decide(order(3), known, policy, since=LATER, now=LATER).first == Nothing(Because.SET_ASIDE)


def test_one_that_is_due_is_tried_again() -> None:
    assert decided(order(4, "B2"), Known(aside=aside(B2, due=True))).decisions == (Send(*B2),)


def test_a_missing_number_is_told_once_for_each_change() -> None:
    """R4, R20."""
    known = Known(aside=aside(("ship", "")))
    assert decided(order(4), known).decisions == (Nothing(Because.SET_ASIDE),)
    again = decided(order(4), known, since=LATER)
    assert again.decisions == (Wait(LATER + POLICY.delay),)
    assert again.needless == (("ship", ""),)
    assert decided(order(4), Known(aside=aside(("ship", ""), due=True))).first == Fail(Failure.NO_TRACKING, "ship")


def test_an_order_that_is_gone_is_told_once() -> None:
    assert decided(None, Known()).first == Fail(Failure.ORDER_GONE)
    assert decided(None, Known(aside=aside(("", "")))).first == Nothing(Because.SET_ASIDE)
    assert decided(order(4, "B2"), Known(aside=aside(("", "")))).needless == (("", ""),)


def test_an_order_that_is_gone_again_is_told_again() -> None:
    """R16: a change opens what belongs to no operation too."""
    known = Known(aside=aside(("", "")))
    assert decided(None, known, LATER).decisions == (Fail(Failure.ORDER_GONE),)


def test_what_the_marketplace_does_not_take_stays_given_up() -> None:
    """R9."""
    known = Known(unsupported=frozenset({"cancel"}), aside=aside(("cancel", "")))
    assert decided(order(6), known).first == Nothing(Because.SET_ASIDE)
    assert decided(order(6), known, since=LATER).first == Nothing(Because.UNSUPPORTED, "cancel")


def test_what_another_version_set_aside_is_not_dropped_before_a_person_saw_it() -> None:
    strange = ("of-tomorrow", "")
    assert decided(order(4, "B2"), Known(aside=aside(strange))).needless == ()
    assert decided(order(4, "B2"), Known(aside=aside(strange, due=True))).needless == (strange,)


# Lanes


def test_two_lanes_at_once() -> None:
    """R10."""
    assert decided(order(3, "B2"), Known()).decisions == (Send(*B2), Send("accept"))


def test_one_lane_one_after_the_other() -> None:
    assert decided(order(5, "B2"), SHIPPED).decisions == (Send(*B2, more=True),)


@pytest.mark.parametrize("waits", [{"lane": "order"}, {"after": ("ship",)}])
def test_more_is_to_be_told_where_something_waits_for_it(waits: dict[str, Any]) -> None:
    """R10: in its lane, or as what follows it."""
    register(replace(ACCEPT, name="box", meaning="box", **waits))
    try:
        boxed = decide(order(8, "B2"), Known(), Policy({"8": "box"}), since=SEEN, now=LATER)
    finally:
        forget("box")
    assert boxed == Decided((Send(*B2, more=True),))


def test_what_waits_for_another_lane_is_not_its_matter() -> None:
    """R10."""
    busy = Known(flying=(Flying(("accept", "before"), "accepting", SEEN),))
    assert decided(order(3, "B2"), busy) == Decided((Send(*B2),), lane="accepting")


def test_what_waits_for_its_lane_is_looked_at_once_it_is_free() -> None:
    """R13a."""
    flying = Known(flying=(Flying(B2, "order", SEEN),))
    assert decided(order(5, "B2"), flying) == Decided((Nothing(Because.SET_ASIDE),), lane="order")


def test_what_is_on_its_way_is_not_named_again() -> None:
    flying = Known(flying=(Flying(B2, "order", SEEN),))
    assert decided(order(3, "B2"), flying) == Decided((Send("accept"),))


def test_a_failed_shipment_holds_up_no_other_lane() -> None:
    assert decided(order(3, "B2"), Known(aside=aside(B2))).decisions == (Send("accept"),)


def test_while_the_order_is_being_told_of_nothing_else_is_certain() -> None:
    """R8: what went back is judged when it is known what the marketplace knows."""
    flying = Known(flying=(Flying(B2, "order", SEEN),), aside=aside(("ship", "")))
    assert decided(order(2), flying, since=LATER) == Decided((Nothing(Because.SET_ASIDE),), lane="order")


def test_a_change_since_it_was_sent_is_looked_at_again_after_its_end() -> None:
    """R10."""
    flying = Known(flying=(Flying(("accept", ""), "accepting", SEEN),))
    assert decided(order(4, "B2"), flying).lane == ""
    assert decided(order(4, "B2"), flying, since=LATER) == Decided((Send(*B2),), lane="accepting")
