"""A random history, from its seed: a merchant changes orders while runs come and go, are killed, held up and woken
again, and while answers get lost."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator

from tests.faults.oracle import CANCELED, DELIVERED, PAID, PROCESSING, REFUNDED, SHIPPED, Fate, complaints
from tests.faults.stage import Child, Stage, Story

LOST_ANSWERS = ("drop", "accept-then-drop", "accept-then-500", "accept-then-garbage", "status")
STATUSES = (PAID, PROCESSING, SHIPPED, SHIPPED, SHIPPED, DELIVERED, CANCELED, REFUNDED)
ORDERS = 5


class History:
    """One history. The same seed does the same, as far as the processes' own timing goes."""

    def __init__(self, stage: Stage, seed: int, story: Story | None = None) -> None:
        self.chance = random.Random(seed)
        self.stage, self.story = stage, story or stage.story()
        self.fates = {order: Fate() for order in self.story.orders[:ORDERS]}
        self.faults: list[int] = []

    def unfold(self) -> None:
        if self.chance.random() < 0.5:
            self.merchant()
        for _ in range(self.chance.randint(2, 4)):
            self.trouble()
            runs = [self.run() for _ in range(self.chance.choice((1, 1, 2)))]
            self.merchant()
            self.end(runs)
            self.stage.pass_time(self.chance.choice((0, 20, 400, 4000)))

    def merchant(self) -> None:
        for _ in range(self.chance.randint(1, 4)):
            order = self.chance.choice(list(self.fates))
            fate = self.fates[order]
            if self.chance.random() < 0.4:
                fate.numbers.append(f"T-{order}-{len(fate.numbers)}")
                fate.quiet = True
                self.story.shop.set_tracking(order, fate.numbers[-1])
            else:
                fate.statuses.append(self.chance.choice(STATUSES))
                fate.quiet = self.chance.random() < 0.1
                self.story.shop.set_status(order, fate.statuses[-1], history=not fate.quiet)

    def trouble(self) -> None:
        """An answer gets lost, a ticket comes late or fails."""
        draw = self.chance.random()
        if draw < 0.3:
            self.faults.append(self.story.fault(self.chance.choice(LOST_ANSWERS), method="POST"))
        elif draw < 0.4:
            self.faults.append(self.story.fault("late", seconds=8, times=3))
        elif draw < 0.5:
            self.faults.append(self.story.fault("refuse", message="not now"))

    def run(self) -> Child:
        """A run that may be killed or held up at some point of its work."""
        kind, most = self.chance.choice((("write", 80), ("http", 20), ("outside", 30), ("", 1)))
        how = "stop" if kind == "outside" else "kill"
        boundary = {"kind": kind, "at": self.chance.randint(1, most), "how": how}
        return self.story.start(wait=self.chance.choice((0, 30)), concurrency=self.chance.choice((1, 4)), **boundary)

    def end(self, runs: list[Child]) -> None:
        """Those that were not killed end well; those that stand still wake up when others have taken over."""
        ends = [run.wait() for run in runs]
        assert [end.err for end in ends if not (end.stopped or end.killed) and end.status] == []
        standing = [run for run, end in zip(runs, ends, strict=True) if end.stopped]
        if standing:
            self.stage.clock.advance(400)
            self.merchant()
            self.story.sync(wait=self.chance.choice((0, 30)))
        for run in standing:
            run.send(signal.SIGCONT)
            ended = run.wait()
            assert ended.status == 0, ended.err

    def finish(self, runs: int = 2) -> None:
        """Everything is well again, and the scheduled runs do what is left."""
        for fault in self.faults:
            self.stage.sandbox.remove_fault(fault)
        for _ in range(runs):
            self.stage.clock.advance(700)
            self.story.sync(wait=90)

    def complaints(self) -> Iterator[str]:
        facts = self.story.facts()
        book = self.stage.sandbox.market.stores[self.story.store_id].book
        for order, fate in self.fates.items():
            fate.accepted = self.story.accepted(order)
            tickets = book.of_order(self.story.feed_id(order))
            done = [ticket.accepted for ticket in tickets if ticket.outcome == "succeed"]
            fate.done = [(each.operation, each.tracking_number) for each in done]
            fate.left = [task["failure"] for task in facts["tasks"] if task["shop_order"] == order]
            fate.told = [notice["code"] for notice in facts["notices"] if notice["shop_order"] == order]
            yield from (f"order {order}: {complaint}: {fate}" for complaint in complaints(fate))
        yield from (f"sent twice: {each}" for each in self.story.duplicates())
        yield from (f"still held: {task}" for task in facts["tasks"] if task["lease"])
