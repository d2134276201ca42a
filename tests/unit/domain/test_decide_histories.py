"""Orders that live: random statuses, tracking numbers, runs and tickets, against the rules as they are written."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sfsync.domain.decide import Because, Decision, Fail, Nothing, Send, Wait, decide
from sfsync.domain.errors import Failure
from sfsync.domain.mapping import Policy
from sfsync.domain.orders import Known, Parcel, Snapshot

SHIP, CANCEL, REFUND, DELIVER = OPERATIONS = "ship", "cancel", "refund", "deliver"
NEVER_SHIPPED = (CANCEL, REFUND)

with resources.files("sfsync.shops.prestashop.rows").joinpath("order_state.csv").open(encoding="utf-8") as file:
    FLAGS = {row["id_order_state"]: (row["shipped"] == "1", row["paid"] == "1") for row in csv.DictReader(file)}
"""Status → PrestaShop's own (shipped, paid)."""

USUAL = {"4": SHIP, "5": DELIVER, "6": CANCEL, "7": REFUND}
mappings = st.one_of(
    st.just(USUAL),
    st.sampled_from(
        [{"4": SHIP, "6": CANCEL}, {"4": SHIP, "6": CANCEL, "7": REFUND}, {**USUAL, "3": SHIP, "8": CANCEL}]
    ),
    st.dictionaries(st.sampled_from(sorted(FLAGS)), st.sampled_from(OPERATIONS), max_size=4).map(
        lambda own: USUAL | own
    ),
)
policies = st.builds(
    Policy,
    mapping=mappings,
    delay=st.sampled_from([timedelta(0), timedelta(minutes=5), timedelta(hours=1)]),
    latest_mapped=st.booleans(),
    ship_without_tracking=st.sampled_from([False, True, frozenset({"12"}), frozenset({"99"})]),
)
statuses = st.sampled_from(sorted(FLAGS))
numbers = st.sampled_from(["", "A1", "B2"])


def meaning(history: list[str], policy: Policy) -> str | None:
    """R6, as it is written: the current status, or the latest mapped one."""
    said = [policy.mapping[status] for status in history if status in policy.mapping]
    if policy.latest_mapped:
        return said[-1] if said else None
    return policy.mapping.get(history[-1])


def with_confirmed(belief: Known, operation: str, number: str = "") -> Known:
    """R15: what is remembered once a ticket succeeded."""
    fact = (operation, number)
    return belief if fact in belief.told else replace(belief, told=(*belief.told, fact))


def final_belief(belief: Known, wanted: str | None, number: str, untracked_allowed: bool) -> Known:
    """What the marketplace believes once all is calm: rules.md applied to the shop's final state, by hand.

    `belief` is what had been confirmed before; it cannot be taken back (R8).
    """
    if wanted in NEVER_SHIPPED:  # R2's exception, and R9
        return belief if wanted in belief.unsupported else with_confirmed(belief, wanted)
    if not belief.operations.isdisjoint(NEVER_SHIPPED) or belief.fulfilled_by_channel:  # R8, R13b
        return belief
    if number:  # R2
        belief = with_confirmed(belief, SHIP, number)
    elif wanted and SHIP not in belief.operations and untracked_allowed:  # R4
        belief = with_confirmed(belief, SHIP)
    if wanted == DELIVER and SHIP in belief.operations:  # R13a
        belief = with_confirmed(belief, DELIVER)
    return belief


class OrderLife(RuleBasedStateMachine):
    """One order, its shop, its marketplace and the engine between them, one operation in flight at a time (R10)."""

    @initialize(
        policy=policies,
        carrier=st.sampled_from(["2", "12"]),
        by_channel=st.integers(1, 10).map(lambda number: number == 10),
        unsupported=st.sampled_from([frozenset(), frozenset(), frozenset({REFUND}), frozenset(NEVER_SHIPPED)]),
        first=st.sampled_from(["1", "2"]),
    )
    def imported(self, policy: Policy, carrier: str, by_channel: bool, unsupported: frozenset[str], first: str) -> None:
        self.policy, self.carrier = policy, carrier
        self.history, self.number = [first], ""
        self.now = self.since = datetime(2026, 7, 1, 9, tzinfo=UTC)
        self.belief = Known(fulfilled_by_channel=by_channel, unsupported=unsupported)
        self.in_flight: tuple[str, str] | None = None
        self.confirmed: list[tuple[str, str]] = []
        self.calm: Nothing | None = None
        """What was decided when nothing was to be sent, for as long as nothing changes."""

    # What people do in the shop

    @rule(status=statuses)
    def status_changes(self, status: str) -> None:
        self.history.append(status)
        self.something_changed()

    @rule(status=st.sampled_from(["4", "5"]), number=numbers)
    def parcel_moves_on(self, status: str, number: str) -> None:
        """What happens most: short histories with it tell long stories."""
        self.number = number
        self.status_changes(status)

    @rule(status=st.sampled_from(["6", "7"]))
    def it_is_called_off(self, status: str) -> None:
        self.status_changes(status)

    @rule(number=numbers)
    def tracking_number_changes(self, number: str) -> None:
        self.number = number
        self.something_changed()

    def something_changed(self) -> None:
        self.since, self.calm = self.now, None

    @rule(minutes=st.sampled_from([1, 4, 5, 60]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    # What the engine does

    @precondition(lambda self: not self.in_flight)
    @rule()
    def run_processes_it(self) -> None:
        decision = self.judge()
        match decision:
            case Send():
                self.may_be_sent(decision)
                self.in_flight = (decision.operation, decision.key)
            case Wait(until):
                self.may_wait(until)
            case Fail(failure):
                self.may_fail(failure)
            case Nothing():
                self.may_rest(decision)

    def judge(self) -> Decision:
        """Asked twice, `decide` says the same."""
        shipped, paid = FLAGS[self.history[-1]]
        parcels = (Parcel(self.number),) if self.number else ()
        order = Snapshot(
            key="1",
            status=self.history[-1],
            statuses=tuple(self.history),
            parcels=parcels,
            carrier_id=self.carrier,
            shipped_status=shipped,
            paid_status=paid,
        )
        decided = decide(order, self.belief, self.policy, since=self.since, now=self.now)
        assert decide(replace(order), replace(self.belief), self.policy, since=self.since, now=self.now) == decided
        assert (decided.needless, decided.lane) == ((), "")
        [decision] = decided.decisions
        return decision

    @precondition(lambda self: self.in_flight)
    @rule(succeeded=st.sampled_from([True, True, False]))
    def ticket_ends(self, succeeded: bool) -> None:
        if succeeded:
            self.confirm()
        self.in_flight = None

    def confirm(self) -> None:
        """R15. And R11: a ship never repeats a number, anything else is never said twice."""
        assert self.in_flight
        operation, number = self.in_flight
        assert self.in_flight not in self.confirmed
        assert operation == SHIP or operation not in self.belief.operations
        assert operation != DELIVER or SHIP in self.belief.operations  # R13a
        self.belief = with_confirmed(self.belief, operation, number)
        self.confirmed.append(self.in_flight)
        self.calm = None

    @rule()
    def calm_comes(self) -> None:
        """No more changes, every ticket succeeds, the delay is over: the marketplace believes what the rules say."""
        if self.in_flight:
            self.confirm()
        self.now = max(self.now, self.since + self.policy.delay)
        expected = final_belief(self.belief, self.wanted, self.number, self.untracked_allowed)
        sent, more = 0, True
        while isinstance(decision := self.judge(), Send):
            assert more, "a confirmation is looked at again only where there was more"
            self.may_be_sent(decision)
            self.in_flight = (decision.operation, decision.key)
            self.confirm()
            sent, more = sent + 1, decision.more
            assert sent <= 2, "a ship and its deliver are the most that one state asks for"
        self.in_flight = None
        assert not isinstance(decision, Wait)
        assert self.belief == expected

    def teardown(self) -> None:
        if hasattr(self, "policy"):
            self.calm_comes()

    # What the rules say of each decision

    @property
    def wanted(self) -> str | None:
        return meaning(self.history, self.policy)

    @property
    def untracked_allowed(self) -> bool:
        allowed = self.policy.ship_without_tracking
        return allowed if isinstance(allowed, bool) else self.carrier in allowed

    @property
    def due(self) -> datetime:
        return self.since + self.policy.delay

    def may_be_sent(self, send: Send) -> None:
        assert send.key == (self.number if send.operation == SHIP else "")
        assert send.operation not in self.belief.unsupported  # R9
        if send.operation == SHIP:
            self.may_be_shipped()
        else:
            assert send.operation == self.wanted  # R6
            assert send.operation != DELIVER or SHIP in self.belief.operations  # R13a

    def may_be_shipped(self) -> None:
        assert self.wanted not in NEVER_SHIPPED  # R2, R6
        assert self.belief.operations <= {SHIP, DELIVER}  # R8
        assert not self.belief.fulfilled_by_channel  # R13b
        if not self.number:  # R4
            assert self.wanted
            assert self.untracked_allowed
            assert self.now >= self.due

    def may_wait(self, until: datetime) -> None:
        """R4: only for a tracking number, and never longer than the delay."""
        assert self.wanted in (SHIP, DELIVER)
        assert not self.number
        assert SHIP not in self.belief.operations
        assert self.now < until == self.due

    def may_fail(self, failure: Failure) -> None:
        """R4 is the only failure that a look at the order can find."""
        assert failure is Failure.NO_TRACKING
        assert self.wanted in (SHIP, DELIVER)
        assert not self.number
        assert not self.untracked_allowed
        assert self.now >= self.due

    def may_rest(self, nothing: Nothing) -> None:
        """R8: only what was told can have gone back. And nothing stays nothing while nothing changes."""
        assert self.calm in (None, nothing)
        self.calm = nothing
        if nothing.because is Because.WENT_BACK:
            assert nothing.operation in self.belief.operations
        if nothing.because is Because.UNSUPPORTED:
            assert nothing.operation in self.belief.unsupported
        if nothing.because is Because.TOLD_BEFORE:
            assert (SHIP, self.number) in self.confirmed
        if nothing.because is Because.ALREADY_CONFIRMED:
            assert nothing.operation in self.belief.operations

    @invariant()
    def nothing_to_send_stays_so(self) -> None:
        if getattr(self, "calm", None):
            assert self.judge() == self.calm


TestOrderLife = OrderLife.TestCase
TestOrderLife.settings = settings(deadline=None, max_examples=300, stateful_step_count=60, report_multiple_bugs=False)
