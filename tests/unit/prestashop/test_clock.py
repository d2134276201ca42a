"""Shop time, in and out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.shops.prestashop.clock import EPOCH, to_shop, to_utc, zone_named

PARIS = ZoneInfo("Europe/Paris")


def test_a_date_of_the_shop_is_in_its_own_zone() -> None:
    assert to_utc("2026-07-01 12:00:00", PARIS) == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert to_utc(datetime(2026, 12, 1, 12), PARIS) == datetime(2026, 12, 1, 11, tzinfo=UTC)  # noqa: DTZ001


@pytest.mark.parametrize(
    "value", ["0000-00-00 00:00:00", "0000-00-00", "2026-00-00 00:00:00", "", "soon", None, "0001-01-01 00:00:00"]
)
def test_a_zero_date_is_the_oldest_there_is(value: datetime | str | None) -> None:
    assert to_utc(value, PARIS) == EPOCH


def test_the_end_of_time_does_not_crash() -> None:
    assert to_utc("9999-12-31 23:59:59", ZoneInfo("America/Los_Angeles")) >= EPOCH


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", None, "../../etc/passwd", "Europe", "/etc/passwd", "a\x00b"])
def test_an_unknown_zone_is_utc(name: str | None) -> None:
    assert zone_named(name).utcoffset(datetime(2026, 7, 1, tzinfo=UTC)) == timedelta(0)


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_there_and_back_but_for_the_hour_that_happens_twice(moment: datetime) -> None:
    back = to_utc(to_shop(moment, PARIS), PARIS)
    assert moment.replace(microsecond=0) - back in {timedelta(0), timedelta(hours=1)}
