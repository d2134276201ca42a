"""What a process does with a token's places, and without them."""

from __future__ import annotations

from collections.abc import Callable

from sfsync.db.pace_places import PaceLost
from sfsync.engine.kit.shared_pace import ASK_AGAIN, OWN, Keeper, TokenPace
from shoppingfeed import Place
from tests.unit.client.scripted import Clock


class Places:
    """Of which there is always one, while they can be reached."""

    def __init__(self) -> None:
        self.away = False
        self.asked = 0
        self.laid_off: list[tuple[int | None, float]] = []

    def take(self, token: str, limit: int, window: float) -> Place | float:
        self._ask()
        return Place(0, window)

    def later(self, token: str, number: int | None, seconds: float) -> None:
        self._ask()
        self.laid_off.append((number, round(seconds, 3)))

    def close(self) -> None:
        return None

    def _ask(self) -> None:
        self.asked += 1
        if self.away:
            raise PaceLost("gone")


def pace(places: Places, clock: Clock, running: Callable[[], int] = lambda: 4) -> tuple[TokenPace, Keeper]:
    keeper = Keeper(places, running, clock)
    return TokenPace("token", keeper, clock), keeper


def taken(each: TokenPace, clock: Clock, seconds: float, limit: int = 10) -> int:
    """How many requests leave within so many seconds."""
    end, count = clock() + seconds, 0
    while clock() < end:
        found = each.take(limit, 2.0)
        if isinstance(found, Place):
            count += 1
        else:
            clock.tick(found)
    return count


def test_without_the_places_a_process_keeps_to_its_share() -> None:
    """After a window in which the places may all be taken: a fourth of ten is two a window, a thirtieth of ten one in
    three windows."""
    clock, places = Clock(), Places()
    places.away = True
    assert taken(pace(places, clock)[0], clock, 21.9) == 20
    assert taken(pace(places, clock, lambda: 30)[0], clock, 61.9) == 10
    assert taken(pace(places, clock, lambda: 1)[0], clock, 21.9) == 100


def test_it_says_why_and_asks_again_from_time_to_time() -> None:
    clock, places = Clock(), Places()
    mine, keeper = pace(places, clock)
    places.away = True
    assert mine.take(10, 2.0) == 2.0
    assert keeper.lost == "gone"
    mine.take(10, 2.0)
    assert places.asked == 1
    places.away = False
    clock.tick(ASK_AGAIN)
    assert mine.take(10, 2.0) == Place(0, 2.0)
    assert keeper.lost == ""


def test_a_place_of_its_own_is_nobody_elses_business() -> None:
    clock, places = Clock(), Places()
    mine, _ = pace(places, clock)
    mine.counted(Place(OWN, 2.0), 0.1)
    mine.counted(Place(3, 2.0), 0.1)
    mine.hold(1.0)
    assert places.laid_off == [(3, 1.9), (None, 1.0)]
