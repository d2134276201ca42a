"""Connections that stay open between runs, and are closed under nobody (R22)."""

from __future__ import annotations

import threading

from sfsync.db.secrets import Secret
from sfsync.engine.kit.connections import KEPT, Kept, Live
from sfsync.models import Store
from sfsync.testing import World


class Connection:
    def __init__(self) -> None:
        self.open = True

    def close(self) -> None:
        self.open = False


def test_one_that_is_in_use_stays_open_whatever_else_is_asked_for() -> None:
    kept: Kept[Connection] = Kept()
    mine = kept.get("me", "mine", Connection)
    others = [kept.get("you", number, Connection) for number in range(KEPT + 10)]
    assert mine.open
    assert all(each.open for each in others)
    kept.done("you")
    assert [mine.open, sum(each.open for each in others)] == [True, KEPT - 1]
    assert kept.get("me", "mine", Connection) is mine


def test_one_that_two_use_is_closed_when_both_are_done() -> None:
    kept: Kept[Connection] = Kept()
    shared = kept.get("one", "shared", Connection)
    kept.get("two", "shared", Connection)
    for number in range(KEPT):
        kept.get(number, number, Connection)
        kept.done(number)
    kept.done("one")
    assert shared.open
    kept.done("two")
    kept.get("three", "another", Connection)
    kept.done("three")
    assert not shared.open


def test_threads_never_see_a_closed_one() -> None:
    kept: Kept[Connection] = Kept()
    closed: list[int] = []

    def work(thread: int) -> None:
        for number in range(500):
            used = kept.get(thread, (number * 7 + thread) % (KEPT + 20), Connection)
            if not used.open:
                closed.append(number)
            kept.done(thread)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert closed == []


def test_a_client_in_use_stays_open_while_many_other_stores_run(world: World) -> None:
    with world.sandbox.serve() as server:
        live = Live()
        stores = [
            Store(pk=1000 + number, token=Secret(f"token-{number}"), feed_store_id=10, api_url=server.url)
            for number in range(KEPT + 2)
        ]
        stores[0].token = Secret("sandbox-token")
        mine = live.client(stores[0])
        mine.ping()
        for store in stores[1:]:
            live.client(store)
            live.done(store)
        assert mine.ping()
        live.close()


def test_a_run_is_done_with_its_connections(world: World) -> None:
    """Also when it could not be carried out."""
    asked: list[str] = []
    given = world.connections
    world.connections.done = lambda store: asked.append(store.name)  # type: ignore[method-assign]
    world.sync()
    given.shop = None  # type: ignore[assignment, method-assign]
    try:
        world.sync()
    except TypeError:
        asked.append("crashed")
    assert asked == ["main", "main", "crashed"]
