"""A task has one of three shapes and is in one state, and the database says the same as the row."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from sfsync.domain.task_state import TaskState
from sfsync.models import Action, Task
from sfsync.models.task import STATES
from sfsync.testing import World

FACT = {"operation": "ship", "tracking_number": "A1"}
SENT = FACT | {"action": Action.CHECK, "request_key": "k"}
ASIDE = FACT | {"action": Action.ASIDE}
PARKED, CLOSED, FAILED = {"failed_at": "now"}, {"closed_at": "now"}, {"failure": "ticket-failed"}

ROWS: dict[str, tuple[dict[str, Any], TaskState]] = {
    "an intention": ({}, TaskState.WAITING),
    "an intention in hand": ({"lease": "a run"}, TaskState.WAITING),
    "being sent": (SENT | {"lease": "a run"}, TaskState.ON_ITS_WAY),
    "sent, no answer": (SENT, TaskState.UNANSWERED),
    "sent, its ticket is gone": (SENT | FAILED, TaskState.UNANSWERED),
    "sent, its ticket is followed": (SENT | {"batch_id": "b"}, TaskState.IN_FLIGHT),
    "handed back": (ASIDE, TaskState.WAITING),
    "refused, to be tried again": (ASIDE | FAILED, TaskState.RETRYING),
    "refused for good": (ASIDE | FAILED | PARKED, TaskState.FAILED),
    "given up": (ASIDE | FAILED | CLOSED, TaskState.GIVEN_UP),
    "the order is gone": ({"action": Action.ASIDE, "failure": "order-gone"} | PARKED, TaskState.FAILED),
}
WRONG: dict[str, dict[str, Any]] = {
    "an intention that names a fact": FACT,
    "an intention that has failed": FAILED,
    "an intention that needs a person": PARKED,
    "sent, and nobody knows what": {"action": Action.CHECK, "request_key": "k"},
    "sent by no request": FACT | {"action": Action.CHECK},
    "sent and set aside at once": SENT | PARKED,
    "set aside and in a run's hands": ASIDE | {"lease": "a run"},
    "set aside and followed": ASIDE | {"batch_id": "b"},
}


def row(world: World, columns: dict[str, Any]) -> Task:
    world.sync()
    moments = {name: world.now() for name, value in columns.items() if value == "now"}
    return Task(store=world.store, order=world.row(world.order()).marketplace_order, **(columns | moments))


@pytest.mark.parametrize(("columns", "state"), ROWS.values(), ids=ROWS.keys())
def test_every_row_is_in_one_state(world: World, columns: dict[str, Any], state: TaskState) -> None:
    task = row(world, columns)
    task.save()
    assert task.state is state
    assert {each for each in STATES if Task.objects.in_state(each).exists()} == {state}


@pytest.mark.parametrize("columns", WRONG.values(), ids=WRONG.keys())
def test_there_are_three_shapes(world: World, columns: dict[str, Any]) -> None:
    task = row(world, columns)
    with pytest.raises(IntegrityError), transaction.atomic():
        task.save()


@pytest.mark.parametrize(
    ("one", "other", "allowed"),
    [
        pytest.param({}, {}, False, id="two intentions"),
        pytest.param({}, SENT, True, id="a change comes during a flight"),
        pytest.param(SENT, SENT | {"tracking_number": "B2"}, False, id="two in one lane"),
        pytest.param(SENT, SENT | {"operation": "accept", "lane": "accepting"}, True, id="two lanes"),
        pytest.param(ASIDE, ASIDE | {"tracking_number": "B2"}, True, id="two facts set aside"),
        pytest.param(ASIDE, SENT, False, id="one fact twice"),
    ],
)
def test_what_an_order_can_have_at_once(
    world: World, one: dict[str, Any], other: dict[str, Any], allowed: bool
) -> None:
    """R10, R11."""
    first = row(world, one)
    first.save()
    second = Task(store=first.store, order=first.order, **other)
    if allowed:
        second.save()
        assert Task.objects.count() == 2
    else:
        with pytest.raises(IntegrityError), transaction.atomic():
            second.save()


def test_every_state_has_its_rows() -> None:
    assert STATES.keys() == set(TaskState)


def test_what_was_sent_is_not_for_a_person_to_send_again() -> None:
    """R13."""
    assert not [state for state in TaskState if state.sent and state.needs_person]
