"""Promise 3: in order, and one at a time for an order, however many workers there are; the database sees to it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import pytest

from sfsync.testing import DELIVERED
from shoppingfeed.sandbox import ManualClock, Sandbox
from shoppingfeed.sandbox.tickets import Ticket
from tests.faults.stage import FIRST_FEED_ID, TOKEN, Stage, Story
from tests.waiting import until


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Tickets are open until somebody lets the time pass."""
    with (sandbox := Sandbox(TOKEN, clock=ManualClock(time.time()), ticket_seconds=1)).serve() as server:
        sandbox.url = server.url  # type: ignore[attr-defined]
        yield sandbox


class Crowd:
    """Stores with many orders each, and workers that take whatever store is free."""

    def __init__(self, stage: Stage, sandbox: Sandbox, *, stores: int, orders: int, workers: int) -> None:
        self.stage, self.sandbox, self.workers = stage, sandbox, workers
        self.stories = [stage.story(api_url=sandbox.url) for _ in range(stores)]  # type: ignore[attr-defined]
        self.orders = {story.name: self._fill(story, orders) for story in self.stories}

    def _fill(self, story: Story, orders: int) -> list[int]:
        self.sandbox.add_store(story.store_id, token=TOKEN)
        return story.shop.add_orders(orders, channel="Zalando", first_feed_id=self.first(story))

    def first(self, story: Story) -> int:
        return FIRST_FEED_ID + story.store_id * 100_000

    def work(self) -> None:
        """All workers at once. The merchant delivers what is shipped while its ship is in flight, and every ticket
        stays open until the workers have seen what waits for it."""
        for story in self.stories:
            story.shop.bulk_ship(self.orders[story.name])
        work = self.stage.victim.start
        runs = [work("work", stores=self._shuffled(number), wait=0.3) for number in range(self.workers)]
        for story in self.stories:
            until(partial(self.accepted, story, 1), "every ship is in flight")
            story.shop.bulk_ship(self.orders[story.name], status=DELIVERED)
        for story in self.stories:
            until(partial(self.waiting, story), "a deliver waits for each ship")
        for operations in (1, 2):
            assert all(self.accepted(story, operations) for story in self.stories)
            self.sandbox.advance(2)
            until(lambda: all(self.accepted(story, 2) for story in self.stories), "every deliver is in flight")
        ends = [run.wait() for run in runs]
        assert [end.err for end in ends if end.status or end.signal] == []
        assert all(end.answer for end in ends), "a worker never had a store"

    def accepted(self, story: Story, operations: int) -> bool:
        """So many of each order of the store, and no more."""
        orders = range(len(self.orders[story.name]))
        return all(len(self.tickets(story, number)) == operations for number in orders)

    def waiting(self, story: Story) -> bool:
        actions = Counter(task["action"] for task in story.facts()["tasks"])
        return actions == dict.fromkeys(("SYNC_STATUS", "CHECK_TICKET_SYNC_STATUS"), len(self.orders[story.name]))

    def tickets(self, story: Story, number: int) -> list[Ticket]:
        book = self.sandbox.market.stores[story.store_id].book
        return book.of_order(self.first(story) + number)

    def _shuffled(self, number: int) -> list[str]:
        names = [story.name for story in self.stories]
        start = number % len(names)
        return names[start:] + names[:start]

    def check(self) -> None:
        """Each order was shipped, then delivered, each once, the second after the first one's ticket was done."""
        assert self.sandbox.ledger.duplicates() == []
        for story in self.stories:
            for number in range(len(self.orders[story.name])):
                tickets = self.tickets(story, number)
                assert [ticket.accepted.operation for ticket in tickets] == ["ship", "deliver"]
                assert all(one.finished_at <= next_one.accepted.at for one, next_one in pairwise(tickets))
            assert story.facts()["tasks"] == []


def test_eight_workers_and_two_thousand_orders_on_postgresql(postgres_stage: Stage, sandbox: Sandbox) -> None:
    """R10, R13a, R22."""
    crowd = Crowd(postgres_stage, sandbox, stores=8, orders=250, workers=8)
    crowd.work()
    crowd.check()
    assert sandbox.ledger.accepted_by_operation == {"ship": 2000, "deliver": 2000}


def test_two_workers_on_sqlite(sqlite_stage: Stage, sandbox: Sandbox) -> None:
    """R10, R13a, R22."""
    crowd = Crowd(sqlite_stage, sandbox, stores=2, orders=500, workers=2)
    crowd.work()
    crowd.check()


@pytest.mark.parametrize("workers", [8])
def test_no_task_is_claimed_by_two_even_without_the_lease_of_the_store(stage: Stage, workers: int) -> None:
    """R13: eight processes that all believe to hold the store win 2,000 tasks between them, each once."""
    story = stage.story()
    more = story.shop.add_orders(2000, channel="Zalando", first_feed_id=FIRST_FEED_ID + 1000)
    story.shop.bulk_ship(more)
    story.sync_seen_only()
    runs = [stage.victim.start("claims", store=story.name, most=70) for _ in range(workers)]
    ends = [run.wait() for run in runs]
    assert [end.err for end in ends if end.status or end.signal] == []
    claimed = [task for end in ends for task in end.answer]
    assert len(claimed) == len(set(claimed)) == 2000


def test_two_operations_in_flight_for_one_order_are_refused_by_the_database(stage: Stage) -> None:
    """R10: by a unique constraint, whatever the code does."""
    story = stage.story()
    story.shop.bulk_ship(story.orders[:1])
    story.sync()
    assert [task["action"] for task in story.facts()["tasks"]] == ["CHECK_TICKET_SYNC_STATUS"]
    done = stage.victim.start("duplicate", store=story.name).wait()
    assert "IntegrityError" in done.err
    assert len(story.facts()["tasks"]) == 1
