"""What the pages count, and how they say it: refusals, files for a spreadsheet, a run's own figures, the time zone."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from sfsync.backoffice.kit.csv_export import download
from sfsync.domain.errors import Failure
from sfsync.engine.kit.day_figures import REFUSALS
from sfsync.models import DayFigure, LogEntry, MarketplaceOrder, Process, Store
from sfsync.templatetags.sfsync_backoffice import seconds, time_zone
from sfsync.testing import World
from shoppingfeed.sandbox import Fault
from tests.pages import text

NOWHERE = "mysql+pymysql://reader:pw@127.0.0.1:1/elsewhere"
People = Callable[..., Client]


# --- what a marketplace refused ---------------------------------------------------------------------------------------


def refused_and_forgotten(shop: World) -> None:
    """One confirmed, one refused, and two that were never sent: their tracking number is missing."""
    shop.ship(shop.order(), "T-1")
    refused = shop.ship(shop.order(), "T-2")
    forgotten = [shop.ship(shop.order()) for _ in range(2)]
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(refused), message="carrier unknown"))
    shop.sync(wait=10)
    shop.advance(minutes=6)
    shop.sync()
    assert {shop.tasks(order)[0].failure for order in forgotten} == {"no-tracking"}


def test_a_marketplace_is_not_blamed_for_what_was_never_sent(shop: World, merchant: Client) -> None:
    """R4, R16: half of what it answered was refused; the missing tracking numbers are the shop's."""
    MarketplaceOrder.objects.update(channel="amazon")
    refused_and_forgotten(shop)
    figures = DayFigure.objects.filter(store=shop.store)
    sums = [sum(getattr(each, name) for each in figures) for name in ("confirmed", "failed", "refused")]
    assert sums == [1, 3, 1]
    page = text(merchant.get("/stores/main/marketplaces/"))
    assert "Refusal rate" in page
    shares = re.findall(r'<td class="number">(\d+)%</td>', page)
    assert sorted(shares) in (["50"], ["0", "100"])


def test_the_chart_of_the_day_still_shows_every_failure(shop: World, merchant: Client) -> None:
    refused_and_forgotten(shop)
    page = text(merchant.get("/stores/main/"))
    assert re.search(r'<td class="number">1</td><td class="number">3</td>', page)


def test_a_refusal_is_an_answer() -> None:
    """R12, R16, R18: what was never sent, and what nobody answered, is none."""
    assert set(Failure) - REFUSALS == {
        *(Failure.NO_TRACKING, Failure.SPOILT_TRACKING, Failure.NO_FEED_ID, Failure.ORDER_GONE),
        *(Failure.UNLISTED, Failure.UNPREPARABLE),
        *(
            Failure.TICKET_LOST,
            Failure.NO_ANSWER,
            Failure.UNKNOWN_OPERATION,
            Failure.MAYBE_TOLD,
            Failure.CALLED_OFF_THERE,
            Failure.STANDS_ELSEWHERE,
        ),
    }


# --- a new store ------------------------------------------------------------------------------------------------------


def new_store(name: str, **given: str) -> dict[str, str]:
    typed = {"name": name, "feed_store_id": "11", "api_url": "https://api.example.com", "shop.shop_id": "1"}
    return typed | {"shop.prefix": "ps_", "token": "a-new-token-123", "shop.url": NOWHERE, "do": "anyway"} | given


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_new_store_mails_in_the_language_of_the_page(shop: World, sign_in: People, language: str) -> None:
    """R20."""
    client = sign_in("root", administrator=True, language=language)
    assert f'<option value="{language}" selected>' in text(client.get("/new-store/"))
    client.post("/new-store/", new_store("chosen", language=language))
    client.post("/new-store/", new_store("unsaid", feed_store_id="12"))
    assert {Store.objects.get(name=name).language for name in ("chosen", "unsaid")} == {language}


def test_another_language_may_be_chosen_for_the_mails(shop: World, sign_in: People) -> None:
    sign_in("root", administrator=True, language="fr").post("/new-store/", new_store("second", language="en"))
    assert Store.objects.get(name="second").language == "en"


# --- files for a spreadsheet ------------------------------------------------------------------------------------------


def file_of(client: Client, url: str) -> str:
    answer: Any = client.get(url)
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    return str(content.decode("utf-8-sig"))


@pytest.mark.parametrize(("language", "separator"), [("en", ","), ("fr", ";")])
@pytest.mark.parametrize("page", ["orders", "log"])
def test_a_file_has_the_columns_that_a_spreadsheet_of_the_language_finds(
    shop: World, sign_in: People, page: str, language: str, separator: str
) -> None:
    """R21: a French Excel takes a comma for a decimal point."""
    refused_and_forgotten(shop)
    content = file_of(sign_in("claire", shop.store, language=language), f"/stores/main/{page}/export/")
    rows = list(csv.reader(io.StringIO(content), delimiter=separator))
    assert len(rows) > 4
    assert {len(row) for row in rows} == {12 if page == "orders" else 5}


@pytest.mark.parametrize(
    ("language", "who", "levels"),
    [
        ("en", {"Synchronisation", "Person"}, {"info", "warning", "error"}),
        ("fr", {"Synchronisation", "Personne"}, {"info", "avertissement", "erreur"}),
    ],
)
def test_the_log_says_who_and_how_bad_in_the_words_of_the_page(
    shop: World, sign_in: People, language: str, who: set[str], levels: set[str]
) -> None:
    for process, level in (("sync", 20), ("person", 30), ("sync", 40)):
        LogEntry.objects.create(store=shop.store, process=process, level=level, message="x")
    content = file_of(sign_in("claire", shop.store, language=language), "/stores/main/log/export/")
    rows = list(csv.reader(io.StringIO(content), delimiter=";" if language == "fr" else ","))[1:]
    assert {row[2] for row in rows} == who
    assert {row[1] for row in rows} == levels


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_stranger_wrote_does_not_run_as_a_formula(language: str, start: str) -> None:
    with translation.override(language):
        answer: Any = download("x.csv", [[f"{start}HYPERLINK(1;2)", 7, "a;b,c"]])
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    [row] = csv.reader(io.StringIO(content, newline=""), delimiter=";" if language == "fr" else ",")
    assert row == [f"'{start}HYPERLINK(1;2)", "7", "a;b,c"]


# --- a run's own figures ----------------------------------------------------------------------------------------------


def tally(page: str) -> list[str]:
    return re.findall(r'<p class="tally">', page)


def test_a_run_under_way_does_not_show_the_figures_of_the_one_before(shop: World, merchant: Client) -> None:
    """R22."""
    shop.ship(shop.order(), "T-1")
    shop.sync(wait=10)
    assert len(tally(text(merchant.get("/stores/main/processes/")))) == 1
    later = timezone.now() + timedelta(hours=1)
    Process.objects.update(holder="x", host="machine-7", pid=1, machine="", lease_until=later, started_at=later)
    page = text(merchant.get("/stores/main/processes/"))
    assert '<span class="chip sent">in progress</span>' in page
    assert tally(page) == []


def test_a_run_that_was_killed_is_not_said_to_have_gone_well(shop: World, merchant: Client) -> None:
    """R22: neither its result nor its figures are known; those that are stored are the ones of the run before."""
    shop.sync(wait=10)
    past = timezone.now() - timedelta(minutes=1)
    Process.objects.update(holder="x", lease_until=past, started_at=past, finished_at=past - timedelta(hours=1))
    page = text(merchant.get("/stores/main/processes/"))
    assert "interrupted last time" in page
    assert "Nothing was lost" in page
    assert "succeeded last time" not in page
    assert tally(page) == []


def test_a_run_takes_as_long_on_its_card_as_in_the_log(shop: World, merchant: Client) -> None:
    """R21, R22: one clock for both, and for its start and its end."""
    shop.sandbox.configure(ticket_seconds=8)
    shop.ship(shop.order(), "T-1")
    shop.sync(wait=30)
    process = Process.objects.get()
    done = LogEntry.objects.get(code="run-done")
    assert process.duration is not None
    assert process.duration > timedelta(seconds=1)
    assert done.params["seconds"] == f"{process.duration.total_seconds():.1f}"
    page = text(merchant.get("/stores/main/processes/"))
    assert f'<dd class="words">{seconds(process.duration)}</dd>' in page
    assert f"Sync finished ({done.params['seconds']} s)" in page


# --- the time zone ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "named"),
    [
        ("UTC", "UTC"),
        ("Asia/Tokyo", "Asia/Tokyo (UTC+9)"),
        ("Asia/Kolkata", "Asia/Kolkata (UTC+5:30)"),
        ("America/Bogota", "America/Bogota (UTC−5)"),
    ],
)
def test_a_time_zone_is_named_with_what_it_is_ahead_of_utc(zone: str, named: str) -> None:
    with timezone.override(zone):
        assert time_zone() == named


@pytest.mark.parametrize(("language", "said"), [("en", "Times are in UTC."), ("fr", "Fuseau horaire\u00a0: UTC.")])
@pytest.mark.parametrize("page", ["", "orders/", "log/", "processes/", "settings/history/"])
def test_a_page_with_times_says_once_in_which_zone_they_are(
    shop: World, sign_in: People, page: str, language: str, said: str
) -> None:
    shop.sync()
    assert text(sign_in("claire", shop.store, language=language).get(f"/stores/main/{page}")).count(said) == 1
