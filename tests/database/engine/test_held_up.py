"""R13, R22: a run that stood still with an answer in hand, and goes on: the answer is as old as its question, and what
another run did meanwhile stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail

from sfsync.domain.trouble import Trouble
from sfsync.engine.kit.journal import Journal
from sfsync.engine.kit.lease import LeaseLost
from sfsync.engine.watch.notify import notify
from sfsync.models import Notice, Store, StoreState
from sfsync.testing import World
from shoppingfeed.sandbox import Fault
from tests.altered import Altered

MakeWorld = Callable[..., World]
pytestmark = pytest.mark.django_db


class HeldUp:
    """Connections of a run that stands still for as long as `meanwhile` takes, once: with the first answer of Shopping
    Feed to a `question` in hand (a method of its store, and a word of the query), or when it lets them go (`done`)."""

    def __init__(self, connections: Any, question: str, meanwhile: Callable[[], object]) -> None:
        self.connections, self.meanwhile = connections, meanwhile
        self.question, _, self.word = question.partition(" ")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connections, name)

    def client(self, store: Store) -> Any:
        client = self.connections.client(store)
        return Altered(client, store=lambda number: self._altered(client.store(number)))

    def done(self, store: Store) -> None:
        self.connections.done(store)
        if self.question == "done":
            self._stand_still()

    def _altered(self, feed: Any) -> Any:
        def ask(*what: Any, **query: Any) -> Any:
            answer = getattr(feed, self.question)(*what, **query)
            return self._held(answer) if self.word in ("", *query) else answer

        return Altered(feed, **{self.question: ask})

    def _held(self, answer: Any) -> Any:
        return SimpleNamespace(items=self._read(answer.items)) if hasattr(answer, "items") else self._read(answer)

    def _read(self, answer: Iterable[Any]) -> Iterator[Any]:
        read = [*answer]
        self._stand_still()
        yield from read

    def _stand_still(self) -> None:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()


def held_up(world: World, question: str, meanwhile: Callable[[], object]) -> list[Trouble]:
    """A run that stands still. Returns what it ended on."""
    connections: Any = world.connections

    def elsewhere() -> None:
        world.connections = connections
        meanwhile()

    held: Any = HeldUp(connections, question, elsewhere)
    world.connections = held
    return [each.trouble for each in world.sync().troubles]


def another_run(world: World, *, hours: int = 1, times: int = 1) -> None:
    """On another machine, once the lease is over."""
    for _ in range(times):
        world.advance(hours=hours)
        assert world.sync().ok


def unanswered(world: World, listed_after: float) -> int:
    """An order whose shipment arrived and was not answered; its ticket is listed so many seconds later."""
    order = world.ship(world.order(), "T-1")
    world.sandbox.fault(Fault("late", seconds=listed_after, times=None))
    world.sandbox.fault(Fault("accept-then-drop", operation="ship"))
    world.sync()
    return order


def test_a_list_that_was_asked_too_early_proves_nothing_when_it_is_read_late(world: World) -> None:
    order = unanswered(world, listed_after=8)
    assert held_up(world, "tickets order_id", lambda: world.advance(hours=1)) == []
    world.sync(wait=60)
    assert world.accepted(order) == world.told(order) == [("ship", "T-1")]
    assert "never-arrived" not in world.story(order)


def test_what_another_run_has_found_is_not_sent_again(world: World) -> None:
    world.sandbox.configure(ticket_seconds=100_000)
    order = unanswered(world, listed_after=4000)
    world.advance(hours=1)
    assert held_up(world, "tickets order_id", lambda: another_run(world)) == [Trouble.LEASE_LOST]
    world.sync()
    [task] = world.tasks(order)
    assert (bool(task.batch_id), world.accepted(order)) == (True, [("ship", "T-1")])


def test_a_ticket_of_an_earlier_try_is_not_put_back_over_a_later_one(make_world: MakeWorld) -> None:
    world = make_world(retry_minutes=0)
    order = world.ship(world.order(), "T-1")
    world.sandbox.fault(Fault("refuse", operation="ship", times=2, message="address unknown"))
    world.sync()
    world.advance(hours=1)
    assert held_up(world, "batches", lambda: another_run(world, times=2)) == [Trouble.LEASE_LOST]
    tickets = [each.ticket_id for each in world.sandbox.ledger.operations(world.feed_id(order))]
    [task] = world.tasks(order)
    assert (len(tickets), task.ticket_number) == (3, "")


def test_a_mail_is_not_sent_again_by_who_read_its_notices_before(world: World) -> None:
    """R20."""
    order = world.ship(world.order(), "T-1")
    world.sandbox.fault(Fault("ignore", order_id=world.feed_id(order), message="Not importable"))
    assert held_up(world, "done", lambda: another_run(world)) == [Trouble.LEASE_LOST]
    assert len(mail.outbox) == 1


def test_who_lost_its_lease_while_it_wrote_a_mail_does_not_send_it(world: World) -> None:
    """R20."""

    def beat() -> None:
        raise LeaseLost

    Notice.objects.create(store=world.store, key="a", code="api-unavailable", created_at=world.now())
    with pytest.raises(LeaseLost):
        notify(world.store, Journal(world.store, "sync", "", world.now), beat)
    assert (mail.outbox, Notice.objects.filter(mailed_at=None).count()) == ([], 1)


def test_a_list_says_nothing_of_an_order_that_came_after_it_was_read(world: World) -> None:
    """R13b: nor that the marketplace does not ship it itself."""
    world.ship(world.order(), "T-1")
    late: list[int] = []

    def it_comes() -> None:
        world.advance(hours=1)
        late.extend(world.shop.add_orders(1))
        world.ship(late[0], "T-2")
        world.list_there(late[0], fulfilled_by="channel", created_at=world.now().isoformat())
        away = world.sandbox.fault(Fault("drop", path="fulfilledBy", times=None))
        world.sync()
        world.sandbox.remove_fault(away)

    assert held_up(world, "orders fulfilled_by", it_comes) == [Trouble.LEASE_LOST]
    world.advance(hours=1)
    world.sync(wait=10)
    assert (len(late), world.accepted(late[0])) == (1, [])


def test_what_another_sender_told_meanwhile_is_still_to_be_asked_for(world: World) -> None:
    """R23: a run that had just asked does not say that all is known."""
    world.ship(world.order(), "T-1")

    def another_sends() -> None:
        world.advance(hours=1)
        world.shop.install_old_module()
        world.sync()

    assert held_up(world, "orders status", another_sends) == [Trouble.LEASE_LOST]
    assert StoreState.objects.get(pk=world.store.pk).adopted_at is None
