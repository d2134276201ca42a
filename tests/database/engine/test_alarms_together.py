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
from django.utils import timezone
from pytest_django import Settings

from sfsync.engine.kit.journal import Journal
from sfsync.engine.outgoing.conclude import tell
from sfsync.engine.watch.notify import notify
from sfsync.engine.watch.shared_alarms import forget
from sfsync.models import Notice, Preference, SharedAlarm, Store, StoreState
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

    def run(self, store: Store) -> None:
        journal = Journal(store, "sync", "", lambda: self.now)
        notify(Store.objects.select_related("state").get(pk=store.pk), journal)
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
