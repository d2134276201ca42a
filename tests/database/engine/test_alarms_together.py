"""One mail for all stores of a recipient that are stopped by the same, and never a storm."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from sfsync.engine.kit.journal import Journal
from sfsync.engine.outgoing.conclude import tell
from sfsync.engine.watch.notify import notify
from sfsync.engine.watch.shared_alarms import forget
from sfsync.models import ChannelTrouble, Notice, Preference, SharedAlarm, Store, StoreState
from sfsync.testing import World

AGENCY, SHOP = "agency@example.com", "shop@example.com"
pytestmark = pytest.mark.django_db


class Fleet:
    """Stores whose mails go to the agency, and a clock."""

    def __init__(self, many: int, recipients: list[str]) -> None:
        self.now = timezone.now()
        made = Store.objects.bulk_create(
            Store(name=f"store-{number:04}", feed_store_id=number, recipients=recipients)
            for number in range(1, many + 1)
        )
        StoreState.objects.bulk_create(StoreState(store=each) for each in made)

    def stop(self, first: int, last: int, code: str = "token-refused") -> None:
        """The stores from the first to the last, as their runs found."""
        for store in self.stores(first, last):
            StoreState.objects.filter(store=store).update(trouble=code, trouble_since=self.now)
            tell(store, self.now, [(None, f"trouble:{code}:{self.now}", code, {"message": "401"})])
            self.run(store)

    def mend(self, first: int, last: int) -> None:
        for store in self.stores(first, last):
            StoreState.objects.filter(store=store).update(trouble="", trouble_since=None)
            self.run(store)

    def hold(self, first: int, last: int, channel: str = "ManoMano") -> None:
        """The marketplace refuses everything of these stores."""
        for store in self.stores(first, last):
            held = {"answer": "Closed", "message": "Account closed", "since": self.now, "held_at": self.now}
            trouble = ChannelTrouble.objects.create(store=store, channel=channel, **held)
            tell(store, self.now, [(None, f"held:{trouble.pk}", "channel-held", dict(trouble.said))])
            self.run(store)

    def free(self, first: int, last: int, channel: str = "ManoMano") -> None:
        """It takes them again."""
        for store in self.stores(first, last):
            trouble = ChannelTrouble.objects.get(store=store, channel=channel)
            tell(store, self.now, [(None, f"freed:{trouble.pk}", "channel-freed", dict(trouble.said))])
            trouble.delete()
            self.run(store)

    def run(self, store: Store) -> None:
        journal = Journal(store, "sync", "", lambda: self.now)
        notify(Store.objects.select_related("state").get(pk=store.pk), journal, lambda: None)
        journal.flush()

    def after(self, minutes: float, first: int = 1, last: int = 3) -> None:
        """Some stores run then."""
        self.now += timedelta(minutes=minutes)
        for store in self.stores(first, last):
            self.run(store)

    @staticmethod
    def stores(first: int, last: int) -> list[Store]:
        return list(Store.objects.order_by("name").select_related("state")[first - 1 : last])


def subjects() -> list[str]:
    return [each.subject.removeprefix("[sfsync] ") for each in mail.outbox]


def text(message: Any) -> str:
    return str(message.body)


def test_a_thousand_stores_that_stop_are_one_mail_per_recipient(settings: Settings) -> None:
    """Whichever stores run meanwhile. It says how many, names the worst and links to all; so does its end."""
    settings.SFSYNC = {"url": "https://sync.example.com"}
    fleet = Fleet(1000, [AGENCY, "second@example.com"])
    fleet.stop(1, 25)
    StoreState.objects.update(trouble="token-refused", trouble_since=fleet.now)
    assert mail.outbox == []
    for _ in range(5):
        fleet.after(5, 1, 20)
    assert [each.to for each in mail.outbox] == [[AGENCY], ["second@example.com"]]
    assert subjects() == ["1,000 stores: Shopping Feed refused the token"] * 2
    assert "store-0001, since" in text(mail.outbox[0])
    assert "and 990 more" in text(mail.outbox[0])
    assert "https://sync.example.com/fleet/?trouble=token-refused" in text(mail.outbox[0])
    StoreState.objects.update(trouble="", trouble_since=None)
    fleet.after(30)
    assert subjects()[2:] == ["Over for all stores: Shopping Feed refused the token"] * 2
    assert not SharedAlarm.objects.exists()
    assert not Notice.objects.filter(mailed_at=None).exists()


def test_it_is_told_again_when_it_has_grown_notably() -> None:
    fleet = Fleet(20, [AGENCY])
    fleet.stop(1, 3)
    fleet.after(11)
    fleet.stop(4, 5)
    fleet.after(90)
    assert len(mail.outbox) == 1
    fleet.stop(6, 9)
    fleet.after(11)
    assert subjects() == [
        "3 stores: Shopping Feed refused the token",
        "Now 9 stores (3 before): Shopping Feed refused the token",
    ]


def test_the_trouble_of_a_single_store_is_its_own_mail() -> None:
    """Ten minutes later, for somebody who has others; and nothing more at its end."""
    fleet = Fleet(3, [AGENCY])
    fleet.stop(2, 2)
    fleet.after(11)
    fleet.mend(2, 2)
    fleet.after(60)
    assert subjects() == ["store-0002: synchronisation is blocked"]


def test_who_has_one_store_hears_of_it_at_once() -> None:
    fleet = Fleet(3, [AGENCY])
    Store.objects.filter(name="store-0001").update(recipients=[AGENCY, SHOP])
    fleet.stop(1, 2)
    assert [each.to for each in mail.outbox] == [[SHOP]]
    fleet.after(11)
    assert [(each.to, each.subject) for each in mail.outbox[1:]] == [
        ([AGENCY], "[sfsync] 2 stores: Shopping Feed refused the token")
    ]


def test_who_asked_for_it_gets_one_mail_a_class_even_of_one_store() -> None:
    person = User.objects.create_user("ada", email=SHOP)
    Preference.objects.create(user=person, language="fr", shared_alarms=True)
    fleet = Fleet(1, [SHOP])
    Store.objects.update(language="fr")
    fleet.stop(1, 1)
    fleet.after(11)
    assert subjects() == ["1 boutique : Shopping Feed a refusé la clé d’API"]


def test_two_classes_are_two_mails() -> None:
    fleet = Fleet(6, [AGENCY])
    fleet.stop(1, 2)
    fleet.stop(3, 4, "rate-limited")
    fleet.stop(5, 6, "api-unavailable")
    fleet.after(11)
    assert sorted(each.split(":")[0] for each in subjects()) == ["2 stores", "4 stores"]


def test_a_marketplace_that_refuses_everything_of_many_stores_is_one_mail(settings: Settings) -> None:
    """R36: with its answer; another marketplace is another mail, and so is its end, not one for each store."""
    settings.SFSYNC = {"url": "https://sync.example.com"}
    fleet = Fleet(30, [AGENCY])
    fleet.hold(1, 30)
    fleet.hold(1, 4, "Fnac")
    assert subjects() == []
    fleet.after(11)
    assert sorted(subjects()) == ["30 stores: ManoMano refuses every update", "4 stores: Fnac refuses every update"]
    [mano] = [each for each in mail.outbox if "ManoMano" in each.subject]
    assert "Its answer each time: “Account closed”" in text(mano)
    assert "and 20 more" in text(mano)
    assert "https://sync.example.com/fleet/?trouble=channel-held" in text(mano)
    fleet.free(1, 30)
    fleet.after(11)
    assert subjects()[2:] == ["Over for all stores: ManoMano refuses every update"]
    assert "ManoMano accepts updates again." in text(mail.outbox[2])
    assert SharedAlarm.objects.get().trouble == "channel-held:Fnac"
    assert not Notice.objects.filter(mailed_at=None).exists()


def test_the_marketplace_of_a_single_store_is_told_as_before() -> None:
    """R36: its beginning ten minutes later, its end at once, each with the store's name."""
    fleet = Fleet(3, [AGENCY])
    fleet.hold(2, 2)
    fleet.after(11)
    fleet.free(2, 2)
    assert subjects() == ["store-0002: ManoMano refuses every update", "store-0002: ManoMano accepts updates again"]
    fleet.after(60)
    assert len(mail.outbox) == 2
    assert not SharedAlarm.objects.exists()


def test_who_has_one_store_hears_of_its_marketplace_at_once_and_of_the_end() -> None:
    fleet = Fleet(3, [AGENCY])
    Store.objects.filter(name="store-0001").update(recipients=[AGENCY, SHOP])
    fleet.hold(1, 2)
    fleet.after(11)
    fleet.free(1, 2)
    fleet.after(11)
    assert [each.subject for each in mail.outbox if each.to == [SHOP]] == [
        "[sfsync] store-0001: ManoMano refuses every update",
        "[sfsync] store-0001: ManoMano accepts updates again",
    ]
    assert [each.subject for each in mail.outbox if each.to == [AGENCY]] == [
        "[sfsync] 2 stores: ManoMano refuses every update",
        "[sfsync] Over for all stores: ManoMano refuses every update",
    ]


def test_a_database_that_went_back_is_one_mail_in_the_words_of_the_stores() -> None:
    """Its stores find it one after the other; that is past, and ends without a word."""
    fleet = Fleet(12, [AGENCY])
    Store.objects.update(language="fr")
    for store in fleet.stores(1, 12):
        given = {"orders": 3, "doubtful": 0}
        tell(store, fleet.now, [(None, "database-behind:today", "database-behind", given)])
        fleet.run(store)
    fleet.after(11)
    fleet.after(30)
    assert subjects() == ["12 boutiques\u00a0: Mises à jour inconnues de sfsync"]
    assert not SharedAlarm.objects.exists()


def test_a_store_that_hands_its_news_over_looks_again_in_ten_minutes(world: World) -> None:
    """R36: a marketplace stops no store, so no run has a trouble to tell; not an hour later all the same."""
    world.add_store("other", shop_url=world.shop.url, feed_store_id=11)
    world.sync()
    for store in Store.objects.all():
        held = {"answer": "Closed", "message": "Closed", "since": world.now(), "held_at": world.now()}
        trouble = ChannelTrouble.objects.create(store=store, channel="Fnac", try_at=world.now(), **held)
        tell(store, world.now(), [(None, "held", "channel-held", dict(trouble.said))])
    world.sync()
    assert subjects() == []
    world.advance(minutes=11)
    world.sync()
    assert subjects() == ["2 stores: Fnac refuses every update"]


def test_a_service_that_was_down_is_one_mail() -> None:
    """Every store's first run finds that it was silent; that is past, and ends without a word."""
    fleet = Fleet(30, [AGENCY])
    for store in fleet.stores(1, 30):
        tell(store, fleet.now, [(None, "silent:today", "silent", {"since": fleet.now.isoformat()})])
        fleet.run(store)
    fleet.after(11)
    fleet.after(30)
    assert subjects() == ["30 stores: No sync for too long"]
    assert not SharedAlarm.objects.exists()


def test_after_a_silence_the_run_in_ten_minutes_tells_of_all(world: World) -> None:
    """R22: not the one in an hour. The other store found the same."""
    other = world.add_store("other", shop_url=world.shop.url, feed_store_id=11)
    world.sync()
    world.advance(hours=3)
    world.sync()
    tell(other, world.now(), [(None, "silent:today", "silent", {"since": world.now().isoformat()})])
    assert subjects() == []
    world.advance(minutes=11)
    world.sync()
    assert subjects() == ["2 stores: No sync for too long"]


def test_a_mail_that_cannot_be_sent_goes_out_later(settings: Settings) -> None:
    fleet = Fleet(2, [AGENCY])
    fleet.stop(1, 2)
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.Broken"
    fleet.after(11)
    assert SharedAlarm.objects.get().tries == 1
    settings.EMAIL_BACKEND = working
    fleet.after(5)
    assert subjects() == ["2 stores: Shopping Feed refused the token"]


def test_who_stood_still_before_it_sent_leaves_it_to_who_has_sent() -> None:
    """After it had counted the stores."""
    fleet = Fleet(2, [AGENCY])
    fleet.stop(1, 2)
    fleet.now += timedelta(minutes=11)
    with connection.execute_wrapper(Once("COUNT(", lambda: fleet.after(2))):
        fleet.after(0)
    assert subjects() == ["2 stores: Shopping Feed refused the token"]


class Once:
    """Something happens, once, before such a statement is executed."""

    def __init__(self, word: str, happens: Callable[[], object]) -> None:
        self.word, self.happens = word, happens

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        if self.word in sql:
            happens, self.happens = self.happens, lambda: None
            happens()
        return execute(sql, *rest)


class Broken(BaseEmailBackend):
    """No mail server."""

    def send_messages(self, _messages: Any) -> int:
        raise smtplib.SMTPServerDisconnected


def test_news_that_come_while_it_is_called_over_begin_it_anew() -> None:
    fleet = Fleet(4, [AGENCY])
    fleet.stop(1, 2)
    fleet.after(11)
    read = SharedAlarm.objects.get()
    fleet.mend(1, 2)
    fleet.now += timedelta(minutes=15)
    fleet.stop(3, 4)
    forget(read)
    fleet.after(11)
    assert subjects() == ["2 stores: Shopping Feed refused the token"] * 2


def test_a_run_tells_when_its_stores_trouble_is_over(world: World) -> None:
    """With the next run that goes well, not an hour later."""
    other = world.add_store("other", shop_url=world.shop.url, feed_store_id=11)
    now: Callable[[], datetime] = world.now
    StoreState.objects.update(trouble="token-refused", trouble_since=now())
    common = {"recipient": "merchant@example.com", "trouble": "token-refused", "together": True, "stores": 2}
    SharedAlarm.objects.create(first_at=now(), heard_at=now(), told_at=now(), look_at=now(), **common)
    StoreState.objects.filter(store=other).update(trouble="")
    world.advance(minutes=15)
    StoreState.objects.update(alarms_at=now(), deadlines_at=now())
    world.sync()
    assert subjects() == ["Over for all stores: Shopping Feed refused the token"]
