"""What the commands say to a person: why nothing was changed, what becomes of an order, when the next run is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone, translation
from pytest_django import Settings
from typer.testing import CliRunner

from sfsync.domain.marketplaces import marketplace
from sfsync.engine import due
from sfsync.engine.kit.connections import Live
from sfsync.engine.watch.doctor import examine
from sfsync.engine.watch.finding import Verdict
from sfsync.engine.watch.health import SIGN_LASTS, health_of, scheduler_awake, scheduler_leaves, scheduler_sign
from sfsync.models import ChannelTrouble, LogEntry, MarketplaceOrder, Process, Scheduler, Store, StoreState, Task
from sfsync.models.process import SYNC
from sfsync.tasks import run_due_stores
from sfsync.testing import REFUNDED, SHIPPED, World
from sfsync_server.cli import app
from sfsync_server.commands import running
from sfsync_server.commands.market import all_clear
from sfsync_server.commands.shown import MOST_ROWS
from sfsync_server.service import HANDED, Service
from shoppingfeed.sandbox import Fault

WAITING = [
    ("reconcile", "--grace"),
    ("sync", "--wait"),
    ("rehearse", "main", "--wait"),
    ("retry", "--since", "1d", "--wait"),
]
"""Commands and their options that take a length of time."""
STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
OTHER_TIMES = re.compile(r"\d{4}-\d\d-\d\dT|\d+ [A-Z][a-z]+ \d{4}|\d\d:\d\d:\d\d(\+|\.\d)")


@pytest.fixture(autouse=True)
def in_paris() -> Iterator[None]:
    with timezone.override("Europe/Paris"):
        yield


def said(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def told(*arguments: object) -> Any:
    return json.loads(said(*arguments, "--json"))


def stamp(at: Any) -> str:
    return str(timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S"))


# --- nothing was changed, because -------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["retry", "give-up"])
def test_what_is_on_its_way_is_left_to_its_ticket(world: World, act: str) -> None:
    """R10, R16: and its ticket is asked for at a time that is told."""
    world.sandbox.configure(ticket_seconds=600)
    order = world.ship(world.order(), "T-1")
    world.sync()
    at = stamp(world.tasks(order)[0].update_at)
    assert said(act, order) == (
        f"Order {order} ({world.row(order)}) of main: nothing was changed. "
        f"Shopping Feed is processing the shipment; the next sync (after {at}) checks for the confirmation.\n"
    )


def test_what_was_never_answered_is_left_to_the_ticket_list(world: World) -> None:
    """R13, R16: as a run leaves it that did not live to see the answer."""
    world.sandbox.configure(ticket_seconds=600)
    order = world.ship(world.order(), "T-1")
    world.sync()
    Task.objects.update(batch_id="")
    sentence = "No answer from Shopping Feed for the shipment; the next sync (after"
    assert sentence in said("retry", order)


@pytest.mark.parametrize("act", ["retry", "give-up"])
def test_what_is_confirmed_has_not_failed(world: World, act: str) -> None:
    order = world.ship(world.order(), "T-1")
    world.sync(wait=5)
    at = stamp(world.row(order).marketplace_order.confirmed_at)
    assert f"Nothing has failed: Amazon.fr confirmed the shipment on {at}." in said(act, order)


def test_an_order_of_which_nothing_was_told(world: World) -> None:
    order = world.order()
    world.sync()
    assert "nothing was changed. Nothing has failed and nothing is pending" in said("retry", order)
    assert said("retry", "--all-failed") == "Nothing has failed.\n"


def test_what_waits_has_not_failed_and_can_be_given_up(world: World) -> None:
    """R4, R16."""
    order = world.ship(world.order())
    world.sync()
    at = stamp(world.tasks(order)[0].update_at)
    assert f"Nothing has failed: it is queued for the next sync (after {at})." in said("retry", order)
    Task.objects.update(lease="a run")
    assert "A sync is processing it right now." in said("give-up", order)
    Task.objects.update(lease="")
    assert said("give-up", order) == "1 update dismissed.\n"


def test_what_is_to_be_done_by_hand_is_listed_and_said_to_be_done(world: World) -> None:
    """R9: on the command line as in the back office."""
    order = world.ship(world.order(), "T-1")
    world.sync(wait=5)
    MarketplaceOrder.objects.filter(shop_orders__key=order).update(channel="amazon")
    world.shop.set_status(order, REFUNDED)
    world.sync()
    todo = "main: 1 to do on the marketplace (Refunded); `sfsync tasks --by-hand` lists them."
    assert todo in said("status")
    assert f"MKT-{order}" in said("tasks", "--by-hand")
    [listed] = json.loads(said("tasks", "--by-hand", "--json"))
    assert (listed["shop_order"], listed["operation"]) == (order, "refund")
    assert said("done", order) == "1 order marked as done.\n"
    assert "There is nothing to do." in said("tasks", "--by-hand")
    assert "nothing was changed." in said("done", order)


# --- the story of an order --------------------------------------------------------------------------------------------


def test_why_of_an_order_without_any_event_asks_the_shop(world: World) -> None:
    """R6: what it says now, and that it means nothing to a marketplace."""
    order = world.order()
    world.sync()
    story = said("why", order)
    assert "In the shop its status is “Payment accepted”, without a tracking number." in story
    assert "→ Will not be sent. Its status is not mapped" in story
    assert story.count("→") == 1


def test_why_tells_a_change_that_no_run_has_seen(world: World) -> None:
    """R5: and sends nothing by that."""
    order = world.order()
    world.sync()
    world.ship(order, "T-1")
    [story] = told("why", order)
    assert story["now"] == "In the shop its status is “Shipped”, with the tracking number “T-1”."
    assert story["next"] == ["No sync has seen this yet; the next one decides. sfsync will report the shipment."]
    assert world.accepted(order) == []


def test_why_does_not_promise_what_no_run_will_send(world: World) -> None:
    """R5: the status got its meaning after it was seen, so nothing changes any more by itself."""
    order = world.order()
    Store.objects.update(statuses={"canceled": ["6"]})
    world.store.refresh_from_db()
    world.sync()
    world.shop.set_tracking(order, "")
    world.shop.set_status(order, SHIPPED)
    world.sync()
    LogEntry.objects.all().delete()
    Store.objects.update(statuses={"shipped": [str(SHIPPED)]})
    [story] = told("why", order)
    assert len(story["next"]) == 1
    assert "so nothing is sent automatically: “Review and send” in the back office sends it" in story["next"][0]


def test_why_says_when_the_shop_cannot_be_asked(world: World) -> None:
    order = world.order()
    world.sync()
    Store.objects.update(shop_settings={"prefix": "other_"})
    [story] = told("why", order)
    assert story["now"].startswith("The shop cannot be read. ")
    assert story["next"] == ["Up to date. We send an update when the status or tracking number changes."]


def test_why_names_the_trouble_that_holds_an_order_up(world: World) -> None:
    order = world.ship(world.order(), "T-1")
    world.sandbox.fault(Fault("wrong-token", times=None))
    world.sync()
    [story] = told("why", order)
    assert story["next"][-1] == "Its store is blocked: Shopping Feed refused the token."


# --- times ------------------------------------------------------------------------------------------------------------


def test_every_command_writes_times_alike(world: World) -> None:
    """R21: local time with its date, in columns and in sentences; ISO 8601 with its zone in JSON."""
    waiting = world.ship(world.order())
    world.sandbox.fault(Fault("refuse", message="Unknown carrier"))
    refused = world.ship(world.order(), "T-1")
    world.sync(wait=5)
    scheduler_sign("service", timezone.now())
    task = world.tasks(waiting)[0]
    for command in (("status",), ("tasks",), ("logs",), ("why", waiting), ("why", refused)):
        shown = said(*command)
        assert STAMP.search(shown), command
        assert not OTHER_TIMES.search(shown), shown
    assert f"waiting for it until {stamp(task.update_at)}." in said("why", waiting)
    assert stamp(task.update_at) in said("tasks")
    assert told("tasks")[0]["update_at"] == task.update_at.isoformat(timespec="seconds")
    assert stamp(LogEntry.objects.order_by("id").first().at) in said("logs")  # type: ignore[union-attr]


def test_the_log_is_told_in_the_readers_language(world: World) -> None:
    """R21."""
    world.ship(world.order(), "T-1")
    world.sync(wait=5)
    with translation.override("fr"):
        assert "Expédition transmise à Shopping Feed." in said("logs")


def test_an_empty_list_says_what_that_means(world: World) -> None:
    assert said("tasks") == "Nothing is waiting: no update is queued, in flight or failed.\n"
    assert said("tasks", "--failed") == "No update has failed.\n"
    assert said("logs", "--level", "error") == "The log has nothing like it.\n"
    Store.objects.all().delete()
    assert "sfsync apply FILE" in said("status")


# --- the next run -----------------------------------------------------------------------------------------------------


def test_the_next_run_is_shown_only_while_something_starts_runs_by_the_clock(world: World) -> None:
    """R22: a crontab gives no sign; a service without a sign for three minutes is gone."""
    world.sync()
    assert said("status").splitlines()[1].endswith("at the next `sfsync sync`")
    scheduler_sign("service", timezone.now() - SIGN_LASTS)
    assert told("status")["main"]["next_run"] is None
    Service(1, world.connections).sign(timezone.now())
    process = Process.objects.get(name=SYNC)
    assert process.next_run_at
    assert said("status").splitlines()[1].endswith(stamp(process.next_run_at))
    assert told("status")["main"]["scheduled"] is True
    Store.objects.update(mode="realtime")
    assert said("status").splitlines()[1].endswith("in real time")
    Store.objects.update(enabled=False)
    assert said("status", "--store", "main").splitlines()[1].endswith("none: switched off")


def test_a_service_gives_a_sign_twice_a_minute_until_it_stops(world: World) -> None:
    """R22: of two, the other one's still stands; one that died is forgotten."""
    now = timezone.now()
    one, two = (Service(1, world.connections, name=name) for name in ("one", "two"))
    for seconds in (0, 1, 29, 30, 31):
        one.sign(now + timedelta(seconds=seconds))
    assert Scheduler.objects.get().seen_at == now + timedelta(seconds=30)
    two.sign(now)
    scheduler_leaves(two.name)
    assert scheduler_awake(now)
    two.sign(now + SIGN_LASTS + timedelta(seconds=31))
    assert Scheduler.objects.get().name == "two"


def test_celerys_beat_gives_a_sign_too(world: World) -> None:
    """R22."""
    Store.objects.update(enabled=False)
    run_due_stores()
    assert scheduler_awake(timezone.now())


def test_a_service_gives_its_sign_when_it_looks_around(world: World) -> None:
    """R22: whether a store is due or not."""
    Store.objects.update(enabled=False)
    with ThreadPoolExecutor(1) as pool:
        Service(1, world.connections).start_due(pool)
    assert scheduler_awake(timezone.now())


def test_what_a_service_could_not_begin_is_due_at_once_when_its_database_is_back(world: World) -> None:
    """R7: a claim lasts for a minute otherwise."""

    def is_away(*_statement: Any) -> Any:
        raise OperationalError("server closed the connection unexpectedly")

    service, now = Service(1, world.connections), timezone.now()
    [claim] = due.claim(now, 1, HANDED)
    with connection.execute_wrapper(is_away):
        service.one(claim)
    assert due.claim(now, 1, HANDED) == []
    service.take_up_again()
    assert [each.store_id for each in due.claim(now, 1, HANDED)] == [world.store.pk]


def test_health_takes_five_statements(world: World, django_assert_num_queries: Any) -> None:
    store = Store.objects.select_related("state").get()
    with django_assert_num_queries(5):
        assert health_of([store], timezone.now())[0].scheduled is False


def test_many_failures_are_shown_before_they_are_retried(world: World) -> None:
    """Nothing is done without a yes; with it, the answer says how far it has come."""
    world.sync()
    for number in range(2):
        order = world.ship(world.order(), f"T-{number}")
        world.sandbox.fault(Fault("cancel-ticket", order_id=world.feed_id(order), message="Service unavailable"))
    world.sync(wait=5)
    asked = CliRunner().invoke(app, ["retry", "--reason", "unavailable"], input="n\n", env={"COLUMNS": "240"}).output
    assert "sfsync will report the shipment." in asked
    assert "Service unavailable" in asked
    assert "Retry 2 updates?" in asked
    preview = json.loads(said("retry", "--since", "2h", "--json"))
    assert (preview["orders"], [each["sends"] for each in preview["shown"]]) == (2, [True, True])
    assert said("retry", "--reason", "no such", "--yes") == "Nothing like that has failed.\n"
    assert said("retry", "--since", "1d", "--channel", "Amazon", "--yes") == "Nothing like that has failed.\n"
    retried = json.loads(said("retry", "--reason", "unavailable", "--yes", "--json"))
    assert (retried["retried"], retried["waiting"], retried["done"]) == (2, 2, 0)


@pytest.mark.parametrize("chosen", ["1", "--all-failed"])
@pytest.mark.parametrize(
    "also", ["--since=6h", "--channel=Amazon", "--reason=unavailable", "--yes", "--wait=5", "--json"]
)
def test_what_retry_cannot_heed_is_refused(world: World, chosen: str, also: str) -> None:
    """An order beside a filter would retry everything that the filter finds."""
    result = CliRunner().invoke(app, ["retry", chosen, also])
    assert result.exit_code == 2
    assert "not together" in result.output or "only go with" in result.output


def failed_one(world: World) -> int:
    world.sync()
    order = world.ship(world.order(), "T-1")
    world.sandbox.fault(Fault("cancel-ticket", order_id=world.feed_id(order), message="Service unavailable"))
    world.sync(wait=5)
    return order


def test_a_retry_that_could_not_send_says_why(world: World) -> None:
    """R17: on stderr, with status 1; the figures say that it waits."""
    failed_one(world)
    assert world.store.api_url.endswith(".invalid"), "the command's own connections reach nobody"
    result = CliRunner().invoke(app, ["retry", "--since", "6h", "--yes", "--wait", "1"])
    assert result.exit_code == 1
    assert "main: Shopping Feed cannot be reached" in result.stderr
    assert "waiting: 1" in result.stdout


def test_a_retry_of_what_is_held_back_says_so(world: World) -> None:
    """R36."""
    order = failed_one(world)
    channel, now = world.row(order).marketplace_order.channel, world.now()
    for name in (channel, "Other"):
        held = {"answer": "down", "message": "Down", "since": now, "held_at": now}
        ChannelTrouble.objects.update_or_create(store=world.store, channel=name, defaults=held)
    result = CliRunner().invoke(app, ["retry", "--since", "6h", "--yes"])
    assert result.exit_code == 0
    assert f"main: {marketplace(channel)} has refused every update since" in result.stderr
    assert "Other" not in result.stderr


@pytest.mark.parametrize(
    "since", ["yesterday", "6x", "2026-13-01", "0001-01-01", "0001-01-01T00:00+05:00", "9999-12-31T23:59-05:00"]
)
def test_a_moment_that_is_none_is_refused_with_a_sentence(world: World, since: str) -> None:
    """Nor what no calendar has in another time zone."""
    result = CliRunner().invoke(app, ["retry", "--since", since])
    assert result.exit_code == 2
    assert f"“{since}” is not a date or time" in result.output


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        *(((*command, wrong), command[-1]) for command in WAITING for wrong in ("inf", "1e300", "nan", "-1", "soon")),
        (("rehearse", "main", "--channel", "9" * 23), "--channel"),
        (("logs", "--limit", "9" * 20), "--limit"),
        (("tasks", "--limit", "9" * 20), "--limit"),
        (("logs", "--text", "x" * 60_000), "--text"),
        (("retry", "--reason", "x" * 60_000), "--reason"),
    ],
)
def test_an_option_out_of_bounds_is_wrong_usage(world: World, arguments: tuple[str, ...], option: str) -> None:
    """The option is named, nothing is changed, and nobody else is blamed."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert option in result.output
    assert "database" not in result.output
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("arguments", [("logs", "--text", "%_" * 500), ("logs", "--limit", MOST_ROWS)])
def test_an_option_at_its_bound_is_taken(world: World, arguments: tuple[object, ...]) -> None:
    assert told(*arguments) == []


def test_held_updates_are_released(world: World) -> None:
    """R36: by the marketplace's name, in capitals or not."""
    assert said("release", "Fnac") == "Nothing is held back for “Fnac”.\n"
    now = world.now()
    ChannelTrouble.objects.create(
        store=world.store, channel="Fnac", answer="down", message="Down", since=now, held_at=now
    )
    assert "Fnac has refused every update since" in said("status")
    assert said("release", "fnac") == "0 updates will be sent by the next sync.\n"


def test_only_stores_that_were_compared_are_said_to_be_well(world: World) -> None:
    """R32: status 1 where one was not; with none compared there is nothing to say."""
    alone = CliRunner().invoke(app, ["reconcile"])
    assert (alone.exit_code, alone.stdout) == (1, "")
    assert alone.stderr.startswith("main: ")
    assert all_clear({"main": "down", "second": "", "third": ""}) == (
        "second, third: the marketplaces show what they were told."
    )
    assert all_clear({"main": ""}) == "The marketplaces show what they were told."


# --- the doctor -------------------------------------------------------------------------------------------------------


class Sound(Live):
    """The doctor's connections: the sandbox of the world, whoever asks."""

    def __init__(self, world: World) -> None:
        super().__init__(world.sandbox.transport())


def findings(world: World) -> list[tuple[str, str]]:
    from sfsync.engine.watch.doctor import examine_store
    from sfsync.engine.watch.health import health_of

    world.store.refresh_from_db()
    return [
        (each.verdict.value, each.text)
        for each in examine_store(world.store, health_of([world.store], timezone.now())[0], Sound(world))
    ]


def test_the_doctor_says_that_the_last_runs_trouble_is_over(world: World) -> None:
    """R22: its own look at the same thing went well; the run's time is told, and it is no failure."""
    world.sync()
    fault = world.sandbox.fault(Fault("wrong-token", times=None))
    world.ship(world.order(), "T-1")
    world.sync()
    assert [verdict for verdict, text in findings(world) if "refused the token" in text] == ["wrong"]
    world.sandbox.remove_fault(fault)
    [(verdict, text)] = [each for each in findings(world) if "refused the token" in each[1]]
    finished = timezone.localtime(Process.objects.get().finished_at)
    assert verdict == "ok"
    assert f"{finished:%B %Y, %H:%M} ended with: “Shopping Feed refused the token.” It works now" in text


@pytest.mark.parametrize(
    ("trouble", "verdict"),
    [
        *(("shop-unavailable", "ok"), ("shop-misconfigured", "ok"), ("api-unavailable", "ok"), ("store-unknown", "ok")),
        *(("rate-limited", "ok"), ("secret-unreadable", "ok"), ("crashed", "warning"), ("lease-lost", "warning")),
    ],
)
def test_only_what_the_doctor_has_tried_is_over(world: World, trouble: str, verdict: str) -> None:
    world.sync()
    StoreState.objects.update(trouble=trouble, trouble_text="what was seen")
    told = ("what was seen", "ended with", "took too long")
    assert [each for each, text in findings(world) if any(words in text for words in told)] == [verdict]


# --- mails that do not leave ------------------------------------------------------------------------------------------


def test_a_mail_that_cannot_be_sent_is_an_error_of_the_run_that_tried(world: World, settings: Settings) -> None:
    """R20: the crontab's own mail tells it, once for each try."""
    settings.EMAIL_BACKEND = "sfsync.notify.smtp.NoServer"
    world.sandbox.fault(Fault("refuse", message="Unknown carrier"))
    world.ship(world.order(), "T-1")
    world.sync(wait=5)
    StoreState.objects.update(mail_retry_at=None)
    report = running.run_one(Store.objects.get(), world.connections, 0)
    assert report["error"].startswith("The alert email could not be sent and is kept: ")
    assert report["advice"]
    assert "error" not in running.run_one(Store.objects.get(), world.connections, 0)


def test_mails_leave_with_the_next_run_once_the_doctor_found_the_server_well(
    world: World, settings: Settings, mailoutbox: list[Any]
) -> None:
    """R20: nobody waits for the next try of an hour's pause."""
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "sfsync.notify.smtp.NoServer"
    world.sandbox.fault(Fault("refuse", message="Unknown carrier"))
    world.ship(world.order(), "T-1")
    world.sync(wait=5)
    settings.EMAIL_BACKEND = working
    world.sync()
    assert mailoutbox == []
    findings = list(examine(world.connections))
    assert any(each.verdict is Verdict.OK and "could not be sent" in each.text for each in findings)
    world.sync()
    assert len(mailoutbox) == 1


def test_an_order_that_a_blocked_store_cannot_see_is_explained(world: World) -> None:
    """R23: nobody searches for an order that no sync could read."""
    StoreState.objects.update(trouble="another-sender")
    answer = CliRunner().invoke(app, ["why", "no-such-order"])
    assert answer.exit_code == 2
    assert "main is blocked: A module of the shop sends order updates" in answer.output


@pytest.mark.parametrize("fault", [Fault("unseen"), Fault("refuse-later", seconds=1, message="Unknown carrier")])
def test_a_shipment_that_is_not_shown_is_not_said_to_be_there(world: World, fault: Fault) -> None:
    """R32: it was told, and the marketplace shows something else."""
    order = world.order()
    world.list_there(order)
    world.sandbox.fault(fault)
    world.ship(order, "6A1")
    world.sync(wait=10)
    world.advance(hours=25)
    world.reconcile()
    said = CliRunner().invoke(app, ["why", str(order)]).output
    assert re.search(r"Sent to .* on .*: Shipped, tracking number 6A1\.", said), said
