"""Promises 1 and 8: silence is an alarm, and nothing is lost in it; a mail server that is down delays a mail."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from sfsync.testing import SHIPPED
from shoppingfeed.sandbox import Fault
from tests.faults.clock import SharedClock
from tests.faults.deployment import Mailbox, RealWorld, real_world
from tests.faults.stage import Stage, Victim

DAY = 86400.0
RECIPIENTS = 'recipients = ["merchant@example.com"]'


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with closing(Mailbox()) as mailbox:
        yield mailbox


@pytest.fixture
def mailing(tmp_path: Path, migrated: Path, mailbox: Mailbox) -> Iterator[RealWorld]:
    with real_world(tmp_path, migrated, store=RECIPIENTS, smtp_url=mailbox.url, paced="false") as world:
        yield world


@contextmanager
def back_then(world: RealWorld, seconds: float) -> Iterator[Victim]:
    """Processes of the same deployment that live so many seconds ago, and whose clock can be moved."""
    clock = world.deployment.home / "clock"
    SharedClock(clock, time.time() - seconds)
    victim = Victim(world.deployment.home, clock, **world.deployment.settings)
    try:
        yield victim
    finally:
        victim.close()


def test_thirty_days_of_silence_then_everything_goes_out(stage: Stage) -> None:
    """R5, R21: changes from before and from within the silence; cleaning touched nothing that was not finished."""
    story = stage.story(log_days=1)
    story.sync_seen_only()
    before, within, waiting = story.orders[:3]
    story.shop.bulk_ship([before], "T-")
    story.shop.set_status(waiting, SHIPPED)
    story.sync_seen_only()
    stage.clock.advance(10 * DAY)
    story.shop.bulk_ship([within], "T-")
    stage.clock.advance(20 * DAY)
    story.sync(wait=30)
    assert story.accepted(before) == [("ship", f"T-{before}")]
    assert story.accepted(within) == [("ship", f"T-{within}")]
    assert [(task["shop_order"], task["failure"]) for task in story.facts()["tasks"]] == [(waiting, "no-tracking")]
    stage.clock.advance(40 * DAY)
    story.sync()
    assert [(task["shop_order"], task["failure"]) for task in story.facts()["tasks"]] == [(waiting, "no-tracking")]


def test_cleaning_touches_nothing_that_is_not_finished(stage: Stage) -> None:
    """R21: old log entries go; what waits, has failed, is in flight or was never answered stays; so do notices."""
    story = stage.story(log_days=1, retry_minutes=1440, recipients=["merchant@example.com"])
    waiting, failed, open_, unanswered = story.orders[:4]
    story.shop.set_status(waiting, SHIPPED)
    for order, kind in ((failed, "refuse"), (open_, "stuck")):
        story.shop.bulk_ship([order], "T-")
        story.fault(kind, times=1)
        story.sync(wait=2)
    story.shop.bulk_ship([unanswered], "T-")
    story.fault("accept-then-drop", method="POST")
    story.sync()
    before = story.facts()
    story.fault("status", status=503, times=None)
    stage.clock.advance(5 * DAY)
    story.sync()
    after = story.facts()
    assert len(before["tasks"]) == 4
    assert {task["shop_order"] for task in after["tasks"]} == {waiting, failed, open_, unanswered}
    assert {each["key"] for each in before["notices"]} <= {each["key"] for each in after["notices"]}
    assert before["notices"]
    assert not [entry for entry in after["log"] if entry["code"] == "sent"]


def test_silence_is_shown_and_mailed(mailing: RealWorld, mailbox: Mailbox) -> None:
    """R17, R20: no run for two days, an update that waits since then, a ticket that is open since then."""
    mailing.sandbox.fault(Fault("stuck", times=None))
    mailing.ship()
    with back_then(mailing, 2 * DAY) as victim:
        victim.do("sync", store="main")
        victim.do("sync", store="main")
        mailing.shop.set_status(mailing.order(), SHIPPED)
        victim.do("sync", store="main")
    health = mailing.deployment.json("status")["main"]
    assert {alarm["code"] for alarm in health["alarms"]} == {"silent", "overdue", "ticket-slow"}
    shown = mailing.deployment.run("status").out + mailing.deployment.run("doctor", status=None).out
    for sentence in ("No sync has finished since", "waiting since", "Shopping Feed has been processing"):
        assert shown.count(sentence) == 2, shown
    with mailbox.open():
        mailing.deployment.run("sync")
        mailing.deployment.run("sync")
    [mail] = mailbox.mails
    body = mail.get_body(("plain",))
    assert body
    for sentence in ("No sync has finished since", "has been processing"):
        assert sentence in body.get_content()


def test_an_update_that_waits_for_more_than_a_day_is_mailed(mailing: RealWorld, mailbox: Mailbox) -> None:
    """R20: the oldest one names the time since when it waits; the digest says so as status and doctor do."""
    mailing.sandbox.fault(Fault("status", status=503, times=None))
    mailing.ship()
    with back_then(mailing, 2 * DAY) as victim:
        victim.do("sync", store="main")
    with mailbox.open():
        mailing.deployment.run("sync", status=None)
    body = "".join(part.get_content() for mail in mailbox.mails if (part := mail.get_body(("plain",))))
    for shown in (body, mailing.deployment.run("status").out, mailing.deployment.run("doctor", status=None).out):
        assert "waiting since" in shown


def test_an_api_that_is_down_for_two_days_is_told_and_so_is_what_waits(sqlite_stage: Stage) -> None:
    """R20: the trouble once, what waits for longer than a day once a day; then everything goes out."""
    story = sqlite_stage.story()
    story.shop.bulk_ship(story.orders[:3], "T-")
    down = story.fault("status", status=503, times=None)
    for _ in range(50):
        story.sync()
        sqlite_stage.clock.advance(3600)
    told = [notice["code"] for notice in story.facts()["notices"]]
    assert (told.count("api-unavailable"), told.count("overdue") in (1, 2, 3), len(set(told))) == (1, True, 2)
    sqlite_stage.sandbox.remove_fault(down)
    assert story.sync(wait=20)["counts"]["confirmed"] == 3


def test_a_mail_server_that_is_down_for_an_hour_gets_exactly_one_mail(mailing: RealWorld, mailbox: Mailbox) -> None:
    """R20: the digest is kept, the tries are spaced, and status shows that mails do not go out."""
    mailing.sandbox.fault(Fault("refuse", message="address unknown", times=None))
    order = mailing.ship()
    with back_then(mailing, DAY) as victim:
        for _ in range(12):
            victim.do("sync", store="main", wait=5)
            _pass(victim, 300)
        facts = victim.do("facts", store="main")
        assert sum(entry["code"] == "mail-failed" for entry in facts["log"]) <= 7
        assert "mail-failed" in {alarm["code"] for alarm in mailing.deployment.json("status")["main"]["alarms"]}
        with mailbox.open():
            for _ in range(20):
                victim.do("sync", store="main")
                _pass(victim, 300)
    [mail] = mailbox.mails
    body = mail.get_body(("plain",))
    assert body
    assert mailing.shop.order(order).marketplace_reference in body.get_content()
    assert "mail-failed" not in {alarm["code"] for alarm in mailing.deployment.json("status")["main"]["alarms"]}


def _pass(victim: Victim, seconds: float) -> Any:
    SharedClock(victim.clock).advance(seconds)
