"""`sfsync demo --serve`: the story's days took seconds, and its visitor must not see the future, nor a muddle."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGTERM

import pytest
from django.utils import timezone
from pytest_django import Settings
from rich.console import Console

from sfsync.models import DayFigure, LogEntry, Notice
from sfsync.testing import World
from sfsync_server.demo.mailbox import Mailbox
from sfsync_server.demo.scenes import play, refused, without_number
from sfsync_server.demo.screen import Screen
from sfsync_server.demo.stage import Stage
from sfsync_server.demo.visit import MOMENTS, back_to_the_present
from tests.waiting import until

AT = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
AHEAD = timedelta(hours=2, minutes=30)


@pytest.fixture
def told(db: None, tmp_path: Path, settings: Settings) -> Iterator[Stage]:
    """Two scenes: a tracking number that is waited for, and a refusal that the merchant retries."""
    with Mailbox() as mailbox:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, _, port = mailbox.url.removeprefix("smtp://").partition(":")
        settings.EMAIL_PORT = int(port)
        with Stage(tmp_path, mailbox.mails) as stage:
            assert play(stage, Screen(Console(file=io.StringIO())), (without_number, refused)) == 0
            yield stage


def recorded() -> list[tuple[str, datetime, datetime]]:
    """Every time that a sentence names, with the time it was said at."""
    return [
        (name, datetime.fromisoformat(entry.params[name]), entry.at)
        for entry in LogEntry.objects.all()
        for name in MOMENTS & entry.params.keys()
        if entry.params[name]
    ]


def test_the_chart_is_not_empty_when_the_story_runs_into_tomorrow(told: Stage) -> None:
    """Near midnight: what was counted after it was counted today, and is added to what was before."""
    today = timezone.localdate()
    named = {"store": told.store, "channel": "a", "operation": "ship"}
    DayFigure.objects.create(**named, day=today, sent=2, confirmed=1)
    DayFigure.objects.create(**named, day=today + timedelta(days=1), sent=3, confirmed=3, m1=2)
    DayFigure.objects.create(**(named | {"channel": "b"}), day=today + timedelta(days=1), failed=1)
    back_to_the_present(told.clock.ahead)
    assert not DayFigure.objects.filter(day__gt=today).exists()
    rows = DayFigure.objects.filter(channel__in=("a", "b")).order_by("channel")
    assert list(rows.values_list("day", "sent", "confirmed", "failed", "m1")) == [
        (today, 5, 4, 0, 2),
        (today, 0, 0, 1, 0),
    ]


def test_times_inside_sentences_keep_their_distance(told: Stage) -> None:
    """R4, R16: "waiting until" and "attempt 2 is planned for" are told of the same day as the rest."""
    before = {(name, round((named - at).total_seconds(), -1)) for name, named, at in recorded()}
    back_to_the_present(told.clock.ahead)
    assert {name for name, _ in before} == {"until", "at"}
    assert {(name, round((named - at).total_seconds(), -1)) for name, named, at in recorded()} == before
    assert all(at <= timezone.now() for _, _, at in recorded())


def test_the_merchants_retry_comes_after_what_it_answers(told: Stage) -> None:
    """R16: refused, asked for again, sent, confirmed: in this order on the page."""
    back_to_the_present(told.clock.ahead)
    retry = LogEntry.objects.get(code="person-retry")
    story = list(LogEntry.objects.filter(order=retry.order).order_by("at", "id").values_list("code", flat=True))
    assert story.index("failed-ticket-failed") < story.index("person-retry") < len(story) - 1
    assert story[-1] == "confirmed"


def test_what_is_written_in_the_log_names_the_shifted_time(world: World) -> None:
    entry = LogEntry.objects.create(
        store=world.store,
        code="waiting",
        params={"until": AT.isoformat()},
        message="Shipped without a tracking number: waiting for it until 14 March 2026, 12:00.",
        at=AT,
    )
    plain = LogEntry.objects.create(store=None, code="", message="As it was.", params={"until": AT.isoformat()}, at=AT)
    back_to_the_present(AHEAD)
    entry.refresh_from_db()
    assert (entry.at, entry.params["until"]) == (AT - AHEAD, "2026-03-14T09:30:00+00:00")
    assert "until 14 March 2026" in entry.message
    assert "12:00" not in entry.message
    plain.refresh_from_db()
    assert plain.message == "As it was."


@pytest.mark.parametrize(("retry_at", "moved"), [(AT.isoformat(), "2026-03-14T09:30:00+00:00"), ("", "")])
def test_what_a_mail_says_of_the_next_try_is_moved_too(world: World, retry_at: str, moved: str) -> None:
    params = {"operation": "ship", "retry_at": retry_at}
    Notice.objects.create(store=world.store, key="k", code="ticket-failed", params=params, created_at=AT)
    back_to_the_present(AHEAD)
    notice = Notice.objects.get()
    assert (notice.created_at, notice.params) == (AT - AHEAD, {"operation": "ship", "retry_at": moved})


def test_the_back_office_opens_after_the_story_and_ends_with_the_command(tmp_path: Path) -> None:
    """`sfsync demo --serve`, told to stop as a service manager does: no process and no file is left behind."""
    command = [Path(sys.executable).with_name("sfsync"), "demo", "--serve", "--port", "0"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=tmp_path) as demo:
        assert demo.stdout is not None
        address = next(line.split()[-1] for line in demo.stdout if line.startswith("The back office: http"))
        until(lambda: answers(address), "the back office answers")
        demo.terminate()
        assert demo.wait(30) in (0, -SIGTERM)
    until(lambda: not answers(address), "nothing answers any more")
    assert list(tmp_path.glob("sfsync-demo-*")) == []


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
