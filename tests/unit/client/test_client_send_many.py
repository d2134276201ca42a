"""Many batches, some at a time: pulled late, sent once, every outcome told."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from shoppingfeed import (
    AmbiguousError,
    Deliver,
    InvalidRequestError,
    NotSentError,
    OrderOperation,
    Outcome,
    Request,
    Response,
    Ship,
)
from shoppingfeed._parallel import completed
from shoppingfeed._store import _permit
from tests.unit.client.scripted import Clock, ScriptedTransport, accepted, answer, client_for

PATIENCE = 5.0


def batch(number: int) -> list[OrderOperation]:
    return [Ship(number)]


def first_id(request: Request) -> int:
    return int(request.body.partition(b'"id":')[2].partition(b",")[0])


class Gate:
    """A transport whose requests wait inside until they are let out."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.exits = threading.Semaphore(0)
        self.received: list[int] = []

    def send(self, request: Request) -> Response:
        self.received.append(first_id(request))
        self.entered.release()
        assert self.exits.acquire(timeout=PATIENCE)
        return accepted(f"batch-{first_id(request)}")

    def close(self) -> None:
        return None

    def await_entries(self, number: int) -> None:
        for _ in range(number):
            assert self.entered.acquire(timeout=PATIENCE)


def test_every_batch_is_sent_once_and_its_outcome_told() -> None:
    """One refused, one ambiguous, the others accepted: nothing stops anything else."""

    def serve(request: Request) -> Response:
        status = {3: 422, 5: 500}.get(first_id(request), 202)
        return accepted(f"batch-{first_id(request)}") if status == 202 else answer(status)

    transport = ScriptedTransport(by=serve)
    client = client_for(transport)
    outcomes = {outcome.batch[0].order_id: outcome for outcome in client.store(10).send_many(map(batch, range(1, 21)))}
    assert sorted(outcomes) == list(range(1, 21))
    assert sorted(map(first_id, transport.received)) == list(range(1, 21))
    assert isinstance(outcomes[3].error, InvalidRequestError)
    assert isinstance(outcomes[5].error, AmbiguousError)
    assert outcomes[3].accepted is None
    assert all(
        outcome.accepted is not None and outcome.accepted.batch_id == f"batch-{number}" and outcome.error is None
        for number, outcome in outcomes.items()
        if number not in (3, 5)
    )
    assert client.requests == 20


def test_the_next_batch_is_pulled_in_the_callers_thread_when_a_slot_is_free() -> None:
    pulled: list[tuple[int, threading.Thread]] = []

    def batches() -> Iterator[list[OrderOperation]]:
        for number in range(1, 100):
            pulled.append((number, threading.current_thread()))
            yield batch(number)

    outcomes = client_for(ScriptedTransport(by=lambda _: accepted()), concurrency=4).store(10).send_many(batches())
    assert pulled == []
    for taken in range(1, 6):
        next(outcomes)
        assert len(pulled) <= taken + 4
    assert {thread for _, thread in pulled} == {threading.current_thread()}


def test_as_many_requests_as_slots_are_under_way_at_once() -> None:
    gate = Gate()
    outcomes = client_for(gate, concurrency=3).store(10).send_many(map(batch, range(1, 10)))
    told: list[Outcome] = []
    reader = threading.Thread(target=lambda: told.extend(outcomes))
    reader.start()
    gate.await_entries(3)
    assert len(gate.received) == 3
    gate.exits.release()
    gate.await_entries(1)
    assert len(gate.received) == 4
    for _ in range(8):
        gate.exits.release()
    reader.join(PATIENCE)
    assert sorted(outcome.batch[0].order_id for outcome in told) == list(range(1, 10))


def test_closing_waits_for_what_was_sent_and_sends_nothing_more() -> None:
    gate = Gate()
    outcomes = client_for(gate, concurrency=2).store(10).send_many(map(batch, range(1, 10)))
    gate.exits.release()
    next(outcomes)
    gate.await_entries(2)
    closing = threading.Thread(target=outcomes.close)  # type: ignore[attr-defined]
    under_way = len(gate.received)
    closing.start()
    for _ in range(under_way + 1):
        gate.exits.release()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert len(gate.received) <= 3
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("shoppingfeed")]


def test_what_still_waits_for_its_turn_when_the_caller_stops_is_not_sent() -> None:
    """Closing tells the waiting requests before it waits for them, and then none of them may leave."""
    stopped, told = threading.Event(), threading.Event()

    def wait_for_its_turn(number: int) -> int:
        if number > 1 and stopped.wait(PATIENCE):
            told.set()
        return number

    results = completed(wait_for_its_turn, [1, 2], slots=2, stopped=stopped)
    assert next(results) == 1
    results.close()  # type: ignore[attr-defined]
    assert told.is_set()
    with pytest.raises(NotSentError, match="the caller stopped"):
        _permit(None, stopped, (Clock(), Clock()))(Request("POST", "https://api.test", {}))


def test_when_the_batches_raise_what_is_under_way_is_told_first() -> None:
    def batches() -> Iterator[list[OrderOperation]]:
        yield batch(1)
        yield batch(2)
        raise LookupError("the database went away")

    told: list[int] = []
    outcomes = client_for(ScriptedTransport(by=lambda _: accepted())).store(10).send_many(batches())
    with pytest.raises(LookupError, match="the database went away"):
        told.extend(outcome.batch[0].order_id for outcome in outcomes)
    assert sorted(told) == [1, 2]


@pytest.mark.parametrize("wrong", [[], [Ship(1), Deliver(1)], [Ship(1)] * 101], ids=["empty", "mixed", "too many"])
def test_a_batch_that_cannot_be_sent_stops_there_after_the_others_were_told(wrong: Sequence[OrderOperation]) -> None:
    transport = ScriptedTransport(by=lambda _: accepted())
    outcomes = client_for(transport).store(10).send_many([batch(1), wrong, batch(3)])
    assert next(outcomes).batch == batch(1)
    with pytest.raises(ValueError, match="operations"):
        next(outcomes)
    assert len(transport.received) == 1


def test_no_batches_is_no_request() -> None:
    assert list(client_for(ScriptedTransport()).store(10).send_many([])) == []


class TestABatchThatCouldNotLeaveInTime:
    """The lease of a claim: what waited too long must not be sent any more (R13)."""

    @staticmethod
    def outcomes(clock: Clock, transport: ScriptedTransport, **options: Any) -> list[Outcome]:
        store = client_for(transport, clock, concurrency=1, **options).store(10)
        return list(store.send_many([batch(1)], expires_after=30.0))

    def test_held_back_by_the_rate_limit(self) -> None:
        clock = Clock()
        transport = ScriptedTransport(answer(429, {}, {"x-ratelimit-wait": "31"}))
        (outcome,) = self.outcomes(clock, transport)
        assert isinstance(outcome.error, NotSentError)
        assert "30 s" in str(outcome.error)
        assert len(transport.received) == 1

    def test_in_time(self) -> None:
        transport = ScriptedTransport(answer(429, {}, {"x-ratelimit-wait": "29"}), accepted())
        (outcome,) = self.outcomes(Clock(), transport)
        assert outcome.error is None

    @pytest.mark.parametrize("which", ["clock", "wall_clock"])
    def test_stopped_while_either_clock_went_on(self, which: str) -> None:
        """A process that is stopped and goes on later; a machine whose one clock stood still."""
        still, late = Clock(), iter([1_000.0])
        jumping = {which: lambda: next(late, 2_000.0)}
        store = client_for(ScriptedTransport(), concurrency=1).store(10)
        store._clocks = (jumping.get("clock", still), jumping.get("wall_clock", still))
        (outcome,) = store.send_many([batch(1)], expires_after=30.0)
        assert isinstance(outcome.error, NotSentError)

    def test_stopped_while_it_was_being_pulled(self) -> None:
        """Whoever pulls writes down that it leaves: stopped right then, others have given up on it meanwhile."""
        clock = Clock()

        def batches() -> Iterator[list[OrderOperation]]:
            clock.tick(31)
            yield batch(1)

        transport = ScriptedTransport()
        store = client_for(transport, clock).store(10)
        (outcome,) = store.send_many(batches(), expires_after=30.0)
        assert isinstance(outcome.error, NotSentError)
        assert transport.received == []

    def test_it_gives_its_place_in_the_pace_back(self) -> None:
        clock = Clock()
        late = iter([0.0])
        client = client_for(ScriptedTransport(by=lambda _: answer(200, {"timestamp": 1})), clock, pace=True)
        store = client.store(10)
        store._clocks = (lambda: next(late, 99.0), clock)
        assert isinstance(next(store.send_many([batch(1)], expires_after=30.0)).error, NotSentError)
        for _ in range(10):
            client.ping()
        assert clock.slept == []
        assert client.requests == 10
