"""One pace for a token, however many processes send with it: its places are counted in Redis, else in PostgreSQL.

An SQLite file is one machine's, whose service is one process: there each client keeps its own count.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol, TypeVar

from django.db import connection
from django.utils import timezone

from sfsync.conf import conf
from sfsync.db.pace_places import PaceLost, PostgresqlPlaces, running_processes
from sfsync.db.pace_redis import RedisPlaces
from shoppingfeed import Place, SharedPace

logger = logging.getLogger("sfsync.pace")
T = TypeVar("T")
Clock = Callable[[], float]
ASK_AGAIN = 5.0
"""What did not answer is asked again at each full so many seconds of the clock: by all processes at once, for who is
back counts those no more that are not."""
SHORTEST = 0.005
"""Seconds before a place is asked for again: another process may just have taken the one that looked free."""
OWN = -1
"""The number of a place that only this process knows of."""


class Places(Protocol):
    """Where the places of all tokens are kept. Raises `PaceLost`."""

    def take(self, token: str, limit: int, window: float) -> Place | float:
        """A place, or the seconds until one may be free."""

    def later(self, token: str, number: int | None, seconds: float) -> None:
        """A place, or each of them if None, is not free before so many seconds have passed."""

    def close(self) -> None: ...


class Keeper:
    """This process's way to the places. While they are `lost` (why, for a person), it knows how many processes
    share."""

    def __init__(self, places: Places, running: Callable[[], int], clock: Clock = time.time) -> None:
        self.lost = ""
        self.sharers = 1
        self._places = places
        self._running = running
        self._clock = clock
        self._ask_at = 0.0
        self.lost_at = 0.0

    def ask(self, question: Callable[[Places], T], *, now: bool = False) -> T | None:
        """None while the places are lost; they are asked again from time to time, or `now`."""
        if self.lost and self._clock() < self._ask_at and not now:
            return None
        try:
            answer = question(self._places)
        except PaceLost as error:
            self._lose(str(error))
            return None
        if self.lost:
            logger.warning("Requests are counted together again.")
        self.lost = ""
        return answer

    def _lose(self, why: str) -> None:
        now = self._clock()
        self._ask_at = (now // ASK_AGAIN + 1) * ASK_AGAIN
        self.sharers = self._running()
        if not self.lost:
            self.lost_at = now
            logger.warning("Requests are not counted together, each process keeps to its share: %s", why)
        self.lost = why or "no answer"

    def close(self) -> None:
        self._places.close()


class Alone:
    """The share of one process while nobody counts for all: so many requests in any window."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._taken: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self, limit: int, window: float, sharers: int, since: float) -> Place | float:
        """`since`: up to then others may have used all there was, so the first window is left to that."""
        share, length = max(limit // sharers, 1), window * max(sharers / limit, 1.0)
        with self._lock:
            now = self._clock()
            while self._taken and self._taken[0] <= now - length:
                self._taken.popleft()
            free_at = max(since + window, self._taken[-share] + length if len(self._taken) >= share else 0.0)
            if free_at > now:
                return max(free_at - now, SHORTEST)
            self._taken.append(now)
        return Place(OWN, length)


class TokenPace:
    """The pace of one token, as a client asks for it (`shoppingfeed.SharedPace`)."""

    def __init__(self, token: str, keeper: Keeper, clock: Clock = time.time) -> None:
        self._token = token
        self._keeper = keeper
        self._alone = Alone(clock)

    def take(self, limit: int, window: float) -> Place | float:
        found = self._keeper.ask(lambda places: places.take(self._token, limit, window))
        if found is None:
            return self._alone.take(limit, window, self._keeper.sharers, self._keeper.lost_at)
        return found if isinstance(found, Place) else max(found, SHORTEST)

    def counted(self, place: Place, ago: float) -> None:
        if place.number != OWN:
            self._keeper.ask(lambda places: places.later(self._token, place.number, place.window - ago))

    def hold(self, seconds: float) -> None:
        self._keeper.ask(lambda places: places.later(self._token, None, seconds))


def shared_pace(api_url: str, token: str) -> SharedPace | None:
    """None where a token has one process, or where nothing is paced."""
    kept = keeper(conf().pace_url) if conf().paced else None
    digest = hashlib.sha256(f"{api_url} {token}".encode()).hexdigest()
    return TokenPace(digest, kept) if kept else None


@functools.cache
def keeper(url: str | None) -> Keeper | None:
    """The one of this process."""
    if not url and connection.vendor != "postgresql":
        return None
    return Keeper(RedisPlaces(url) if url else PostgresqlPlaces(), lambda: running_processes(timezone.now()))


def close() -> None:
    """Leave the places to themselves; who asks again is connected anew."""
    for url in {conf().pace_url, None}:
        if kept := keeper(url):
            kept.close()


def lost_pace(*, now: bool = False) -> str:
    """Why requests are not counted together, though they should be: at the last try, or at one made `now`. Empty where
    all is well."""
    kept = keeper(conf().pace_url) if conf().paced else None
    if kept is None:
        return ""
    if now and conf().pace_url:
        kept.ask(lambda places: places.later("", None, 0), now=True)
    return kept.lost
