"""A client whose places are counted elsewhere asks there before each request, and says when one was counted late."""

from __future__ import annotations

from shoppingfeed import Place
from shoppingfeed._pacing import Pacer
from tests.unit.client.scripted import Clock

LIMIT = {"x-ratelimit-limit": "2/2", "x-ratelimit-remaining": "0"}


class Kept:
    """Answers what it is told, and keeps what it was asked."""

    def __init__(self, *answers: Place | float) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, object]] = []

    def take(self, limit: int, window: float) -> Place | float:
        self.asked.append(("take", (limit, window)))
        return self.answers.pop(0)

    def counted(self, place: Place, ago: float) -> None:
        self.asked.append(("counted", (place.number, round(ago, 3))))

    def hold(self, seconds: float) -> None:
        self.asked.append(("hold", seconds))


def pacer(clock: Clock, kept: Kept) -> Pacer:
    return Pacer(enabled=True, clock=clock, sleep=clock.sleep, shared=kept)


def test_a_request_waits_until_it_has_a_place_for_a_window() -> None:
    clock, kept = Clock(), Kept(0.3, 0.1, Place(4, 2.02))
    assert pacer(clock, kept).take().place == Place(4, 2.02)
    assert clock.slept == [0.3, 0.1]
    assert kept.asked == [("take", (10, 2.02))] * 3


def test_others_are_told_of_a_request_that_was_counted_late_and_of_no_other() -> None:
    """Two answered as fast as ever, one 0.4 s later."""
    clock, kept = Clock(), Kept(*(Place(number, 2.02) for number in range(3)))
    shared = pacer(clock, kept)
    for seconds in (0.1, 0.1, 0.5):
        slot = shared.take()
        clock.tick(seconds)
        shared.answered(slot, {"x-ratelimit-limit": "10/2"})
    assert [each for each in kept.asked if each[0] == "counted"] == [("counted", (2, 0.1))]


def test_those_who_share_a_pace_are_no_strangers() -> None:
    """The server says that none remains, and only who keeps the places knows for how long."""
    clock, kept = Clock(), Kept(Place(0, 2.02), Place(1, 2.02))
    shared = pacer(clock, kept)
    shared.answered(shared.take(), LIMIT)
    assert shared.take().place == Place(1, 2.02)
    assert clock.slept == []


def test_all_are_held_by_a_refusal() -> None:
    clock, kept = Clock(), Kept()
    pacer(clock, kept).hold(0.7)
    assert kept.asked == [("hold", 0.7)]


def test_an_api_without_a_limit_needs_no_places() -> None:
    clock, kept = Clock(), Kept(Place(0, 2.02))
    shared = pacer(clock, kept)
    for _ in range(5):
        shared.answered(shared.take(), {})
    assert [name for name, _ in kept.asked] == ["take"]
