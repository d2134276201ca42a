"""Sent to the marketplace as, as a table: an order in its shop, what is known of it, the store's policy → decision.

The numbers are PrestaShop's statuses: 2 paid, 3 in preparation, 4 Shipped, 5 Delivered, 6 Canceled, 7 Refunded. "Fault"
counts the faults of the existing module (prestashop.md).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sfsync.domain.decide import RETURN_LOOK, Because, Decision, Fail, Lack, Nothing, Send, Wait, believed, decide
from sfsync.domain.errors import Failure
from sfsync.domain.mapping import Policy
from sfsync.domain.orders import Known, Parcel, Snapshot

SHIP, CANCEL, REFUND, DELIVER = "ship", "cancel", "refund", "deliver"
SEEN = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
"""When the change was seen."""
DUE = SEEN + timedelta(minutes=5)

MAPPING = {"4": SHIP, "5": DELIVER, "6": CANCEL, "7": REFUND}
CURRENT = Policy(MAPPING)
LATEST = Policy(MAPPING, latest_mapped=True)
NO_DELIVER = Policy({"4": SHIP, "6": CANCEL, "7": REFUND})
LATEST_NO_DELIVER = Policy({"4": SHIP, "6": CANCEL, "7": REFUND}, latest_mapped=True)
UNTRACKED = Policy(MAPPING, ship_without_tracking=True)
COLLECT = Policy(MAPPING, ship_without_tracking=frozenset({"12"}))
"""Only carrier 12 ("click and collect") may ship without a tracking number."""

A1, DELIVERED, CANCELED, REFUNDED = (SHIP, "A1"), (DELIVER, ""), (CANCEL, ""), (REFUND, "")
UNTOLD = Known()
TOLD_SHIP = Known((A1,))
TOLD_TWICE = Known((A1, (SHIP, "B2")))
TOLD_SHIP_BARE = Known(((SHIP, ""),))
TOLD_DELIVER = Known((A1, DELIVERED))
TOLD_CANCEL = Known((CANCELED,))
TOLD_REFUND = Known((A1, REFUNDED))
BY_CHANNEL = Known(fulfilled_by_channel=True)
NO_REFUND = Known((A1,), unsupported=frozenset({REFUND}))
NO_CANCEL = Known(unsupported=frozenset({CANCEL}))


def shop(*statuses: int, number: str = "", **more: Any) -> Snapshot:
    """An order that went through these statuses, with the flags that PrestaShop gives the last one."""
    last, keys = statuses[-1], tuple(map(str, statuses))
    parcels = (Parcel(number),) if number else ()
    flags = {"shipped_status": last in {4, 5}, "paid_status": last in {2, 3, 4, 5, 9, 11}}
    return Snapshot("1", keys[-1], keys, parcels, **flags, **more)


CALLED_OFF_THERE = Known(called_off_there=True)


def removed(because: Because, operation: str | None = None) -> Nothing:
    return Nothing(because, operation)


ON_DELIVERY = Snapshot("1", "98", ("6", "98"), shipped_status=True)
"""A status of the shop's own that means nothing to a marketplace: sent, to be paid on delivery."""

TOLD_BEFORE = Because.TOLD_BEFORE
KNOWN_ALREADY, WENT_BACK, NOT_MAPPED = Because.ALREADY_CONFIRMED, Because.WENT_BACK, Because.NOT_MAPPED
UNSUPPORTED, CHANNELS_OWN = Because.UNSUPPORTED, Because.FULFILLED_BY_CHANNEL
NO_TRACKING = Fail(Failure.NO_TRACKING, SHIP)
SPOILT = Fail(Failure.SPOILT_TRACKING, SHIP, message="6,9E+12")

# rule and story: (the shop's order, what is known, policy, minutes since the change was seen) → decision
TABLE: dict[str, tuple[Snapshot | None, Known, Policy, float, Decision]] = {
    # What the status asks for
    "R1 shipped with a number": (shop(2, 4, number="A1"), UNTOLD, CURRENT, 0, Send(SHIP, "A1")),
    "R1 canceled": (shop(2, 6), UNTOLD, CURRENT, 0, Send(CANCEL)),
    "R1 refunded": (shop(2, 4, 7), TOLD_SHIP, CURRENT, 0, Send(REFUND)),
    "R1 delivered": (shop(4, 5, number="A1"), TOLD_SHIP, CURRENT, 0, Send(DELIVER)),
    "R1 canceled, then refunded": (shop(6, 7), TOLD_CANCEL, CURRENT, 0, Send(REFUND)),
    "the order is gone": (None, UNTOLD, CURRENT, 0, Fail(Failure.ORDER_GONE)),
    # R2: the tracking number
    "R2 a number, status not mapped": (shop(3, number="A1"), UNTOLD, CURRENT, 0, Send(SHIP, "A1")),
    "R2 another number, shipped": (shop(4, number="B2"), TOLD_SHIP, CURRENT, 0, Send(SHIP, "B2")),
    "R2 another number, status not mapped": (shop(4, 3, number="B2"), TOLD_SHIP, CURRENT, 0, Send(SHIP, "B2")),
    "R2 another number, delivered": (shop(4, 5, number="B2"), TOLD_DELIVER, CURRENT, 0, Send(SHIP, "B2")),
    "R2 fault 1: a number after a bare ship": (shop(4, number="A1"), TOLD_SHIP_BARE, CURRENT, 0, Send(SHIP, "A1")),
    "R2 fault 1: a number after the failure": (shop(4, number="A1"), UNTOLD, CURRENT, 60, Send(SHIP, "A1")),
    "R2 a number emptied": (shop(4), TOLD_SHIP, CURRENT, 60, removed(KNOWN_ALREADY, SHIP)),
    "R2 not while canceled": (shop(4, 6, number="A1"), UNTOLD, CURRENT, 0, Send(CANCEL)),
    "R2 not once canceled": (shop(6, number="A1"), TOLD_CANCEL, CURRENT, 0, removed(KNOWN_ALREADY, CANCEL)),
    "R2 not while refunded": (shop(4, 7, number="B2"), TOLD_SHIP, CURRENT, 0, Send(REFUND)),
    "R2 not while refunded, no refund there": (
        shop(4, 7, number="B2"),
        NO_REFUND,
        CURRENT,
        0,
        removed(UNSUPPORTED, REFUND),
    ),
    "R2 not while the latest mapped is canceled": (shop(6, 3, number="A1"), UNTOLD, LATEST, 0, Send(CANCEL)),
    "R2 put back from canceled, never told": (shop(6, 3, number="A1"), UNTOLD, CURRENT, 0, Send(SHIP, "A1")),
    # R3, R11: the marketplace knows
    "R3 shipped again": (shop(4, 3, 4, number="A1"), TOLD_SHIP, CURRENT, 0, removed(KNOWN_ALREADY, SHIP)),
    "R3 fault 15: shipped, back, shipped": (shop(4, 3, 4), TOLD_SHIP_BARE, CURRENT, 60, removed(KNOWN_ALREADY, SHIP)),
    "R11 an earlier number again": (shop(4, number="A1"), TOLD_TWICE, CURRENT, 0, removed(TOLD_BEFORE, SHIP)),
    "R11 an earlier number again, status not mapped": (
        shop(3, number="A1"),
        TOLD_TWICE,
        CURRENT,
        0,
        removed(TOLD_BEFORE, SHIP),
    ),
    "R11 an earlier number again, beside the last one": (
        replace(shop(4), parcels=(Parcel("A1"), Parcel("B2"))),
        TOLD_TWICE,
        CURRENT,
        0,
        removed(KNOWN_ALREADY, SHIP),
    ),
    "R11 an earlier number again, delivered": (shop(5, number="A1"), TOLD_TWICE, CURRENT, 0, Send(DELIVER)),
    "R11 a number emptied after two": (shop(4), TOLD_TWICE, CURRENT, 60, removed(KNOWN_ALREADY, SHIP)),
    "R11 delivered again": (shop(5, number="A1"), TOLD_DELIVER, CURRENT, 0, removed(KNOWN_ALREADY, DELIVER)),
    "R11 canceled again": (shop(6, 2, 6), TOLD_CANCEL, CURRENT, 0, removed(KNOWN_ALREADY, CANCEL)),
    "R11 fault 13: refunded again": (shop(7, 4, 7), TOLD_REFUND, CURRENT, 0, removed(KNOWN_ALREADY, REFUND)),
    "R11 the same number, status not mapped": (shop(3, number="A1"), TOLD_SHIP, CURRENT, 0, removed(NOT_MAPPED)),
    "R11 the same number, told with the spaces it was typed with": (
        *(shop(3, number="A1"), Known(((SHIP, " A 1"),)), CURRENT, 0, removed(NOT_MAPPED)),
    ),
    "R11 one of two numbers that were told as one": (
        *(shop(3, number="A1"), Known(((SHIP, "A1;A2"),)), CURRENT, 0, removed(NOT_MAPPED)),
    ),
    # R4: no tracking number
    "R4 shipped, no number yet": (shop(4), UNTOLD, CURRENT, 0, Wait(DUE)),
    "R4 the last moment": (shop(4), UNTOLD, CURRENT, 4.99, Wait(DUE)),
    "R4 due, and still none": (shop(4), UNTOLD, CURRENT, 5, NO_TRACKING),
    "R4 a spoilt number may still be mended": (shop(4, spoilt="6,9E+12"), UNTOLD, CURRENT, 4, Wait(DUE)),
    "R4 a spoilt number": (shop(4, spoilt="6,9E+12"), UNTOLD, CURRENT, 5, SPOILT),
    "R4 a spoilt number where none is needed": (shop(4, spoilt="6,9E+12"), UNTOLD, UNTRACKED, 5, SPOILT),
    "R4 a spoilt number beside a good one": (shop(4, number="A1", spoilt="6"), UNTOLD, CURRENT, 0, Send(SHIP, "A1")),
    "R4 no delay": (shop(4), UNTOLD, Policy(MAPPING, delay=timedelta(0)), 0, NO_TRACKING),
    "R4 allowed for all: waits too": (shop(4), UNTOLD, UNTRACKED, 1, Wait(DUE)),
    "R4 allowed for all: due": (shop(4), UNTOLD, UNTRACKED, 5, Send(SHIP)),
    "R4 allowed for its carrier": (shop(4, carrier_id="12"), UNTOLD, COLLECT, 5, Send(SHIP)),
    "R4 allowed for its carrier, edited since": (
        shop(4, carrier_id="31", carrier_reference="12"),
        UNTOLD,
        COLLECT,
        5,
        Send(SHIP),
    ),
    "R4 not allowed for its carrier": (shop(4, carrier_id="2", carrier_reference="2"), UNTOLD, COLLECT, 5, NO_TRACKING),
    # R6: only the current status counts
    "R6 shipped, then canceled before the run": (shop(2, 4, 6, number="A1"), UNTOLD, CURRENT, 0, Send(CANCEL)),
    "R6 a status that is not mapped": (shop(2, 3), UNTOLD, CURRENT, 0, removed(NOT_MAPPED)),
    "R6 fault 3: shipped and put back before the run": (shop(2, 4, 3), UNTOLD, CURRENT, 60, removed(NOT_MAPPED)),
    "R6 canceled and put back before the run": (shop(2, 6, 2), UNTOLD, CURRENT, 0, removed(NOT_MAPPED)),
    "R6 latest: shipped, then delivered (not mapped)": (
        shop(4, 5),
        UNTOLD,
        Policy({"4": SHIP}, latest_mapped=True, ship_without_tracking=True),
        5,
        Send(SHIP),
    ),
    "R6 current: shipped, then delivered (not mapped)": (
        shop(4, 5),
        UNTOLD,
        Policy({"4": SHIP}, ship_without_tracking=True),
        5,
        removed(NOT_MAPPED),
    ),
    "R6 latest: waits for the number (R4)": (shop(4, 5), UNTOLD, LATEST_NO_DELIVER, 0, Wait(DUE)),
    "R6 latest: the last of several": (shop(4, 6, 3), UNTOLD, LATEST, 0, Send(CANCEL)),
    "R6 latest: none was ever mapped": (shop(1, 2, 3), UNTOLD, LATEST, 0, removed(NOT_MAPPED)),
    "R6 latest: the current one, if mapped": (shop(6, 7), UNTOLD, LATEST, 0, Send(REFUND)),
    # R8: what was sent cannot be taken back
    "R8 shipped, back in preparation": (shop(4, 3, number="A1"), TOLD_SHIP, CURRENT, 0, removed(WENT_BACK, SHIP)),
    "R8 delivered, back in preparation": (
        shop(4, 5, 3, number="A1"),
        TOLD_DELIVER,
        CURRENT,
        0,
        removed(WENT_BACK, DELIVER),
    ),
    "R8 delivered, back to shipped": (shop(5, 4, number="A1"), TOLD_DELIVER, CURRENT, 0, removed(WENT_BACK, DELIVER)),
    "R8 canceled, back to paid": (shop(6, 2), TOLD_CANCEL, CURRENT, 0, removed(WENT_BACK, CANCEL)),
    "R8 canceled, then shipped after all": (
        shop(6, 4, number="A1"),
        TOLD_CANCEL,
        CURRENT,
        60,
        removed(WENT_BACK, CANCEL),
    ),
    "R8 refunded, then delivered": (shop(7, 5, number="B2"), TOLD_REFUND, CURRENT, 0, removed(WENT_BACK, REFUND)),
    "R8 refunded, then a delivered of no meaning": (shop(7, 5), TOLD_REFUND, NO_DELIVER, 0, removed(WENT_BACK, REFUND)),
    "R8 canceled, then on its way, not paid": (ON_DELIVERY, TOLD_CANCEL, CURRENT, 0, removed(WENT_BACK, CANCEL)),
    "R8 canceled, then filed away": (shop(6, 99), TOLD_CANCEL, CURRENT, 0, removed(NOT_MAPPED)),
    "R8 canceled, filed away, a number": (shop(6, 99, number="A1"), TOLD_CANCEL, CURRENT, 0, removed(NOT_MAPPED)),
    "R8 shipped, then a delivered of no meaning": (
        shop(4, 5, number="A1"),
        TOLD_SHIP,
        NO_DELIVER,
        0,
        removed(NOT_MAPPED),
    ),
    "R8 told by its number alone, never shipped": (shop(2, 3, number="A1"), TOLD_SHIP, CURRENT, 0, removed(NOT_MAPPED)),
    "R8 back by SQL, which leaves no history": (
        shop(3, number="A1"),
        Known((A1,), status="4"),
        CURRENT,
        0,
        removed(WENT_BACK, SHIP),
    ),
    "R8 latest: back means nothing": (shop(4, 3, number="A1"), TOLD_SHIP, LATEST, 0, removed(KNOWN_ALREADY, SHIP)),
    # R9: what the marketplace does not offer
    "R9 no refund there": (shop(4, 7), NO_REFUND, CURRENT, 0, removed(UNSUPPORTED, REFUND)),
    "R9 no cancel there": (shop(2, 6), NO_CANCEL, CURRENT, 0, removed(UNSUPPORTED, CANCEL)),
    "R9 no refund there, but cancel": (
        shop(2, 6),
        Known(unsupported=frozenset({REFUND})),
        CURRENT,
        0,
        Send(CANCEL),
    ),
    "R9 no cancel there, then shipped": (shop(6, 4, number="A1"), NO_CANCEL, CURRENT, 0, Send(SHIP, "A1")),
    # R13a: the ship goes first
    "R13a delivered, never shipped": (shop(2, 5, number="A1"), UNTOLD, CURRENT, 0, Send(SHIP, "A1", more=True)),
    "R13a fault 2: shipped, delivered before the run": (
        shop(4, 5, number="A1"),
        UNTOLD,
        CURRENT,
        0,
        Send(SHIP, "A1", more=True),
    ),
    "R13a delivered, the number has changed": (
        shop(4, 5, number="B2"),
        TOLD_SHIP,
        CURRENT,
        0,
        Send(SHIP, "B2", more=True),
    ),
    "R13a delivered, no number yet": (shop(4, 5), UNTOLD, CURRENT, 0, Wait(DUE)),
    "R13a delivered, due, still none": (shop(4, 5), UNTOLD, CURRENT, 5, NO_TRACKING),
    "R13a delivered, allowed without": (shop(4, 5), UNTOLD, UNTRACKED, 5, Send(SHIP, more=True)),
    "R13a delivered after a bare ship": (shop(4, 5), TOLD_SHIP_BARE, CURRENT, 0, Send(DELIVER)),
    # R13b: the marketplace ships it
    "R13b not shipped by us": (shop(4, number="A1"), BY_CHANNEL, CURRENT, 0, removed(CHANNELS_OWN, SHIP)),
    "R13b no wait for a number": (shop(4), BY_CHANNEL, CURRENT, 0, removed(CHANNELS_OWN, SHIP)),
    "R13b a number changes nothing": (shop(3, number="A1"), BY_CHANNEL, CURRENT, 0, removed(CHANNELS_OWN, SHIP)),
    "R13b not delivered by us": (shop(5, number="A1"), BY_CHANNEL, CURRENT, 0, removed(CHANNELS_OWN, DELIVER)),
    "R13b canceled all the same": (shop(6), BY_CHANNEL, CURRENT, 0, Send(CANCEL)),
    "R13b not mapped": (shop(3), BY_CHANNEL, CURRENT, 0, removed(NOT_MAPPED)),
}


@pytest.mark.parametrize(("order", "known", "policy", "minutes", "expected"), TABLE.values(), ids=TABLE.keys())
def test_what_the_marketplace_is_told(
    order: Snapshot | None, known: Known, policy: Policy, minutes: float, expected: Decision
) -> None:
    now = SEEN + timedelta(minutes=minutes)
    assert decide(order, known, policy, since=SEEN, now=now).decisions == (expected,)


def test_the_newest_of_several_parcels_is_told() -> None:
    """R2: with several parcels the newest number counts, and an older one that was told is not told again."""
    parcels = (Parcel("B2"), Parcel("A1"))
    order = Snapshot("1", "4", ("4",), parcels)
    assert decide(order, TOLD_SHIP, CURRENT, since=SEEN, now=SEEN).first == Send(SHIP, "B2")
    assert decide(order, Known(((SHIP, "B2"),)), CURRENT, since=SEEN, now=SEEN).first == removed(KNOWN_ALREADY, SHIP)


@pytest.mark.parametrize(
    ("known", "operation"),
    [
        (UNTOLD, None),
        (BY_CHANNEL, None),
        (TOLD_SHIP, SHIP),
        (TOLD_SHIP_BARE, SHIP),
        (TOLD_DELIVER, DELIVER),
        (TOLD_CANCEL, CANCEL),
        (TOLD_REFUND, REFUND),
        (Known((A1, DELIVERED, CANCELED, REFUNDED)), REFUND),
    ],
)
def test_the_furthest_confirmed_state_is_what_the_marketplace_believes(known: Known, operation: str | None) -> None:
    """R8: the warning names it."""
    assert believed(known) is operation


@pytest.mark.parametrize(
    ("order", "known", "expected"),
    [
        (shop(3, 4, number="A1"), CALLED_OFF_THERE, Fail(Failure.CALLED_OFF_THERE, SHIP, "A1")),
        (shop(3, number="A1"), CALLED_OFF_THERE, Fail(Failure.CALLED_OFF_THERE, SHIP, "A1")),
        (shop(3, 6), CALLED_OFF_THERE, Send(CANCEL)),
        (shop(3), CALLED_OFF_THERE, removed(Because.NOT_MAPPED)),
    ],
)
def test_a_shipment_of_an_order_that_was_cancelled_there_waits_for_a_person(
    order: Snapshot, known: Known, expected: Decision
) -> None:
    """R33."""
    assert decide(order, known, CURRENT, since=SEEN, now=DUE).first == expected


RETURNS = Policy(MAPPING, knows_returns=True)
WANTS_RETURN = Known(wants_return=True)
LATER = DUE + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("order", "known", "policy", "now", "decision"),
    [
        pytest.param(
            shop(4, number="A1"), WANTS_RETURN, RETURNS, SEEN, Wait(DUE, Lack.RETURN_NUMBER), id="it may come"
        ),
        pytest.param(
            shop(4, number="A1"),
            WANTS_RETURN,
            RETURNS,
            LATER,
            Wait(LATER + RETURN_LOOK, Lack.RETURN_NUMBER, late="ship"),
            id="it has not come in time",
        ),
        pytest.param(
            shop(4, number="A1", return_number="R1"), WANTS_RETURN, RETURNS, SEEN, Send(SHIP, "A1"), id="it is there"
        ),
        pytest.param(shop(4, number="A1"), UNTOLD, RETURNS, SEEN, Send(SHIP, "A1"), id="nobody wants it"),
        pytest.param(shop(4, number="A1"), WANTS_RETURN, CURRENT, SEEN, Send(SHIP, "A1"), id="the shop knows none"),
        pytest.param(shop(6), WANTS_RETURN, RETURNS, SEEN, Send(CANCEL), id="a cancellation needs none"),
        pytest.param(
            shop(4, number="A1"),
            Known(wants_return=True, called_off_there=True),
            RETURNS,
            SEEN,
            Fail(Failure.CALLED_OFF_THERE, SHIP, "A1"),
            id="it is called off there",
        ),
    ],
)
def test_a_shipment_waits_for_its_return_number(
    order: Snapshot, known: Known, policy: Policy, now: datetime, decision: Decision
) -> None:
    """R27."""
    assert decide(order, known, policy, since=SEEN, now=now).first == decision
