"""Runs that a page or the CRON address starts: a few threads, however many stores, and none is forgotten."""

from __future__ import annotations

import threading
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from sfsync.backoffice.kit.starting import AT_ONCE, in_few_threads


def test_a_thousand_stores_are_a_few_threads_and_nobody_waits_for_them() -> None:
    going, ran, done = threading.Event(), set(), threading.Semaphore(0)
    at_work, most = set(), []

    def run(store_id: int) -> None:
        at_work.add(threading.get_ident())
        most.append(len(at_work))
        going.wait(30)
        ran.add(store_id)
        done.release()

    for store_id in range(1000):
        in_few_threads(partial(run, store_id))
    going.set()
    assert all(done.acquire(timeout=30) for _ in range(1000))
    assert ran == set(range(1000))
    assert max(most) <= AT_ONCE


@given(st.lists(st.integers(0, 9), max_size=30))
def test_none_is_forgotten_however_they_come(stores: list[int]) -> None:
    done = threading.Semaphore(0)
    for _store in stores:
        in_few_threads(lambda: done.release())
    assert all(done.acquire(timeout=30) for _ in stores)
