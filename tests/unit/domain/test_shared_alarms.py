"""When a mail speaks for several stores, and when it is over."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.shared_alarms import AGAIN, GATHER, Say, Told, class_of, codes_of, lasts, parted, say
from sfsync.domain.trouble import Trouble

START = datetime(2025, 3, 1, 8, tzinfo=UTC)


def told(stores: int = 0, *, at: float | None = None, together: bool = True) -> Told:
    """`at`: minutes after the start of the last mail."""
    when = START + timedelta(minutes=at) if at is not None else None
    return Told(START, stores, when, together and at is not None)


@pytest.mark.parametrize(
    ("known", "stores", "minutes", "what"),
    [
        (told(), 1, 9, Say.NOTHING),
        (told(), 1000, 9, Say.NOTHING),
        (told(), 1, 10, Say.ALONE),
        (told(), 2, 10, Say.START),
        (told(), 1000, 10, Say.START),
        (told(), 0, 1, Say.DROP),
        (told(3, at=10), 3, 600, Say.NOTHING),
        (told(3, at=10), 5, 600, Say.NOTHING),
        (told(3, at=10), 6, 69, Say.NOTHING),
        (told(3, at=10), 6, 70, Say.GREW),
        (told(3, at=10), 1, 600, Say.NOTHING),
        (told(3, at=10), 0, 19, Say.NOTHING),
        (told(3, at=10), 0, 20, Say.END),
        (told(1, at=10, together=False), 1, 600, Say.NOTHING),
        (told(1, at=10, together=False), 2, 19, Say.NOTHING),
        (told(1, at=10, together=False), 2, 20, Say.START),
        (told(1, at=10, together=False), 0, 20, Say.DROP),
    ],
)
def test_at_its_start_when_it_has_grown_and_at_its_end(known: Told, stores: int, minutes: float, what: Say) -> None:
    assert say(known, stores, START + timedelta(minutes=minutes)) is what


@pytest.mark.parametrize(
    ("known", "stores", "minutes", "what"),
    [
        (told(), 9, 9, Say.NOTHING),
        (told(), 9, 10, Say.START),
        (told(9, at=10), 9, 19, Say.NOTHING),
        (told(9, at=10), 9, 20, Say.DROP),
        (told(9, at=10), 10, 20, Say.GREW),
    ],
)
def test_what_is_past_has_no_end_and_leaves_no_store_out(known: Told, stores: int, minutes: float, what: Say) -> None:
    assert say(known, stores, START + timedelta(minutes=minutes), lasting=False) is what


def test_who_asked_for_it_gets_no_mail_of_a_single_store() -> None:
    assert say(told(), 1, START + GATHER, always=True) is Say.START


@pytest.mark.parametrize(
    ("code", "class_"),
    [
        ("token-refused", "token-refused"),
        ("rate-limited", "api-unavailable"),
        ("shop-answers-old", "shop-unavailable"),
        ("silent", "silent"),
        ("database-behind", "database-behind"),
        ("ticket-failed", ""),
    ],
)
def test_one_trouble_with_two_faces_is_one_class(code: str, class_: str) -> None:
    assert class_of(code) == class_
    assert not class_ or code in codes_of(class_)


@pytest.mark.parametrize("code", ["channel-held", "channel-freed"])
def test_each_marketplace_that_refuses_everything_is_a_class_of_its_own(code: str) -> None:
    """R36: its end is of the same one."""
    class_ = class_of(code, "ManoMano")
    assert parted(class_) == ("channel-held", "ManoMano")
    assert codes_of(class_) == ["channel-held"]
    assert class_ != class_of(code, "Fnac")
    assert lasts(class_)


def test_every_trouble_is_of_a_class_that_lasts() -> None:
    assert all(lasts(class_of(trouble)) and trouble in codes_of(class_of(trouble)) for trouble in Trouble)
    assert not any(map(lasts, ("silent", "database-behind")))


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=300))
def test_no_day_makes_a_storm(minutes: list[int]) -> None:
    """However many stores are in it from one minute to the next: a mail an hour at most, but for a start after an end,
    which is gathered first."""
    known, mails = Told(START), []
    for minute, stores in enumerate(minutes):
        now = START + timedelta(minutes=minute)
        what = say(known, stores, now)
        if what in (Say.DROP, Say.END):
            known = Told(now)
        elif what is not Say.NOTHING:
            known = Told(known.first_at, stores, now, what is not Say.ALONE)
        if what not in (Say.NOTHING, Say.DROP):
            mails.append((what, now))
    for (_before, at), (what, now) in itertools.pairwise(mails):
        assert now - at >= (AGAIN if what is Say.GREW else GATHER)
