"""R38, R39, lived: shop orders are imported, imported again, split, restored under old numbers, deleted, corrected and
merged, their ids are forgotten and learnt, while runs come, go and die. The judge knows Shopping Feed ids alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from sfsync.engine.kit.connections import Live
from sfsync.models import Task
from sfsync.testing import CANCELED, DELIVERED, PAID, PROCESSING, REFUNDED, SHIPPED, World
from shoppingfeed import Request, Response
from shoppingfeed.sandbox import Fault
from tests.database.engine.odd import relist

CHANNEL = "Zalando"
"""It takes every operation."""
ENDS = {CANCELED: "cancel", REFUNDED: "refund"}
places = st.integers(0, 99)
"""Which of the orders there are."""
statuses = st.sampled_from((PROCESSING, SHIPPED, SHIPPED, DELIVERED, CANCELED, REFUNDED))


class Killed(Exception):
    """What ends a run in the middle."""


class Killer:
    """Ends a run at its request number `at`, before or after it arrived; at 0 never."""

    def __init__(self, world: World) -> None:
        self.inner, self.at, self.after = world.sandbox.transport(), 0, False

    def send(self, request: Request) -> Response:
        self.at -= 1
        if self.at == 0 and not self.after:
            raise Killed
        response = self.inner.send(request)
        if self.at == 0:
            raise Killed
        return response

    def close(self) -> None: ...


@dataclass
class Truth:
    """What the shop says of one of its orders. `feed_id` is who it is, whether the shop knows the id or not."""

    feed_id: int
    reference: str
    status: int = PAID
    number: str = ""
    knows_id: bool = True
    there: bool = True

    @property
    def ended(self) -> bool:
        return self.status in ENDS


class Shops(RuleBasedStateMachine):
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.world = World(Path(tempfile.mkdtemp(dir=self.folder)), orders=1)
        self.killer = Killer(self.world)
        self.world.connections = Live(self.killer)
        self.world.shop.execute(self.world.shop.tables["shoppingfeed_order"].delete())
        self.ids, self.numbers = count(700_000_001), count(1)
        self.orders: dict[int, Truth] = {}
        self.named: dict[str, set[int]] = {}
        """Reference → the ids that were ever said to have it."""
        self.nameless: set[str] = set()
        """The references that ever stood alone."""
        self.told: dict[int, list[tuple[str, str]]] = {}
        self.judged = 0

    @initialize()
    def two_orders(self) -> None:
        self.an_order_is_imported(knows_id=True)
        self.an_order_is_imported(knows_id=True)

    # What the shop does

    @rule(knows_id=st.sampled_from((True, True, False)))
    def an_order_is_imported(self, knows_id: bool) -> None:
        self.import_as(self.fresh(knows_id))

    @rule(place=places, knows_id=st.booleans())
    def an_order_is_imported_again_or_split(self, place: int, knows_id: bool) -> None:
        twin = self.order(place)
        self.import_as(
            Truth(twin.feed_id, twin.reference, knows_id=twin.knows_id and (knows_id or not self.findable(twin)))
        )

    @rule(place=places, knows_id=st.booleans())
    def a_restored_shop_gives_its_number_to_another_order(self, place: int, knows_id: bool) -> None:
        self.claim(self.number(place), self.fresh(knows_id))

    @rule(place=places)
    def its_id_is_corrected(self, place: int) -> None:
        order = self.order(place)
        if order.reference in self.nameless:
            return
        fresh = self.fresh(knows_id=True)
        self.claim(self.number(place), Truth(fresh.feed_id, order.reference, order.status, order.number))

    @rule(place=places, other=places)
    def it_turns_out_to_be_the_order_of_another(self, place: int, other: int) -> None:
        order, twin = self.order(place), self.order(other)
        self.claim(
            self.number(place), Truth(twin.feed_id, twin.reference, order.status, order.number, knows_id=twin.knows_id)
        )

    @rule(place=places)
    def its_id_is_forgotten(self, place: int) -> None:
        order = self.order(place)
        if self.findable(order):
            order.knows_id = False
            self.nameless.add(order.reference)
            relist(self.world, self.number(place), id_internal_shoppingfeed="0")

    @rule(place=places)
    def its_id_is_learnt(self, place: int) -> None:
        order = self.order(place)
        order.knows_id = True
        relist(self.world, self.number(place), id_internal_shoppingfeed=str(order.feed_id))

    @precondition(lambda self: sum(each.there for each in self.orders.values()) > 1)
    @rule(place=places)
    def it_is_deleted(self, place: int) -> None:
        """From this shop; its number is not given again."""
        number, orders = self.number(place), self.world.shop.tables["orders"]
        self.world.shop.execute(orders.update().where(orders.c.id_order == number).values(id_shop=2))
        self.orders[number].there = False

    @rule(place=places, status=statuses, numbered=st.booleans())
    def its_status_changes(self, place: int, status: int, numbered: bool) -> None:
        order = self.order(place)
        if numbered:
            order.number = f"T-{next(self.numbers)}"
            self.world.shop.set_tracking(self.number(place), order.number)
        order.status = status
        self.world.shop.set_status(self.number(place), status)

    # What comes between

    @rule(minutes=st.sampled_from((1, 6, 60)))
    def time_passes(self, minutes: int) -> None:
        self.world.advance(minutes=minutes)

    @rule(place=places)
    def its_next_ticket_is_refused(self, place: int) -> None:
        self.world.sandbox.fault(Fault("refuse", order_id=self.order(place).feed_id, message="not now", times=1))

    @rule(wait=st.sampled_from((0, 0, 20)))
    def a_run(self, wait: float) -> None:
        self.world.sync(wait=wait)
        self.judge()

    @rule(place=places, status=statuses, wait=st.sampled_from((0, 20)))
    def a_change_and_a_run(self, place: int, status: int, wait: float) -> None:
        self.its_status_changes(place, status, numbered=True)
        self.a_run(wait)

    @rule(at=st.integers(1, 12), after=st.booleans(), wait=st.sampled_from((0, 20)))
    def a_run_that_dies(self, at: int, after: bool, wait: float) -> None:
        self.killer.at, self.killer.after = at, after
        try:
            self.world.sync(wait=wait)
        except Killed:
            pass
        finally:
            self.killer.at = 0
        self.judge()

    # Its words

    def number(self, place: int) -> int:
        """One of the orders that are there."""
        there = [number for number, order in self.orders.items() if order.there]
        return there[place % len(there)]

    def order(self, place: int) -> Truth:
        return self.orders[self.number(place)]

    def findable(self, order: Truth) -> bool:
        """Its reference is that of one id, so that the id can be told by it."""
        return self.named[order.reference] == {order.feed_id}

    def fresh(self, knows_id: bool) -> Truth:
        """An order that Shopping Feed has just taken in."""
        feed_id = next(self.ids)
        truth = Truth(feed_id, f"Z-{feed_id}", knows_id=knows_id)
        self.world.sandbox.add_order(feed_id, reference=truth.reference, channel=CHANNEL)
        return truth

    def import_as(self, truth: Truth) -> None:
        [number] = self.world.shop.add_orders(1, channel=CHANNEL)
        self.claim(number, truth)

    def claim(self, number: int, truth: Truth) -> None:
        """The shop's order is this one now, and stands as it says."""
        self.orders[number] = truth
        self.named.setdefault(truth.reference, set()).add(truth.feed_id)
        if not truth.knows_id:
            self.nameless.add(truth.reference)
        feed_id = str(truth.feed_id) if truth.knows_id else "0"
        relist(self.world, number, id_internal_shoppingfeed=feed_id, id_order_marketplace=truth.reference)
        if truth.status != self.world.shop.order(number).status:
            self.world.shop.set_status(number, truth.status, history=False)
        self.world.shop.set_tracking(number, truth.number)

    # The judge

    def judge(self) -> None:
        """What was accepted since is what the orders that are now this id ask for."""
        accepted = self.world.sandbox.ledger.accepted
        for each in accepted[self.judged :]:
            what = (each.operation, each.tracking_number)
            assert what in set(self.asked(each.order_id)), (what, each.order_id, self.orders)
        self.judged = len(accepted)
        assert self.world.sandbox.ledger.duplicates() == []

    def living(self, feed_id: int) -> list[Truth]:
        return [each for each in self.orders.values() if each.there and each.feed_id == feed_id]

    def asked(self, feed_id: int) -> Iterator[tuple[str, str]]:
        """R38: all that may be told of a marketplace order now."""
        living = self.living(feed_id)
        going = [each for each in living if not each.ended]
        yield from (("ship", each.number) for each in going if each.number)
        if going and all(each.status == DELIVERED for each in going):
            yield ("deliver", "")
        if not going:
            yield from ((ENDS[each.status], "") for each in living)

    def tasks(self) -> list[Task]:
        return list(Task.objects.filter(store=self.world.store))

    def teardown(self) -> None:
        try:
            for _ in range(3):
                self.world.advance(hours=25)
                self.world.sync(wait=60)
                self.judge()
            for feed_id in {each.feed_id for each in self.orders.values()}:
                self.nothing_is_left_untold(feed_id)
            assert [task.lease for task in self.tasks()] == [""] * len(self.tasks())
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    def nothing_is_left_untold(self, feed_id: int) -> None:
        told = [(each.operation, each.tracking_number) for each in self.world.sandbox.ledger.operations(feed_id)]
        names = {name for name, _ in told}
        living = self.living(feed_id)
        going = [each for each in living if not each.ended]
        numbers = {each.number for each in going if each.number}
        if living and not going:
            assert names & set(ENDS.values()), (feed_id, told, living)
        elif numbers and not names & set(ENDS.values()):
            assert numbers & {number for _, number in told}, (feed_id, told, living)
            if all(each.status == DELIVERED for each in going):
                assert "deliver" in names, (feed_id, told, living)


def test_no_order_is_told_of_another(db: None, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """R38, R39: no operation goes to an id that no living shop order is, none is told twice, none is left untold."""
    histories = max(request.config.getoption("--histories") // 10, 1)
    machine = type("Machine", (Shops,), {"folder": tmp_path})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            phases=[Phase.generate],
            report_multiple_bugs=False,
        ),
    )
