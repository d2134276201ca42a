"""Sign-in is slowed by name and by address, and no stranger can lock out a name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from sfsync.guard.throttle import LONGEST, pause
from tests.pages import text

HOME, OFFICE, BAD = "198.51.100.1", "198.51.100.2", "203.0.113.7"
PASSWORD = "a-good-password-9"
WRONG, RIGHT, SLOWED = 200, 302, 429


@pytest.fixture(autouse=True)
def _claire(db: None) -> Iterator[None]:
    cache.clear()
    User.objects.create_user("claire", password=PASSWORD)
    yield
    cache.clear()


def attempt(name: str, address: str, password: str = "a guess") -> int:
    given = {"login": name, "password": password}
    return Client(REMOTE_ADDR=address).post("/sign-in/", given).status_code


def guess_from_everywhere(times: int) -> list[int]:
    return [attempt("claire", f"203.0.113.{number}") for number in range(times)]


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (9, 0), (10, 2), (11, 4), (14, 32), (18, 512), (19, LONGEST), (10_000, LONGEST)]
)
def test_a_pause_grows_with_the_failures(failures: int, seconds: int) -> None:
    assert pause(failures, 10) == seconds


def test_guesses_at_a_name_from_many_addresses_are_slowed() -> None:
    assert guess_from_everywhere(10) == [WRONG] * 10
    assert attempt("claire", "203.0.113.200") == SLOWED
    assert attempt("Claire", "203.0.113.201") == SLOWED
    assert attempt("paul", "203.0.113.203") == WRONG


def test_the_raw_rows_have_no_sign_in_of_their_own() -> None:
    assert Client().post("/rows/login/", {"username": "claire", "password": PASSWORD})["Location"] == (
        "/sign-in/?next=%2Frows%2Flogin%2F"
    )


def test_guesses_from_one_address_at_many_names_are_slowed() -> None:
    assert [attempt(f"person-{number}", BAD) for number in range(20)] == [WRONG] * 20
    assert {attempt(f"another-{number}", BAD) for number in range(3)} == {SLOWED}
    assert attempt("another-1", HOME) == WRONG


def test_a_guesser_does_not_get_a_new_address_out_of_its_own_network() -> None:
    """One connection has a /64 of IPv6; `::ffff:` is IPv4 in other letters."""
    assert [attempt("claire", f"2001:db8::{number:x}") for number in range(7)][-2:] == [SLOWED, SLOWED]
    assert [attempt("paul", each) for each in [BAD, f"::ffff:{BAD}"] * 4][-2:] == [SLOWED, SLOWED]
    assert attempt("claire", "2001:db8:0:1::1", PASSWORD) == RIGHT


def test_the_owner_comes_in_from_an_address_that_is_known_while_strangers_guess() -> None:
    assert attempt("claire", OFFICE, PASSWORD) == RIGHT
    guess_from_everywhere(60)
    assert attempt("claire", "203.0.113.200") == SLOWED
    assert attempt("claire", OFFICE, PASSWORD) == RIGHT


def test_the_owner_comes_in_from_a_new_address_after_a_pause_however_many_go_on_guessing() -> None:
    """Each address waits for itself."""
    with time_machine.travel("2026-03-02 10:00Z", tick=False) as clock:
        guess_from_everywhere(60)
        assert attempt("claire", HOME, PASSWORD) == SLOWED
        clock.shift(pause(10, 10))
        assert WRONG in guess_from_everywhere(60)
        assert {*guess_from_everywhere(60)} == {SLOWED}
        assert attempt("claire", HOME, PASSWORD) == RIGHT


def test_a_name_locked_at_one_address_is_open_at_another() -> None:
    assert [attempt("claire", BAD) for _ in range(7)][-2:] == [SLOWED, SLOWED]
    assert attempt("claire", HOME, PASSWORD) == RIGHT


def test_who_goes_on_trying_does_not_keep_the_lock_shut() -> None:
    """A colleague behind the same address is let in a quarter of an hour after the last guess that was heard."""
    with time_machine.travel("2026-03-02 10:00Z", tick=False) as clock:
        for _ in range(5):
            attempt("claire", OFFICE)
        clock.shift(600)
        assert attempt("claire", OFFICE) == SLOWED
        clock.shift(301)
        assert attempt("claire", OFFICE, PASSWORD) == RIGHT


def test_the_first_visit_says_what_a_password_must_be() -> None:
    """Before somebody has chosen one."""
    User.objects.all().delete()
    assert "at least 8 characters" in text(Client(headers={"accept-language": "en"}).get("/welcome/"))


def test_the_sessions_are_named_by_their_browsers() -> None:
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"
    browser = Client(headers={"accept-language": "en", "user-agent": firefox})
    browser.post("/sign-in/", {"login": "claire", "password": PASSWORD})
    page = text(browser.get("/account/sessions/"))
    assert "Firefox on Windows" in page
    assert "Gecko" not in page
