"""What a pass costs that finds nothing: most passes of a fleet do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, QuerySet
from django.utils import timezone
from sqlalchemy import Engine, event

from sfsync.db.prepared import Prepared
from sfsync.engine.kit.agenda import CLOCKS_DIFFER, agenda
from sfsync.engine.run import run_store
from sfsync.models import Notice, Order, StoreState, Task
from sfsync.testing import World


@contextmanager
def statements() -> Iterator[tuple[list[str], list[str]]]:
    """Those that our database is given in the block, and those that the shop's is."""
    ours: list[str] = []
    shop: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        ours.append(sql)
        return execute(sql, *rest)

    def overhear(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        shop.append(sql)

    event.listen(Engine, "before_cursor_execute", overhear)
    try:
        with connection.execute_wrapper(note):
            yield ours, shop
    finally:
        event.remove(Engine, "before_cursor_execute", overhear)


@pytest.fixture
def still(world: World) -> World:
    """Nothing is left to do, and what is done once a day was done."""
    for _ in range(3):
        run_store(world.store, world.connections)
    return world


def test_an_idle_pass_costs_four_statements_and_four_in_the_shop(still: World) -> None:
    with statements() as (ours, shop):
        run_store(still.store, still.connections)
    asked = [each for each in ours if "sfsync_machine_clock" not in each]
    assert (len(asked), len(shop)) == (4, 4), [*asked, *shop]
    assert len({*asked}) == len(asked)


def test_an_order_that_was_deleted_is_missed_in_every_pass_and_nothing_is_written(world: World) -> None:
    """R38: where it was no part of another, nothing comes of it. A look that it was to have stays to be done."""

    def written() -> list[str]:
        world.advance(minutes=1)
        with statements() as (ours, _shop):
            world.sync()
        return [each.split(" SET ")[0] for each in ours if each.startswith(("UPDATE", "INSERT"))]

    order, orders = world.order(), world.shop.tables["orders"]
    for _ in range(3):
        before = written()
    world.shop.execute(orders.delete().where(orders.c.id_order == order))
    Order.objects.filter(key=order).update(look_again=True)
    written()
    assert written() == before


def test_what_is_kept_for_people_goes_out_with_an_idle_pass_too(still: World, mailoutbox: list[Any]) -> None:
    """R20: somebody else's word about the store."""
    Notice.objects.create(store=still.store, key="trouble:x", code="shop-unavailable", params={"message": ""})
    run_store(still.store, still.connections)
    assert len(mailoutbox) == 1


def test_a_trouble_is_taken_off_by_an_idle_pass(still: World) -> None:
    StoreState.objects.filter(store=still.store).update(trouble="shop-unavailable", trouble_since=timezone.now())
    run_store(still.store, still.connections)
    assert StoreState.objects.get(store=still.store).trouble == ""


def test_the_agenda_counts_what_there_is(world: World) -> None:
    """One waits for its number, one is in flight, one was written by a clock that is far ahead."""
    world.ship(world.order(), "TRK-1")
    world.ship(world.order())
    world.sync()
    now = world.now()
    found = agenda(world.store, now)
    assert (found.alive, found.due, found.in_flight, found.held, found.ahead) == (1, 0, 1, 0, 0)
    assert agenda(world.store, now + timedelta(minutes=6)).due == 1
    Task.objects.update(date_upd=now + CLOCKS_DIFFER + timedelta(minutes=1))
    assert agenda(world.store, now).ahead == 2


def test_a_text_that_is_made_once_answers_for_every_value(world: World) -> None:
    made: list[int] = []

    def of(store: int, before: Any, least: int) -> QuerySet[Task, Any]:
        made.append(store)
        rows = Task.objects.filter(store_id=store, date_upd__lt=before).order_by().values("store_id")
        return rows.annotate(number=Count("id")).filter(number__gte=least).values_list("store_id", "number")

    world.ship(world.order(), "TRK-1")
    world.ship(world.order(), "TRK-2")
    world.sync()
    prepared, later = Prepared(of, int, datetime, int), world.now() + timedelta(days=1)
    assert prepared.rows(world.store.pk, later, 1) == [(world.store.pk, 2)]
    assert prepared.rows(world.store.pk, later, 3) == []
    assert prepared.rows(world.store.pk, later - timedelta(days=2), 1) == []
    assert prepared.rows(world.store.pk + 1, later, 1) == []
    assert len(made) == 1


def test_a_text_without_its_values_is_refused(db: None) -> None:
    """Django worked something out of one of them: what comes later would change nothing."""
    longer = Prepared(
        lambda store, size: Task.objects.filter(store_id=store * 2, pk__gt=size).values_list("id"), int, int
    )
    with pytest.raises(ValueError, match="not in its text"):
        longer.rows(1, 2)
