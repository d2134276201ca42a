"""Which ticket is whose, and what it says (R13 to R18)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.domain.operations.deliver import DELIVER
from sfsync.domain.operations.ship import SHIP
from sfsync.domain.tickets import (
    CLOCKS_DIFFER,
    CLOCKS_DIFFER_FAR,
    InFlight,
    Verdict,
    judge,
    match,
    newest,
    of_batch,
    recognise,
)
from shoppingfeed import Ticket as ClientTicket
from shoppingfeed import TicketState

SENT_AT = datetime(2026, 7, 1, 9, tzinfo=UTC)
LONG_ID = 1078495000000
PAYLOAD = {"id": 101, "trackingNumber": "A1"}


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket tells, with what matters to a test given."""

    id: str
    order_id: int | None = None
    reference: str = ""
    channel: str = ""
    state: str = "succeed"
    operation: str | None = "ship"
    tracking_number: str = ""
    scheduled_at: datetime | None = SENT_AT + timedelta(seconds=1)
    batch_id: str = "batch"


def sent(task_id: int, feed_id: int, reference: str = "", channel: str = "", **more: Any) -> InFlight:
    return InFlight(task_id, feed_id, reference, channel, **{"sent_at": SENT_AT, **more})


def ids(found: dict[int, Ticket]) -> dict[int, str]:
    return {task: ticket.id for task, ticket in found.items()}


# What a ticket says


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("scheduled", Verdict.OPEN),
        ("running", Verdict.OPEN),
        ("succeed", Verdict.CONFIRMED),
        ("failed", Verdict.FAILED),
        ("canceled", Verdict.CANCELED),
        ("", Verdict.OPEN),
        ("SUCCEED", Verdict.OPEN),
        ("postponed", Verdict.OPEN),
    ],
)
def test_a_verdict_by_state(state: str, verdict: Verdict) -> None:
    """R15 to R18: canceled is no success, and a state that nobody documented is not an end."""
    assert judge(state) is verdict


def test_every_documented_end_has_a_verdict() -> None:
    """R17: what the client calls done is exactly what is no longer open."""
    for state in TicketState:
        done = ClientTicket(id="t", batch_id="b", type="", state=state).done
        assert (judge(state) is not Verdict.OPEN) == done


# Whose it is: the batch is known (R14)


def test_by_the_orders_id() -> None:
    """R14: the id comes first, whatever the references say."""
    tasks = [sent(1, 101, "REF-1"), sent(2, LONG_ID, "REF-2")]
    tickets = [Ticket("t-2", order_id=LONG_ID, reference="REF-1"), Ticket("t-1", order_id=101, reference="REF-2")]
    assert ids(match(tasks, tickets)) == {1: "t-1", 2: "t-2"}


def test_by_the_reference_where_the_ticket_has_no_id() -> None:
    tasks = [sent(1, 101, "REF-1", "Amazon"), sent(2, 102, "REF-2", "Amazon")]
    tickets = [Ticket("t-2", reference="REF-2"), Ticket("t-1", reference="REF-1", channel="AMAZON")]
    assert ids(match(tasks, tickets)) == {1: "t-1", 2: "t-2"}


def test_a_ticket_without_a_reference_is_known_by_its_id() -> None:
    assert ids(match([sent(1, 101, "REF-1")], [Ticket("t-1", order_id=101)])) == {1: "t-1"}


def test_a_ticket_without_id_and_reference_is_nobodys() -> None:
    """Two empty references are not the same reference."""
    assert match([sent(1, 101)], [Ticket("t-1")]) == {}


def test_the_same_reference_on_two_channels() -> None:
    """R14, fault 9: by id, and without ids by the channel."""
    tasks = [sent(1, 101, "REF", "Amazon"), sent(2, 102, "REF", "Cdiscount")]
    named = [Ticket("cd", 102, "REF", "Cdiscount", "failed"), Ticket("am", 101, "REF", "Amazon")]
    assert ids(match(tasks, named)) == {1: "am", 2: "cd"}
    nameless = [replace(ticket, order_id=None) for ticket in named]
    assert ids(match(tasks, nameless)) == {1: "am", 2: "cd"}


def test_the_same_reference_when_the_other_order_is_already_settled() -> None:
    """R14, fault 9: its ticket is still in the batch, and must not confirm the order that is left."""
    left = [sent(2, 102, "REF", "Cdiscount")]
    others = Ticket("am", None, "REF", "Amazon", "succeed")
    assert match(left, [others]) == {}
    assert ids(match(left, [others, Ticket("cd", None, "REF", "CDiscount", "failed")])) == {2: "cd"}


@pytest.mark.parametrize(("ours", "theirs"), [("Amazon", "amazonfr"), ("Veepeegroup", "Veepee"), ("", "Bol")])
def test_a_channel_goes_by_its_family_name(ours: str, theirs: str) -> None:
    assert ids(match([sent(1, 101, "REF", ours)], [Ticket("t", None, "REF", theirs)])) == {1: "t"}


def test_a_reference_that_fits_two_orders_is_no_evidence() -> None:
    """R14: without id and channel it could be either's; both are looked up by order id instead (R18)."""
    tasks = [sent(1, 101, "REF", "Amazon"), sent(2, 102, "REF", "Cdiscount")]
    assert match(tasks, [Ticket("t", reference="REF")]) == {}


def test_a_reference_finds_the_one_that_is_left() -> None:
    """R14: every item has one ticket, so the nameless one belongs to the order without."""
    tasks = [sent(1, 101, "REF"), sent(2, 102, "REF")]
    tickets = [Ticket("t-2", reference="REF"), Ticket("t-1", order_id=101, reference="REF")]
    assert ids(match(tasks, tickets)) == {1: "t-1", 2: "t-2"}


@pytest.mark.parametrize(
    ("states", "best"),
    [
        (["failed", "succeed"], 1),
        (["running", "succeed", "canceled"], 1),
        (["failed", "scheduled"], 1),
        (["canceled", "failed"], 1),
    ],
)
@pytest.mark.parametrize("order_id", [101, None])
def test_two_tickets_of_one_order(states: list[str], best: int, order_id: int | None) -> None:
    """One success is enough; and while one of them is open, nothing has failed yet."""
    tickets = [Ticket(f"t-{n}", order_id, "REF", state=state) for n, state in enumerate(states)]
    for listed in (tickets, tickets[::-1]):
        assert ids(match([sent(1, 101, "REF")], listed)) == {1: f"t-{best}"}


def test_the_ticket_of_an_order_that_was_not_sent_is_left_alone() -> None:
    """R14: not even by its reference, for it has an id of its own."""
    assert match([sent(1, 101, "REF")], [Ticket("t", order_id=999, reference="REF", channel="Amazon")]) == {}


def test_a_ticket_of_another_batch_is_left_out() -> None:
    """R14: one that names no batch may be of this one."""
    tickets = [Ticket("its"), Ticket("another's", batch_id="earlier"), Ticket("nameless", batch_id="")]
    assert [each.id for each in of_batch("batch", tickets)] == ["its", "nameless"]


def test_the_newest_are_those_scheduled_last_and_those_without_a_date() -> None:
    older, last = Ticket("older", scheduled_at=SENT_AT), [Ticket("last"), Ticket("as late")]
    dateless = Ticket("dateless", scheduled_at=None)
    assert newest([older, *last, dateless]) == [*last, dateless]
    assert newest([dateless]) == [dateless]


def test_nothing_sent_or_no_tickets() -> None:
    assert match([], [Ticket("t", order_id=101)]) == {}
    assert match([sent(1, 101)], []) == {}


def test_a_full_batch_and_one_more() -> None:
    tasks = [sent(n, LONG_ID + n, f"REF-{n}") for n in range(101)]
    tickets = [Ticket(f"t-{n}", LONG_ID + n) for n in reversed(range(101))]
    assert ids(match(tasks, tickets)) == {n: f"t-{n}" for n in range(101)}


references = st.sampled_from(["", "REF", "REF-2"])
channels = st.sampled_from(["", "Amazon", "amazonfr", "Cdiscount"])
feed_ids = st.integers(1, 5)
batches_sent = st.lists(
    st.builds(sent, st.integers(1, 50), feed_ids, references, channels),
    unique_by=(lambda each: each.task_id, lambda each: each.feed_id),
    max_size=5,
)
ticket_lists = st.lists(
    st.builds(
        Ticket,
        id=st.uuids().map(str),
        order_id=st.none() | feed_ids,
        reference=references,
        channel=channels,
        state=st.sampled_from([*TicketState, "unheard-of"]),
    ),
    unique_by=lambda ticket: ticket.id,
    max_size=8,
)


@settings(deadline=None, max_examples=150)
@given(batches_sent, ticket_lists, st.randoms(use_true_random=False))
def test_the_order_of_tasks_and_tickets_does_not_matter(
    tasks: list[InFlight], tickets: list[Ticket], chance: Random
) -> None:
    """R14: pages come shuffled."""
    found = match(tasks, tickets)
    assert match(chance.sample(tasks, len(tasks)), chance.sample(tickets, len(tickets))) == found


@settings(deadline=None, max_examples=150)
@given(batches_sent, ticket_lists)
def test_no_order_gets_the_ticket_of_another(tasks: list[InFlight], tickets: list[Ticket]) -> None:
    """R14: an id that is there is the order's own; else the reference is, and no ticket counts for two."""
    found = match(tasks, tickets)
    by_task = {each.task_id: each for each in tasks}
    for task_id, ticket in found.items():
        order = by_task[task_id]
        assert ticket.order_id == order.feed_id or (
            ticket.order_id is None and ticket.reference == order.reference != ""
        )
    assert len({ticket.id for ticket in found.values()}) == len(found)
    named = {ticket.order_id for ticket in tickets}
    assert {each.task_id for each in tasks if each.feed_id in named} <= found.keys()


# Whose it is: no answer ever came (R13)

SENT = sent(1, 101, "REF", "Amazon")
ITS_TICKET = Ticket("t", 101, "REF", "Amazon", "running", tracking_number="A1")


def test_an_operation_that_arrived_is_recognised() -> None:
    """R13: whatever became of it since."""
    for state in TicketState:
        ticket = replace(ITS_TICKET, state=state)
        assert recognise(SENT, [ticket], SHIP, PAYLOAD) is ticket


def test_no_tickets_at_all() -> None:
    assert recognise(SENT, [], SHIP, PAYLOAD) is None


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param(replace(ITS_TICKET, order_id=102), id="of another order"),
        pytest.param(replace(ITS_TICKET, operation="refund"), id="of another operation"),
        pytest.param(replace(ITS_TICKET, operation="acknowledge"), id="of the import"),
        pytest.param(replace(ITS_TICKET, operation=None), id="of an unknown type"),
        pytest.param(replace(ITS_TICKET, tracking_number="B2"), id="of another tracking number"),
        pytest.param(
            replace(ITS_TICKET, scheduled_at=SENT_AT - CLOCKS_DIFFER_FAR - timedelta(seconds=1)), id="much older"
        ),
        pytest.param(
            replace(ITS_TICKET, tracking_number="", scheduled_at=SENT_AT - CLOCKS_DIFFER - timedelta(seconds=1)),
            id="older than the send, and without a number",
        ),
    ],
)
def test_a_ticket_of_something_else_is_not_taken_for_it(stranger: Ticket) -> None:
    """R13: taking it would lose the update."""
    assert recognise(SENT, [stranger], SHIP, PAYLOAD) is None
    assert recognise(SENT, [stranger, ITS_TICKET], SHIP, PAYLOAD) is ITS_TICKET


@pytest.mark.parametrize(
    "lean",
    [
        pytest.param(replace(ITS_TICKET, order_id=None), id="does not name its order"),
        pytest.param(replace(ITS_TICKET, tracking_number=""), id="does not repeat the number"),
        pytest.param(replace(ITS_TICKET, scheduled_at=None), id="has no date"),
        pytest.param(replace(ITS_TICKET, scheduled_at=SENT_AT - CLOCKS_DIFFER), id="by a clock that is slow"),
        pytest.param(replace(ITS_TICKET, scheduled_at=SENT_AT + timedelta(hours=1)), id="scheduled later"),
    ],
)
def test_a_ticket_that_tells_little_is_still_recognised(lean: Ticket) -> None:
    """R13: not taking it would send twice."""
    assert recognise(SENT, [lean], SHIP, PAYLOAD) is lean


def test_the_ticket_of_the_attempt_before_is_not_the_retrys() -> None:
    """R13, R16: it failed, the same ship was sent again, and that answer never came."""
    retry = replace(SENT, former_tickets=("t",))
    assert recognise(retry, [replace(ITS_TICKET, state="failed")], SHIP, PAYLOAD) is None


def test_what_is_older_than_the_last_settled_ticket_was_settled_too() -> None:
    """R13: by the API's own clock, so that it does not matter how far ours is from it."""
    settled = replace(SENT, settled_until=ITS_TICKET.scheduled_at)
    older = replace(ITS_TICKET, id="older", scheduled_at=SENT_AT)
    assert recognise(settled, [older], SHIP, PAYLOAD) is None
    assert recognise(settled, [older, ITS_TICKET], SHIP, PAYLOAD) is ITS_TICKET
    assert recognise(settled, [replace(older, scheduled_at=None)], SHIP, PAYLOAD) is not None


def test_the_newest_of_several() -> None:
    first = replace(ITS_TICKET, id="first")
    second = replace(ITS_TICKET, id="second", scheduled_at=SENT_AT + timedelta(seconds=9))
    dateless = replace(ITS_TICKET, id="dateless", scheduled_at=None)
    assert recognise(SENT, [dateless, second, first], SHIP, PAYLOAD) is second


@pytest.mark.parametrize(
    ("operation", "its"), [(None, True), ("deliver", True), ("ship", False), ("acknowledge", False)]
)
def test_a_deliver_is_of_any_unknown_type(operation: str | None, its: bool) -> None:
    """R13: no type is documented for deliver, so one that is known to be something else is not it."""
    ticket = replace(ITS_TICKET, operation=operation, tracking_number="")
    assert (recognise(SENT, [ticket], DELIVER, {"id": 101}) is ticket) == its


def test_a_send_without_a_date_goes_by_the_rest() -> None:
    undated = replace(SENT, sent_at=None)
    old = replace(ITS_TICKET, scheduled_at=SENT_AT - timedelta(days=30))
    assert recognise(undated, [old], SHIP, PAYLOAD) is old


@pytest.mark.parametrize(
    ("type_", "payload"),
    [
        ("order.notify.shipment", {"id": "101", "trackingNumber": "A1"}),
        ("order.notify.shipment", {"order": [{"id": 101, "reference": "REF", "trackingNumber": "A1"}]}),
    ],
)
def test_the_clients_tickets_have_all_that_is_read(type_: str, payload: dict[str, object]) -> None:
    """The protocol and the real thing agree."""
    ticket = ClientTicket(id="t", batch_id="b", type=type_, state="succeed", scheduled_at=SENT_AT, payload=payload)
    assert match([SENT], [ticket]) == {1: ticket}
    assert recognise(SENT, [ticket], SHIP, PAYLOAD) is ticket
