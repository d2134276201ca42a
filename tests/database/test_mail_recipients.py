"""R20: what a mail server says of each recipient counts for that recipient, and for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django import Settings

from sfsync.engine.kit.connections import Live
from sfsync.engine.watch.doctor import examine
from sfsync.engine.watch.finding import Verdict
from sfsync.engine.watch.health import health_of
from sfsync.models import Notice, Store, StoreState
from sfsync.testing import World
from tests.database.test_digest_smtp import Inbox, free_port, use_server

ONE, TWO, THREE = "one@example.com", "two@example.com", "three@example.com"
NOT_NOW, NEVER = "451 4.7.1 Greylisted, try again later", "550 5.1.1 No such mailbox"


class Picky(Inbox):
    """Answers each recipient as it was told to."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    @property
    def reached(self) -> list[list[str]]:
        """Whom each mail went to."""
        return [envelope.rcpt_tos for envelope in self.envelopes]


@pytest.fixture
def server(settings: Settings) -> Iterator[Picky]:
    picky = Picky()
    controller = Controller(picky, hostname="127.0.0.1", port=free_port())
    controller.start()
    use_server(settings, controller.port)
    yield picky
    controller.stop()


@pytest.fixture
def world(world: World) -> World:
    Store.objects.update(recipients=[ONE, TWO, THREE])
    world.store.refresh_from_db()
    return world


def fail_one(world: World) -> None:
    """An order whose failure is mailed."""
    world.ship(world.order())
    world.sync()
    world.advance(minutes=6)
    world.sync()


def alarms(world: World) -> list[str]:
    [health] = health_of([Store.objects.get()], world.now())
    return [each.code for each in health.alarms if each.code not in ("silent", "overdue")]


def test_a_refusal_for_now_is_tried_again_for_that_recipient_alone(world: World, server: Picky) -> None:
    """The others got it once; it is no alarm the first time, for many servers greet a stranger so."""
    server.answers = {TWO: NOT_NOW}
    fail_one(world)
    assert server.reached == [[ONE, THREE]]
    assert not Notice.objects.filter(mailed_at=None).exists()
    assert alarms(world) == []
    server.answers = {}
    world.advance(minutes=2)
    world.sync()
    world.advance(minutes=20)
    world.sync()
    assert server.reached == [[ONE, THREE], [TWO]]
    first, second = server.mails()
    assert first["Message-ID"] == second["Message-ID"]
    assert StoreState.objects.get().refused == {}


def test_a_refusal_for_now_that_lasts_is_an_alarm_and_waits_longer_and_longer(world: World, server: Picky) -> None:
    server.answers = {TWO: NOT_NOW}
    fail_one(world)
    waits = []
    for _ in range(4):
        before = StoreState.objects.get().refused[TWO]
        world.sync()
        assert StoreState.objects.get().refused[TWO] == before
        world.advance(minutes=20)
        waits.append(before["tries"])
        world.sync()
    assert waits == [1, 2, 3, 4]
    assert alarms(world) == ["recipient-refused"]
    assert server.reached == [[ONE, THREE]]


def test_a_refusal_for_good_is_an_alarm_and_is_not_tried_again(world: World, server: Picky) -> None:
    server.answers = {TWO: NEVER}
    fail_one(world)
    world.advance(minutes=20)
    world.sync()
    assert server.reached == [[ONE, THREE]]
    [health] = health_of([Store.objects.get()], world.now())
    [alarm] = [each for each in health.alarms if each.code == "recipient-refused"]
    assert (TWO in alarm.sentence, "No such mailbox" in alarm.sentence) == (True, True)
    assert "address" in alarm.advice


def test_what_a_recipient_did_not_get_goes_out_when_its_mailbox_is_there(world: World, server: Picky) -> None:
    """By whatever proves it: the next mail, or the doctor, which tries the same address."""
    server.answers = {TWO: NEVER}
    fail_one(world)
    server.answers = {}
    [mail] = [each for each in examine(Live(), tries=0) if each.about == "mail"]
    assert mail.verdict is Verdict.OK
    world.store.refresh_from_db()
    world.sync()
    assert server.reached == [[ONE, THREE], [TWO]]
    assert (alarms(world), StoreState.objects.get().refused) == ([], {})


def test_the_next_mail_to_all_brings_the_kept_one_after_it(world: World, server: Picky) -> None:
    server.answers = {TWO: NEVER}
    fail_one(world)
    server.answers = {}
    fail_one(world)
    world.advance(minutes=1)
    world.sync()
    assert server.reached == [[ONE, THREE], [ONE, TWO, THREE], [TWO]]
    assert alarms(world) == []


def test_an_address_that_is_corrected_is_no_alarm_any_more(world: World, server: Picky) -> None:
    server.answers = {TWO: NEVER}
    fail_one(world)
    Store.objects.update(recipients=[ONE, THREE])
    world.store.refresh_from_db()
    world.sync()
    assert (alarms(world), StoreState.objects.get().refused) == ([], {})


def test_all_refused_is_about_the_recipients_and_nobody_has_it(world: World, server: Picky) -> None:
    server.answers = dict.fromkeys((ONE, TWO, THREE), NEVER)
    fail_one(world)
    assert server.reached == []
    assert Notice.objects.filter(mailed_at=None).count() == 1
    assert alarms(world) == ["recipient-refused"]
    server.answers = {}
    world.advance(hours=2)
    world.sync()
    assert server.reached == [[ONE, TWO, THREE]]
    assert alarms(world) == []


def test_the_doctor_says_it_once_and_calls_nothing_over_that_it_did_not_try(world: World, server: Picky) -> None:
    """A mail whose server answers everything else is not well, and a store that was not tried keeps its wait."""
    server.answers = {TWO: NEVER}
    fail_one(world)
    found = [each for each in examine(Live(), tries=0) if each.code == "recipient-refused"]
    assert [(each.about, each.verdict) for each in found] == [("mail", Verdict.WARNING)]
    assert StoreState.objects.get().refused[TWO]["lasting"]


def test_more_stores_than_the_doctor_tries_keep_what_it_did_not_try(world: World, server: Picky) -> None:
    later = world.now() + timedelta(minutes=30)
    for number in range(25):
        store = Store.objects.create(name=f"s{number}", feed_store_id=100 + number, recipients=[ONE])
        StoreState.objects.filter(pk=store.pk).update(mail_trouble="away", mail_retry_at=later)
    found = list(examine(Live(), tries=0))
    over = [each.store for each in found if each.code == "trouble-over"]
    kept = list(StoreState.objects.exclude(mail_retry_at=None).values_list("store__name", flat=True))
    told = [each.store for each in found if each.code == "mail-failed"]
    assert over == []
    assert len(kept) == 5
    assert sorted(kept) == sorted(told)
