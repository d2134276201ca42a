"""What stops a store is seen and told, and nothing that a person or a shop does in between is lost: R2 to R8, R22."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import time_machine
from django.core import mail
from django.db import OperationalError, connection, connections
from django.db.models import QuerySet
from django.test import override_settings

from sfsync import texts
from sfsync.engine.due import due
from sfsync.engine.kit.connections import Live
from sfsync.engine.people import acts, at_once
from sfsync.engine.watch.health import health_of
from sfsync.engine.watch.story import story_of
from sfsync.models import LogEntry, Order, Store, Task
from sfsync.shops.base import OpenShop, ShopUnavailable
from sfsync.testing import DELIVERED, PROCESSING, SHIPPED, World
from shoppingfeed import Client, Request, Response
from shoppingfeed.sandbox import Fault
from tests.database.engine.odd import Twist

Act = Callable[[QuerySet[Order], str], int]


class BadShop(Live):
    """Whatever a shop is asked ends in this error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def shop(self, store: Store) -> OpenShop:
        return cast(OpenShop, self)

    def __getattr__(self, name: str) -> Any:
        raise self.error


def in_the_row(world: World) -> str:
    return Store.objects.get(pk=world.store.pk).state.trouble


def test_a_lost_key_is_in_the_row_and_mailed(world: World) -> None:
    """R20, R22: the token cannot be read, and people hear of it."""
    world.ship(world.order(), "T-1")
    with override_settings(SFSYNC_SECRET_KEYS=lambda: ["another key that is long enough"]):
        [stopped] = world.sync().troubles
    assert (stopped.trouble, in_the_row(world), len(mail.outbox)) == ("secret-unreadable", "secret-unreadable", 1)


def test_a_misconfigured_shop_is_in_the_row_and_mailed(world: World) -> None:
    """R20, R22."""
    world.ship(world.order(), "T-1")
    Store.objects.filter(pk=world.store.pk).update(shop_settings={"prefix": "p s;"})
    [stopped] = world.sync().troubles
    assert (stopped.trouble, in_the_row(world), len(mail.outbox)) == ("shop-misconfigured", "shop-misconfigured", 1)


def test_a_crash_that_repeats_is_mailed_once(world: World) -> None:
    """R20, R22: it is raised for the log each time, and told to people."""
    world.connections = BadShop(RuntimeError("bug"))
    for _ in range(12):
        with pytest.raises(RuntimeError):
            world.sync()
        world.advance(hours=1)
    assert in_the_row(world) == "crashed"
    assert len(mail.outbox) == 1


def test_an_outage_of_the_api_with_two_faces_is_one_outage(world: World) -> None:
    """R20: 503 and 429 by turns are mailed once, when they last."""
    world.ship(world.order(), "T-1")
    for status in (503, 429, 503, 429, 503):
        fault = world.sandbox.fault(Fault("status", status=status, seconds=100, times=None))
        world.sync()
        world.sandbox.remove_fault(fault)
        world.advance(minutes=25)
    assert len(world.notices()) == len(mail.outbox) == 1


def test_an_outage_of_shop_and_api_by_turns_is_one_outage(world: World) -> None:
    """R20."""
    world.ship(world.order(), "T-1")
    world.sandbox.fault(Fault("unreachable", times=None))
    reachable, gone = world.connections, BadShop(ShopUnavailable("gone"))
    for now in (reachable, gone, reachable, gone, reachable):
        world.connections = now
        assert not world.sync().ok
        world.advance(minutes=25)
    assert len(world.notices()) == len(mail.outbox) == 1


class AskedMeanwhile(Live):
    """A person asks for a run when this one has just begun."""

    def __init__(self, world: World) -> None:
        super().__init__(world.sandbox.transport())
        self.world = world

    def client(self, store: Store) -> Client:
        with time_machine.travel(self.world.now() + timedelta(seconds=1), tick=False):
            at_once.ask_run(store)
        return super().client(store)


def test_a_run_asked_for_during_a_run_is_not_forgotten(world: World) -> None:
    """R22: the one under way may have read the shop already."""
    world.sync()
    world.advance(minutes=1)
    world.connections = AskedMeanwhile(world)
    world.sync()
    assert due(world.now() + timedelta(seconds=2)).filter(store=world.store).exists()


def test_a_status_set_back_by_plain_sql_is_warned(world: World) -> None:
    """R5, R8: without a row in the history."""
    order = world.order()
    world.sync()
    world.shop.set_tracking(order, "T-1")
    world.shop.set_status(order, SHIPPED, history=False)
    world.sync(wait=5)
    assert world.row(order).marketplace_order.confirmed_operation == "ship"
    world.shop.set_status(order, PROCESSING, history=False)
    world.sync(wait=5)
    assert world.notices(order) == ["went-back"]


def test_the_late_number_of_an_old_order_revives_its_update(world: World) -> None:
    """R2, R4: however long ago the order was made."""
    order = world.order()
    world.sync()
    world.advance(days=100)
    world.shop.set_status(order, SHIPPED)
    world.sync()
    world.advance(minutes=6)
    world.sync()
    assert world.tasks(order)[0].parked
    world.shop.set_tracking(order, "T-LATE-1")
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-LATE-1")]


LONG = "x" * 60
"""Put before every batch id of the sandbox."""


def test_a_long_batch_id_is_kept_whole(world: World) -> None:
    """R14: nobody promised how long one is."""
    inner = world.sandbox.transport()

    def lengthened(request: Request) -> Response:
        answer = inner.send(replace(request, url=request.url.replace(LONG, "")))
        named = rb'("(?:batchId|id)": ?")' if request.method == "POST" else rb'("batchId": ?")'
        return Response(answer.status, answer.headers, re.sub(named, rb"\1" + LONG.encode(), answer.body))

    world.sandbox.configure(ticket_seconds=60)
    order = world.ship(world.order(), "T-1")
    Twist(world, lengthened)
    world.sync()
    assert world.tasks(order)[0].batch_id.startswith(LONG)
    world.sync(wait=120)
    assert world.row(order).marketplace_order.confirmed_operation == "ship"
    assert world.accepted(order) == [("ship", "T-1")]


class Meanwhile:
    """Begins a run on another connection right before the first write to the queue on this one.

    Where the queue is locked, that run waits for us or is turned away; where it is not, it goes all the way.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        with suppress(OperationalError):
            self.world.sync()
        connections.close_all()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.thread.ident is None and sql.startswith(("DELETE", "UPDATE")) and "shoppingfeed_task_order" in sql:
            self.thread.start()
            self.thread.join(0.5)
        return execute(sql, params, many, context)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("act", "ships"), [(acts.give_up, 1), (acts.retry, 2)])
def test_a_person_never_touches_what_a_run_sends_meanwhile(tmp_path: Path, act: Act, ships: int) -> None:
    """R13, R16: a refused update is due again; what is given up first is never sent, what is sent is never changed."""
    world = World(tmp_path)
    order = world.ship(world.order(), "T-2")
    world.sandbox.configure(ticket_seconds=20)
    world.sandbox.fault(Fault("refuse", order_id=world.feed_id(order)))
    world.sync(wait=60)
    world.advance(days=1)
    meanwhile = Meanwhile(world)
    with connection.execute_wrapper(meanwhile):
        assert act(Order.objects.filter(key=order), "owner") == 1
    meanwhile.thread.join(30)
    assert [task.attempts for task in Task.objects.in_flight()] in ([], [1])
    world.sync(wait=60)
    assert world.accepted(order) == [("ship", "T-2")] * ships
    assert world.row(order).marketplace_order.confirmed_operation == ("" if ships == 1 else "ship")
    assert world.tasks(order) == []


def test_an_api_that_no_request_reaches_is_a_trouble_of_the_very_run(world: World) -> None:
    """A small shop makes one request a run, and no question comes before it: an outage must not go unseen."""
    order = world.ship(world.order(), "T-1")
    world.sync(wait=5)
    world.sandbox.fault(Fault("unreachable", times=None))
    world.shop.set_status(order, DELIVERED)
    for _ in range(8):
        assert [stopped.trouble for stopped in world.sync().troubles] == ["api-unavailable"]
        world.advance(minutes=5)
    assert world.notices() == ["api-unavailable"]
    world.sandbox.faults.clear()
    assert world.sync(wait=60).ok
    assert world.accepted(order) == [("ship", "T-1"), ("deliver", "")]


def test_a_suspended_store_is_refused_and_not_unknown(world: World) -> None:
    """R20: Shopping Feed knows it well, and says why; the reason is repeated."""
    world.ship(world.order(), "T-1")
    world.sandbox.fault(Fault("status", status=403, times=None, message="Store suspended: unpaid invoice"))
    [stopped] = world.sync().troubles
    assert (stopped.trouble, in_the_row(world)) == ("store-refused", "store-refused")
    said = texts.sentence(stopped.trouble, {"message": stopped.detail})
    assert "unpaid invoice" in said
    assert "does not know" not in said


def test_a_slow_ticket_is_named_and_its_numbers_are_in_the_story(world: World) -> None:
    """R17: nothing is empty in the sentence, and `sfsync why` shows what the support asks for."""
    world.sandbox.configure(ticket_seconds=7 * 86400)
    order = world.ship(world.order(), "T-1")
    world.sync(wait=5)
    world.advance(days=2)
    world.sync(wait=5)
    task = world.tasks(order)[0]
    assert task.ticket_number
    [health] = health_of([Store.objects.get()], world.now())
    [slow] = [each.sentence for each in health.alarms if each.code == "ticket-slow"]
    assert "“”" not in slow
    [flying] = story_of(world.row(order)).next
    assert (task.ticket_number in flying.sentence, task.batch_id in flying.sentence) == (True, True)


def test_an_unmapped_status_has_one_next_step(world: World) -> None:
    """R6: not "will not be sent" and "up to date" in one breath."""
    order = world.order()
    world.sync()
    LogEntry.objects.all().delete()
    told = [each.sentence for each in story_of(world.row(order), world.connections).next]
    assert len(told) == 1
    assert told[0].startswith("Will not be sent.")
