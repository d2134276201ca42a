"""What a fleet's workers are in for: an hour without them, one that is killed, shops that do not answer, and a store
with a great deal to send."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from itertools import pairwise

from benchmarks.crew import Crew
from benchmarks.figures import Figures, Target
from benchmarks.rig import Rig
from benchmarks.scenarios import Wrong
from benchmarks.waiting import until
from shoppingfeed.sandbox import Fault, Sandbox
from shoppingfeed.sandbox.state import DEFAULT_STORE
from tests import services

DUE_STORES, BEATS = 1000, 1800
"""An hour of beats, one every two seconds."""
STORES, TROUBLED, WATCHED = 100, 20, 200.0
"""Stores that run every minute, those whose shop does not answer, and the seconds for which they are watched."""
MANY, SMALL = 30_000, 100
TURN = 30.0
"""Seconds, as the settings have it."""


def work(rig: Rig, figures: Figures) -> None:
    hour_without_workers(rig, figures)
    killed_worker(rig, figures)
    one_beside_many(rig, figures)


def hour_without_workers(rig: Rig, figures: Figures) -> None:
    """Every store is due. What the last worker sent stays where it is, and the beat goes on."""
    from benchmarks.fleet import worker

    shop, _ = rig.shop(1)
    home = rig.home(shop, database="postgresql", broker_url=_redis())
    worker(home, "make", DUE_STORES)
    worker(home, "beats", BEATS)
    crew = Crew(home)
    waiting = crew.messages()
    crew.rows("UPDATE sfsync_process SET woken_until = woken_until - interval '1 hour'")
    with crew.at_work(1):
        until(lambda: "ready." in (home.folder / "worker.log").read_text(), "a worker is ready")
        first = until(lambda: any(crew.starts().values()), "a store runs")
    name = f"{DUE_STORES:,} stores after an hour without workers"
    figures.targets += [
        Target(f"messages waiting: {name}", DUE_STORES, waiting),
        Target(f"from a worker's start to the first store's: {name}", 1, first, "s"),
    ]


def killed_worker(rig: Rig, figures: Figures) -> None:
    """While its request is under way; the worker's other process goes on."""
    sandbox = Sandbox(rate_limit=None)
    shop, orders = rig.shop(1)
    with sandbox.serve() as feed:
        home = rig.home(shop, database="postgresql", api_url=feed.url, broker_url=_redis())
        crew = Crew(home)
        shop.bulk_ship(orders)
        sandbox.fault(Fault("slow", seconds=20, when="after", operation="ship", order_id=shop.feed_id(orders[0]) or 0))
        with crew.at_work(2):
            until(lambda: sandbox.ledger.accepted, "a request is under way")
            [(pid,)] = crew.rows("SELECT pid FROM sfsync_process WHERE name = 'sync'")
            [before] = crew.starts().values()
            os.kill(pid, signal.SIGKILL)
            taken = until(lambda: [*crew.starts().values()] != [before], "its store runs again")
    figures.targets.append(Target("a killed worker's store runs again, on the same machine", 15, taken, "s"))


def troubled_shops(rig: Rig, figures: Figures) -> None:
    """All are due at once when the workers begin."""
    healthy, sandbox = STORES - TROUBLED, Sandbox(rate_limit=None)
    for number in range(1, STORES):
        sandbox.add_store(DEFAULT_STORE + number)
    shop, _ = rig.shop(1)
    seen: dict[str, list[float]] = {}
    with _unanswered() as port, sandbox.serve() as feed:
        away = [f"mysql://reader:secret@127.0.0.1:{port}/shop{number}" for number in range(TROUBLED)]
        given = {"stores": healthy, "others": away, "api_url": feed.url, "broker_url": _redis()}
        crew, began = Crew(rig.home(shop, database="postgresql", **given)), time.time()
        crew.rows("UPDATE sfsync_store SET every_minutes = 1")
        with crew.at_work(4):
            while time.time() - began < WATCHED:
                _note(seen, crew.starts())
                time.sleep(0.5)
        if crew.rows("SELECT count(*) FROM sfsync_process WHERE failures > 0 AND name = 'sync'") != [(TROUBLED,)]:
            raise Wrong("Other stores are in trouble than those whose shop does not answer.")
    starts = [seen[f"store{number}"] for number in range(healthy)]
    apart = [later - earlier for its in starts for earlier, later in pairwise(its)]
    name = f"{TROUBLED} of {STORES} stores every minute, of which the shop does not answer"
    figures.targets.append(Target(f"most seconds between two runs of a healthy one: {name}", 66, max(apart), "s"))


def _note(seen: dict[str, list[float]], starts: dict[str, float | None]) -> None:
    for store, at in starts.items():
        if at is not None and at not in seen.setdefault(store, []):
            seen[store].append(at)


def one_beside_many(rig: Rig, figures: Figures) -> None:
    """With two processes, at Shopping Feed's real pace."""
    sandbox = Sandbox()
    for number in range(1, SMALL + 1):
        sandbox.add_store(DEFAULT_STORE + number, token=f"token-{number}")
    big, orders = rig.shop(MANY)
    small, _ = rig.shop(1)
    tokens = ["sandbox-token", *(f"token-{number}" for number in range(1, SMALL + 1))]
    with sandbox.serve() as feed:
        given = {"others": [small.url] * SMALL, "tokens": tokens, "api_url": feed.url, "paced": True}
        home = rig.home(big, database="postgresql", broker_url=_redis(), **given)
        crew = Crew(home)
        with crew.at_work(2):
            until(lambda: crew.rested() == SMALL + 1, "every store has run once")
            big.bulk_ship(orders)
            crew.rows(f"{_ASKED} = (SELECT id FROM sfsync_store WHERE name = 'store0')")
            until(lambda: sandbox.ledger.accepted, "the big store sends")
            before = crew.starts()
            crew.rows(f"{_ASKED} <> (SELECT id FROM sfsync_store WHERE name = 'store0')")
            last = until(lambda: _later(before, crew.starts()) == SMALL, "every small store has run again")
            if len(sandbox.ledger.accepted) == MANY:
                raise Wrong("The big store was done before the small ones ran.")
    name = f"{SMALL} small stores beside one with {MANY:,} changes, in two processes"
    figures.targets.append(Target(f"turns that the last one waited: {name}", 2, last / TURN))


_ASKED = "UPDATE sfsync_process SET next_run_at = now() WHERE store_id"


def _later(before: dict[str, float | None], starts: dict[str, float | None]) -> int:
    """How many small stores have begun another run."""
    return sum(at != before[store] for store, at in starts.items() if store != "store0")


def _redis() -> str:
    return services.redis().database("8")


@contextlib.contextmanager
def _unanswered() -> Iterator[int]:
    """A port where nobody takes the call: so many are waiting that the next ones are not even heard."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])
