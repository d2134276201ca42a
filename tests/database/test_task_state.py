"""A task is in one state, and the database says the same as the row."""

from __future__ import annotations

from itertools import product

import pytest

from sfsync.domain.task_state import TaskState
from sfsync.models import Action, Task
from sfsync.models.task import STATES
from sfsync.testing import World

CHOICES = list(product(Action.values, ("", "batch"), ("", "lease"), ("", "ticket-failed"), (False, True)))


@pytest.mark.parametrize(("action", "batch_id", "lease", "failure", "parked"), CHOICES)
def test_every_row_is_in_one_state(
    world: World, action: str, batch_id: str, lease: str, failure: str, parked: bool
) -> None:
    order = world.order()
    world.sync()
    task = Task(store=world.store, order=world.row(order).marketplace_order, action=action, failure=failure)
    task.batch_id, task.lease, task.failed_at = batch_id, lease, world.now() if parked else None
    task.save()
    assert {state for state in STATES if Task.objects.in_state(state).exists()} == {task.state}


def test_every_state_has_its_rows() -> None:
    assert STATES.keys() == set(TaskState)


def test_what_was_sent_is_not_for_a_person_to_send_again() -> None:
    """R13."""
    assert not [state for state in TaskState if state.sent and state.needs_person]
