"""What a merchant reads in French: words, figures, times."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone, translation

from sfsync import texts
from sfsync.backoffice.screens.marketplaces import about
from sfsync.backoffice.screens.overview.chart import BASE, chart_of
from sfsync.templatetags import sfsync_backoffice as filters
from tests.unit.test_project import ROOT, catalogues, translated

ENTRIES = [(key, text) for path in catalogues("fr") for key, text in translated(path).items() if key]
RUN = {
    "seconds": "1234.5",
    **dict.fromkeys(("detected", "sent", "confirmed", "failed", "removed"), 1000),
    "requests": 23,
}


def test_the_shop_is_a_boutique_and_the_other_side_a_shopping_feed_account() -> None:
    """« Magasin » says the same as « boutique »: nobody could tell which of the two was meant."""
    assert [french for _, french in ENTRIES if re.search(r"\bmagasins?\b", french, re.I)] == []


def test_a_merchant_says_marketplace_and_synchronisation() -> None:
    """The words of Shopping Feed and of its French users (docs/glossary.md)."""
    stiff = re.compile(r"\bplaces? de marché\b|\bexécutions?\b|\bjetons? d’accès\b", re.I)
    assert [french for _, french in ENTRIES if stiff.search(french)] == []


@pytest.mark.parametrize("word", ["bon", "mauvais", "a besoin de vous", "paramètres"])
def test_stiff_words_are_gone(word: str) -> None:
    assert [french for _, french in ENTRIES if french.lower() == word or f"{word}." in french.lower()] == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["1,234.5", "1,234,567", "12"]),
        ("fr", ["1\u202f234,5", "1\u202f234\u202f567", "12"]),
    ],
)
def test_figures_are_written_as_the_reader_writes_them(language: str, said: list[str]) -> None:
    with translation.override(language):
        assert [texts.grouped(figure) for figure in (1234.5, 1234567, 12)] == said


def test_the_counts_of_a_run_are_written_as_the_reader_writes_them() -> None:
    """R21: the log and the latest runs."""
    with translation.override("en"):
        assert texts.sentence("run-done", RUN).startswith(
            "Sync finished (1,234.5 s): 1,000 updates sent, 1,000 confirmed"
        )
    with translation.override("fr"):
        said = texts.sentence("run-done", RUN)
        assert "(1\u202f234,5\u00a0s)" in said
        assert "1\u202f000 mises à jour transmises, 1\u202f000 confirmées" in said


def test_the_commands_write_figures_plainly() -> None:
    """Their lines are read by scripts too."""
    with texts.moments_as_stamps():
        assert "1000 updates sent" in texts.sentence("run-done", RUN)


def test_what_a_run_did_not_do_is_not_counted() -> None:
    """Nobody reads “0 failed”, and « 0 commandes » is no French."""
    done = {**dict.fromkeys(RUN, 0), "seconds": "0.4"}
    with translation.override("en"):
        assert texts.sentence("run-done", done) == "Sync finished (0.4 s): no change."
        assert texts.sentence("run-done", {**done, "sent": 1}) == "Sync finished (0.4 s): 1 update sent."
    with translation.override("fr"):
        assert texts.sentence("run-done", {**done, "sent": 1, "failed": 1}).endswith(
            "1 mise à jour transmise, 1 en échec."
        )


def test_what_is_no_figure_is_left_alone() -> None:
    assert texts.sentence("mailed", {"recipients": "12345", "notices": "many"}) == (
        "The alert email went to 12345 (problems: many)."
    )


@pytest.mark.parametrize(
    ("language", "today", "this_year", "before"),
    [
        ("en", "today 14:05", "3 Feb 14:05", "3 Feb 2024 14:05"),
        ("fr", "aujourd’hui à 14:05", "3 fév. à 14:05", "3 fév. 2024 à 14:05"),
    ],
)
def test_moments_are_said_in_the_readers_words(language: str, today: str, this_year: str, before: str) -> None:
    now = datetime(2026, 7, 1, 14, 5, tzinfo=timezone.get_current_timezone())
    february = now.replace(month=2, day=3)
    with translation.override(language), time_machine.travel(now, tick=False):
        assert f">{today}<" in str(filters.when(now))
        assert f">{this_year}<" in str(filters.when(february))
        assert f">{before}<" in str(filters.when(february.replace(year=2024)))
        assert filters.when(None) == "–"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["6.6 s", "2 min 5 s", "5 s", "2 h"]),
        ("fr", ["6,6\u00a0s", "2\u00a0min 5\u00a0s", "5\u00a0s", "2\u00a0h"]),
    ],
)
def test_durations_are_said_in_the_readers_words(language: str, said: list[str]) -> None:
    durations = [timedelta(seconds=6.6), timedelta(seconds=125)]
    with translation.override(language):
        assert [*map(filters.seconds, durations), about(5), about(7200)] == said


def test_a_share_is_a_per_cent() -> None:
    assert filters.percent(50) == "50%"


@pytest.mark.parametrize(
    ("most", "counts"), [(0, [1]), (1, [1]), (2, [2, 1]), (3, [5]), (7, [10, 5]), (15, [20, 10]), (1001, [2000, 1000])]
)
def test_the_axis_of_a_chart_counts_in_whole_numbers(most: int, counts: list[int]) -> None:
    today = datetime(2026, 3, 14, tzinfo=UTC).date()
    ticks = chart_of({today: (most, 0)}, today).ticks
    assert [tick.count for tick in ticks] == counts
    assert [tick.y for tick in ticks] == [10, *([10 + (BASE - 10) / 2] if len(counts) > 1 else [])]
    assert all(0 < tick.label_y < tick.y for tick in ticks)


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("root (command line)", "root (ligne de commande)"),
        ("command line", "ligne de commande"),
        ("marie", "marie"),
        ("a (command line) b", "a (command line) b"),
    ],
)
def test_who_was_at_the_command_line_is_said_in_the_readers_language(kept: str, shown: str) -> None:
    with translation.override("fr"):
        assert texts.who(kept) == shown
        assert texts.sentence("person-retry", {"who": kept}).startswith(shown)
    with translation.override("en"):
        assert texts.who(kept) == kept


@pytest.mark.parametrize("code", ["order-named", "left-by-hand", "left-went-back", "other-orders", "unchanged"])
def test_what_the_commands_say_of_orders_is_french(code: str) -> None:
    params = {"order": "17", "store": "main", "orders": 3, "operation": "refund", "others": "18"}
    said = {}
    for language in ("en", "fr"):
        with translation.override(language):
            said[language] = texts.sentence(code, params)
    assert said["en"] != said["fr"]


def test_texts_are_marked_with_names_that_the_extraction_knows() -> None:
    """What is marked with another name never reaches the translators."""
    aliases = re.compile(r"import n?p?gettext\w* as (\w+)")
    sources = {path.name: path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py")}
    assert {(name, each) for name, text in sources.items() for each in aliases.findall(text) if each != "_"} == set()
