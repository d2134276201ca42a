"""Several requests at once, a bounded number, without giving up the caller's thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def completed(work: Callable[[A], B], items: Iterable[A], *, slots: int, stopped: threading.Event) -> Iterator[B]:
    """The results of `work`, run in threads, as they complete.

    The next item is pulled, in the caller's thread, only when a slot is free; a result that was not taken yet keeps
    its slot. When pulling raises, what is running is yielded first. When the caller closes the iterator, `stopped` is
    set and what is running is waited for.
    """
    with ThreadPoolExecutor(slots, thread_name_prefix="shoppingfeed") as pool:
        try:
            yield from _flow(pool, work, iter(items), slots)
        finally:
            stopped.set()


def _flow(pool: ThreadPoolExecutor, work: Callable[[A], B], items: Iterator[A], slots: int) -> Iterator[B]:
    running: set[Future[B]] = set()
    ready: deque[Future[B]] = deque()
    source: Iterator[A] | None = items
    failure: Exception | None = None
    while True:
        finished = ready.popleft() if ready else None
        while source and len(running) + len(ready) < slots:
            try:
                item = next(source)
            except StopIteration:
                source = None
            except Exception as error:
                source, failure = None, error
            else:
                running.add(pool.submit(work, item))
        if finished:
            yield finished.result()
        elif running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            ready.extend(done)
        else:
            break
    if failure:
        raise failure
