"""Promise 5: a run that is held up (SIGSTOP) for longer than its lease finds its late writes refused, and stops.

It is held up before every statement outside a transaction and at every HTTP exchange; meanwhile the merchant changes an
order, and another run takes over and finishes everything. Then the first one wakes up (SIGCONT).
"""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest

from sfsync.testing import CANCELED, SHIPPED
from tests.faults.stage import Child, Done, Stage, Steps, Story
from tests.faults.test_killed import play

every_step: Steps = partial(count, 1)
LEASE = 180
"""Seconds, as it is where nobody sets it."""


def hold_up(story: Story, kind: str, at: int) -> Child | None:
    """A run that stands still at a boundary, or None when it ended before."""
    run = story.start(wait=60, kind=kind, at=at, how="stop")
    return run if run.wait().stopped else None


def take_over(story: Story) -> None:
    """Time passes, the merchant corrects a tracking number, and another run does all there is to do."""
    story.shop.set_tracking(story.orders[0], "T-new-1")
    story.stage.clock.advance(300)
    assert "busy" not in story.sync(wait=60)


def wake_up(run: Child) -> Any:
    run.send(signal.SIGCONT)
    return run.wait()


def check(story: Story, where: object) -> None:
    """Nothing was sent twice, the newest number is what the marketplace knows, and nothing is left."""
    shipped, cancelled, refunded, delivered, ignored, refused = story.orders[:6]
    assert story.duplicates() == [], where
    assert story.accepted(shipped)[-1:] == [("ship", "T-new-1")], where
    assert story.accepted(shipped)[:-1] in ([], [("ship", f"T-{shipped}")]), where
    assert story.accepted(cancelled) == [("cancel", "")], where
    assert story.accepted(refunded) == [("refund", "")], where
    assert story.accepted(delivered) == [("ship", f"T-{delivered}"), ("deliver", "")], where
    assert story.accepted(refused) == [("ship", f"T-{refused}")] * 2, where
    facts = story.facts()
    assert [(task["shop_order"], task["failure"]) for task in facts["tasks"]] == [(ignored, "ignored")], where
    told = sorted((notice["shop_order"], notice["code"]) for notice in facts["notices"])
    assert told == [(ignored, "ignored"), (refused, "ticket-failed")], where


def held_up_everywhere(
    stage: Stage,
    kind: str,
    steps: Steps,
    begin: Callable[[Stage], Story] = play,
    check: Callable[[Story, object], None] = check,
    meanwhile: Callable[[Story], None] = take_over,
) -> Counter[str]:
    """At every boundary of a kind. Returns how often the late run was told that it had lost its lease, by its step."""
    refused: Counter[str] = Counter()
    for at in steps():
        story = begin(stage)
        run = hold_up(story, kind, at)
        if run is None:
            break
        meanwhile(story)
        late = wake_up(run)
        refused[step_of(late)] += _refused(late, f"held up at {kind} {at}")
        story.sync(wait=60)
        check(story, f"held up at {kind} {at}")
    return refused


def step_of(late: Done) -> str:
    """In which step it stood still, as it said itself."""
    found = re.search(r"^stop in (\w*)$", late.err, re.MULTILINE)
    assert found, late.err
    return found[1]


def _refused(late: Done, where: str) -> bool:
    """PostgreSQL ended the session of a run that stood still inside a transaction: its next statement fails."""
    if late.answer:
        return any(trouble["code"] == "lease-lost" for trouble in late.answer["troubles"])
    assert "django.db.utils." in late.err, f"{where}: {late.err}"
    return True


def test_a_run_that_was_taken_for_dead_changes_nothing_when_it_wakes_up(stage: Stage, steps: Steps) -> None:
    """R13, R22: in the middle of detecting, of sending and of settling."""
    refused = held_up_everywhere(stage, "outside", steps)
    assert (refused.total() > 5, {"follow", "send", "settle"} <= set(+refused)) == (True, True), refused


def test_a_run_held_up_with_a_request_under_way_sends_nothing_twice(hasty_stage: Stage) -> None:
    """R13. On PostgreSQL, which frees what a standing transaction holds; SQLite waits until the process goes on."""
    refused = held_up_everywhere(hasty_stage, "http", every_step)
    assert (refused.total() > 3, {"send", "settle"} <= set(+refused)) == (True, True), refused


def unanswered(stage: Stage) -> Story:
    """A ship and a cancel that arrived, and whose answers were lost."""
    story = stage.story()
    story.shop.bulk_ship(story.orders[:1], "T-")
    story.shop.set_status(story.orders[1], CANCELED)
    for operation in ("ship", "cancel"):
        story.fault("accept-then-drop", operation=operation)
    story.sync()
    return story


def each_once(story: Story, where: object) -> None:
    shipped, cancelled = story.orders[:2]
    assert story.accepted(shipped) == [("ship", f"T-{shipped}"), ("ship", "T-new-1")], where
    assert story.accepted(cancelled) == [("cancel", "")], where
    assert story.facts()["tasks"] == [], where


def refused(stage: Stage) -> Story:
    """A ship whose ticket fails."""
    story = stage.story()
    story.shop.bulk_ship(story.orders[:1], "T-")
    story.fault("refuse", operation="ship", message="not now")
    return story


def try_again(story: Story) -> None:
    """Others see the failure and send once more; that ticket they leave open."""
    story.stage.clock.advance(300)
    for _ in range(2):
        assert "busy" not in story.sync()


def tried_twice(story: Story, where: object) -> None:
    [order] = story.orders[:1]
    assert story.accepted(order) == [("ship", f"T-{order}")] * 2, where
    assert (story.duplicates(), story.facts()["tasks"]) == ([], []), where
    assert [notice["code"] for notice in story.facts()["notices"]] == ["ticket-failed"], where


def test_a_run_that_wakes_up_when_others_have_tried_again_changes_nothing(stage: Stage, steps: Steps) -> None:
    """R10, R16: it read that the ticket failed; meanwhile the update was queued again and is in flight again."""
    late = held_up_everywhere(stage, "http", steps, refused, tried_twice, meanwhile=try_again)
    assert late.total() > 1, late


def without_a_number(stage: Stage) -> Story:
    """Shipped: its number may still come."""
    story = stage.story()
    story.shop.set_status(story.orders[0], SHIPPED)
    return story


def wait_in_vain(story: Story) -> None:
    """No number comes, and the others set the shipment aside."""
    for _ in range(2):
        story.stage.clock.advance(400)
        assert "busy" not in story.sync()


def failed_and_visible(story: Story, where: object) -> None:
    assert [task["failure"] for task in story.facts()["tasks"]] == ["no-tracking"], where


def test_a_run_that_waited_while_others_set_the_shipment_aside_leaves_that_alone(stage: Stage, steps: Steps) -> None:
    """R6, R22: by its own clock the number may still come; it has failed since, and must stay visible."""
    refused = held_up_everywhere(stage, "outside", steps, without_a_number, failed_and_visible, meanwhile=wait_in_vain)
    assert refused.total() > 5, refused


@pytest.mark.parametrize("kind", ["outside", "http"])
def test_a_run_held_up_while_it_asks_what_became_of_a_request(postgres_stage: Stage, kind: str) -> None:
    """R13: the answers were lost; whoever takes over asks too, and what the late one found out is not written down."""
    refused = held_up_everywhere(postgres_stage, kind, every_step, unanswered, each_once)
    assert refused["ask"] > 0, refused


def test_a_dead_worker_on_another_machine_costs_its_lease_and_no_more(stage: Stage) -> None:
    """R22: where nobody can see that it is dead, the store is busy until the lease is over, and free from then on."""
    story = play(stage)
    assert story.start(wait=60, kind="http", at=5).wait().killed
    stage.victim.do("elsewhere", store=story.name)
    stage.clock.advance(LEASE - 30)
    assert story.sync() == {"busy": True}
    stage.clock.advance(31)
    story.sync(wait=60)
    story.shop.set_tracking(story.orders[0], "T-new-1")
    story.sync(wait=60)
    check(story, "dead elsewhere")


def test_a_run_held_up_inside_a_transaction_keeps_no_lock_beyond_its_lease(hasty_stage: Stage) -> None:
    """R22: the server ends its session after half the lease; whoever takes over waits no longer than that."""
    story = play(hasty_stage)
    run = hold_up(story, "inside", 10)
    assert run
    take_over(story)
    late = wake_up(run)
    assert late.answer
    assert [each["code"] for each in late.answer["troubles"]] == ["lease-lost"]
    check(story, "inside a transaction")


def test_a_dead_worker_on_this_machine_costs_nothing(stage: Stage) -> None:
    """R22: its process id tells the next run that it is dead: no lease is waited for."""
    story = play(stage)
    story.shop.set_tracking(story.orders[0], "T-new-1")
    assert story.start(wait=60, kind="http", at=5).wait().killed
    assert "busy" not in story.sync(wait=120)
    check(story, "dead here")


def test_what_a_run_that_is_gone_still_holds_is_freed_by_the_next(stage: Stage) -> None:
    """R22: whatever a run claimed after it had lost its lease, and then died."""
    story = play(stage)
    story.sync()
    story.shop.set_tracking(story.orders[0], "T-new-1")
    stage.victim.do("claim", store=story.name, lease="of-nobody")
    stage.clock.advance(60)
    story.sync(wait=60)
    check(story, "claimed by nobody")


def test_what_a_run_was_about_to_send_when_it_was_killed_is_freed_by_the_next(stage: Stage) -> None:
    """R13, R22: it had claimed the updates, and sent none of them."""
    story = killed_with_claims(stage)
    story.shop.set_tracking(story.orders[0], "T-new-1")
    stage.clock.advance(60)
    story.sync(wait=60)
    check(story, "killed with claims")


def killed_with_claims(stage: Stage) -> Story:
    for at in count(1):
        story = play(stage)
        assert story.start(kind="write", at=at).wait().killed
        if any(task["lease"] and task["action"] == "SYNC_STATUS" for task in story.facts()["tasks"]):
            assert story.sends() == 0
            return story
    raise AssertionError
