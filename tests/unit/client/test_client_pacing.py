"""The pacer against a server that counts: full speed, and 429 the exception."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import pytest

from shoppingfeed import Client, Request, Response
from shoppingfeed._pacing import Pacer, read_limit
from tests.unit.client.scripted import Clock, ScriptedTransport, answer, client_for


class LimitedServer:
    """Refuses the eleventh request in any window, or in a fixed window; answers after `latency` seconds."""

    def __init__(self, clock: Clock, *, fixed: bool = False, latency: float = 0.0, jitter: float = 0.0) -> None:
        self.clock, self.fixed, self.latency, self.jitter = clock, fixed, latency, jitter
        self.counted: deque[float] = deque()
        self.refused = 0
        self.dice = random.Random(7)

    def send(self, request: Request) -> Response:
        self.clock.tick(self.latency / 2)
        now = self.clock()
        start = now - now % 2.0 if self.fixed else now - 2.0
        while self.counted and (self.counted[0] < start if self.fixed else self.counted[0] <= start):
            self.counted.popleft()
        remaining = 10 - len(self.counted)
        self.clock.tick(self.latency / 2 + self.dice.uniform(0, self.jitter))
        if remaining <= 0:
            self.refused += 1
            return answer(429, {}, {"x-ratelimit-limit": "10/2", "x-ratelimit-wait": "0.4"})
        self.counted.append(now)
        headers = {"x-ratelimit-limit": "10/2", "x-ratelimit-remaining": str(remaining - 1)}
        return answer(200, {"timestamp": 1}, headers)

    def close(self) -> None:
        return None


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize(("latency", "jitter"), [(0.0, 0.0), (0.05, 0.0), (0.05, 0.05), (0.1, 0.01)])
def test_a_hundred_requests_take_as_long_as_the_limit_says_and_none_is_refused(
    fixed: bool, latency: float, jitter: float
) -> None:
    """Ten every two seconds: the last ten of a hundred can leave after 18 s, and we stay within 5 % of that."""
    clock = Clock()
    server = LimitedServer(clock, fixed=fixed, latency=latency, jitter=jitter)
    client = client_for(server, clock, pace=True)
    begun = clock()
    for _ in range(100):
        client.ping()
    assert server.refused == 0
    assert clock() - begun <= (18.0 + 10 * (latency + jitter)) * 1.05
    assert client.requests == 100


def test_the_first_ten_leave_at_once() -> None:
    clock = Clock()
    client = client_for(LimitedServer(clock), clock, pace=True)
    for _ in range(10):
        client.ping()
    assert clock.slept == []


def test_four_threads_share_the_limit_without_being_refused() -> None:
    """The same on real threads and a real clock, with a window ten times as short."""
    window, limit = 0.2, 10
    counted: deque[float] = deque()
    refused: list[float] = []
    lock = threading.Lock()

    def serve(request: Request) -> Response:
        now = time.monotonic()
        with lock:
            while counted and counted[0] <= now - window:
                counted.popleft()
            if len(counted) >= limit:
                refused.append(now)
                return answer(429, {}, {"x-ratelimit-limit": "10/0.2", "x-ratelimit-wait": "0.05"})
            counted.append(now)
            headers = {"x-ratelimit-limit": "10/0.2", "x-ratelimit-remaining": str(limit - len(counted))}
        return answer(200, {"timestamp": 1}, headers)

    client = Client("token", transport=ScriptedTransport(by=serve))
    begun = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.ping(), range(100)))
    assert len(refused) <= 2
    assert time.monotonic() - begun < 2.0 * 1.5


def test_a_limit_that_another_process_uses_too_is_learnt_from_what_remains() -> None:
    """Nine of ten slots were taken by a stranger: after the first answer we wait instead of being refused."""
    clock = Clock()
    pacer = Pacer(enabled=True, clock=clock, sleep=clock.sleep)
    first = pacer.take()
    pacer.answered(first, {"x-ratelimit-limit": "10/2", "x-ratelimit-remaining": "0"})
    pacer.take()
    assert clock() - 1_000.0 == pytest.approx(2.02)


def test_an_api_without_these_headers_is_not_paced() -> None:
    clock = Clock()
    client = client_for(ScriptedTransport(by=lambda _: answer(200, {"timestamp": 1})), clock, pace=True)
    for _ in range(200):
        client.ping()
    assert clock.slept == []


def test_one_answer_without_headers_does_not_undo_what_was_learnt() -> None:
    clock = Clock()
    pacer = Pacer(enabled=True, clock=clock, sleep=clock.sleep)
    pacer.answered(pacer.take(), {"x-ratelimit-limit": "2/4", "x-ratelimit-remaining": "1"})
    pacer.answered(pacer.take(), {})
    pacer.take()
    assert clock() - 1_000.0 == pytest.approx(4.04)


def test_pacing_can_be_turned_off_and_a_429_still_holds_everyone_back() -> None:
    clock = Clock()
    pacer = Pacer(enabled=False, clock=clock, sleep=clock.sleep)
    for _ in range(50):
        pacer.answered(pacer.take(), {"x-ratelimit-limit": "10/2"})
    assert clock.slept == []
    pacer.hold(3.0)
    pacer.take()
    assert clock() == pytest.approx(1_003.0)


def test_a_request_that_did_not_leave_gives_its_place_back() -> None:
    clock = Clock()
    pacer = Pacer(enabled=True, clock=clock, sleep=clock.sleep)
    for _ in range(30):
        pacer.give_back(pacer.take())
    assert clock.slept == []


def test_a_slow_first_connection_is_counted_when_the_server_saw_it() -> None:
    """Sent at 0 but answered at 0.5 where others take 0.1: it was counted at 0.4, and its slot is free only at 2.4."""
    clock = Clock()
    pacer = Pacer(enabled=True, clock=clock, sleep=clock.sleep)
    slow, quick = pacer.take(), pacer.take()
    clock.tick(0.1)
    pacer.answered(quick, {"x-ratelimit-limit": "2/2"})
    clock.tick(0.4)
    pacer.answered(slow, {"x-ratelimit-limit": "2/2"})
    pacer.take()
    assert clock() - 1_000.0 == pytest.approx(2.02)
    pacer.take()
    assert clock() - 1_000.0 == pytest.approx(2.42)


@pytest.mark.parametrize("header", ["1/60", "1/61", "1/3600"])
def test_pacing_never_waits_longer_than_a_minute(header: str) -> None:
    """R22: a limit that nobody can mean does not hold a run."""
    clock = Clock()
    pacer = Pacer(enabled=True, clock=clock, sleep=clock.sleep)
    for _ in range(3):
        pacer.answered(pacer.take(), {"x-ratelimit-limit": header})
    assert max(clock.slept, default=0) <= 60


@pytest.mark.parametrize(
    ("header", "limit"),
    [
        ("10/2", (10, 2.0)),
        ("5/0.5", (5, 0.5)),
        ("", None),
        ("10", None),
        ("0/2", None),
        ("10/0", None),
        ("-1/2", None),
        ("10/nan", None),
        ("10/inf", None),
        ("100/60", (100, 60.0)),
        ("1/3600", None),
        ("ten/2", None),
        ("10/2, 100/60", None),
        ("9" * 5000 + "/2", None),
    ],
)
def test_reading_the_limit(header: str, limit: tuple[int, float] | None) -> None:
    assert read_limit(header) == limit
