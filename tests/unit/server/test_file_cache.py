"""Tries are counted in files by several processes at once: none is lost, and they are forgotten at their time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import pytest
import time_machine
from django.core.cache import caches
from django.test import override_settings

from sfsync.backoffice.kit.tries import count, whose
from sfsync_server.file_cache import FileCache
from tests.full_disk import no_file_larger_than

Given = TypeVar("Given")
AT_ONCE, EACH = 8, 12
FILES = "sfsync_server.file_cache.FileCache"


def all_at_once(act: Callable[[], Given]) -> list[Given]:
    """What `act` gave to each of many who began at the same moment."""
    ready = Barrier(AT_ONCE)

    def one(_number: int) -> list[Given]:
        ready.wait(30)
        return [act() for _ in range(EACH)]

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return [given for several in threads.map(one, range(AT_ONCE)) for given in several]


def test_of_many_tries_at_the_same_moment_each_counts(tmp_path: Path) -> None:
    """Each thread has a cache of its own, as processes have."""
    with override_settings(CACHES={"default": {"BACKEND": FILES, "LOCATION": str(tmp_path)}}):
        counted = all_at_once(lambda: count("tries", 600))
    assert sorted(counted) == list(range(1, AT_ONCE * EACH + 1))


def test_of_many_who_would_be_the_first_one_is(tmp_path: Path) -> None:
    assert sum(all_at_once(lambda: FileCache(tmp_path, {}).add("first", 1))) == 1


def test_a_full_disk_keeps_nobody_out_and_forgets_no_guess(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With a database elsewhere the pages go on; the CRON address and the sign-in write here."""
    with override_settings(CACHES={"default": {"BACKEND": FILES, "LOCATION": str(tmp_path)}}):
        cache = caches["default"]
        assert count("tries", 600) == 1
        with no_file_larger_than(10):
            assert [count("tries", 600), count("tries", 600), count("others", 600)] == [2, 3, 1]
            assert (cache.add("first", 1), cache.add("first", 1), cache.has_key("first")) == (True, False, True)
        assert [count("tries", 600), cache.get("first"), cache.delete("first"), cache.get("first")] == [
            4,
            1,
            True,
            None,
        ]
    assert f"{tmp_path} cannot be written (File too large)" in caplog.text


@pytest.mark.parametrize("backend", [FILES, "django.core.cache.backends.locmem.LocMemCache"])
def test_a_count_is_forgotten_so_long_after_the_last_try(tmp_path: Path, backend: str) -> None:
    with (
        override_settings(CACHES={"default": {"BACKEND": backend, "LOCATION": str(tmp_path)}}),
        time_machine.travel("2026-03-02 10:00Z", tick=False) as clock,
    ):
        caches["default"].clear()
        assert [count("tries", 600), count("tries", 600)] == [1, 2]
        clock.shift(599)
        assert count("tries", 600) == 3
        clock.shift(599)
        assert count("tries", 600) == 4
        clock.shift(601)
        assert count("tries", 600) == 1


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_an_address_stands_for_whoever_can_take_it(address: str, counted: str) -> None:
    assert whose(address) == counted
